#include "link/path_keys.h"

#include "base/check.h"
#include "base/mutant.h"
#include "crypto/hash.h"

namespace detente::link {

namespace {

constexpr Duration kKeepOldGeneration = std::chrono::seconds(60);

SecretBytes first_secret(ByteView direction_secret, PathId path) {
  const std::uint8_t number[] = {path.value};
  return crypto::hkdf_expand(direction_secret, concat(as_bytes("detente/1 path"), ByteView(number)), 32);
}

SecretBytes next_secret(const SecretBytes& secret) {
  return crypto::hkdf_expand(secret.view(), as_bytes("detente/1 rekey"), 32);
}

ByteArray<crypto::kAeadNonceSize> nonce_of(std::uint64_t counter) {
  ByteArray<crypto::kAeadNonceSize> nonce{};
  for (std::size_t i = 0; i < 8; ++i) nonce[11 - i] = static_cast<std::uint8_t>(counter >> (8 * i));
  return nonce;
}

}  // namespace

Generation::Generation(ByteView path_secret, const Layers& layers) {
  DETENTE_CHECK(!layers.empty() && layers.size() <= 2);
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const std::uint8_t number[] = {static_cast<std::uint8_t>(i)};
    const SecretBytes key = crypto::hkdf_expand(
        path_secret,
        concat(as_bytes("detente/1 key"), ByteView(number), as_bytes(layers[i].name())), 32);
    keys_.emplace_back(layers[i], key.view());
  }
}

Bytes Generation::seal(std::uint64_t counter, ByteView header, ByteView payload) const {
  const auto nonce = nonce_of(counter);
  Bytes sealed = keys_.front().seal(nonce, header, payload);
  for (std::size_t i = 1; i < keys_.size(); ++i) sealed = keys_[i].seal(nonce, header, sealed);
  return sealed;
}

Generation::Opened Generation::open(std::uint64_t counter, ByteView header, ByteView sealed,
                                    Bytes& payload) const {
  const auto nonce = nonce_of(counter);
  Bytes inner;
  for (std::size_t i = keys_.size(); i-- > 0;) {
    const bool outermost = i + 1 == keys_.size();
    Result<Bytes> opened = keys_[i].open(nonce, header, outermost ? sealed : ByteView(inner));
    if (!opened) return outermost ? Opened::kNotOurs : Opened::kInnerBad;
    inner = std::move(*opened);
  }
  payload = std::move(inner);
  return Opened::kOk;
}

PathSender::PathSender(Instant now, ByteView direction_secret, PathId path, const Layers& layers)
    : layers_(layers),
      secret_(first_secret(direction_secret, path)),
      keys_(secret_.view(), layers_),
      generation_since_(now) {}

Result<Bytes> PathSender::seal(wire::SessionTag session, ByteView payload, std::uint64_t& counter) {
  const auto width = wire::counter_bytes_for(next_ - confirmed_next_);
  if (!width || next_ > UINT32_MAX)
    return fail(Fault::kLimit, "the session's packet counter is used up; a new session is needed");
  counter = next_++;
  if (mutant(Mutant::kPacketCounterReused) && counter % 50 == 49) --counter;
  wire::PacketHeader header;
  header.key_phase = phase_;
  header.session = session;
  header.counter_bytes = *width;
  header.counter_low = counter & ((std::uint64_t{1} << (8 * *width)) - 1);
  Bytes packet = wire::encode_packet_header(header);
  const Bytes sealed = keys_.seal(counter, packet, payload);
  append(packet, sealed);
  return packet;
}

void PathSender::confirm(std::uint64_t counter) {
  if (counter < next_ && counter + 1 > confirmed_next_) confirmed_next_ = counter + 1;
}

void PathSender::rekey_if_due(Instant now, std::uint64_t packets_max, Duration age_max) {
  const bool old = next_ - generation_start_ >= packets_max || now - generation_since_ >= age_max;
  if (!old || confirmed_next_ <= generation_start_) return;
  secret_ = next_secret(secret_);
  keys_ = Generation(secret_.view(), layers_);
  phase_ = !phase_;
  generation_start_ = next_;
  generation_since_ = now;
}

PathReceiver::PathReceiver(ByteView direction_secret, PathId path, const Layers& layers)
    : layers_(layers), secret_(first_secret(direction_secret, path)), keys_(secret_.view(), layers_) {}

PathReceiver::Opened PathReceiver::open(Instant now, const wire::ParsedPacket& packet) {
  Opened out;
  out.counter = wire::restore_counter(packet.header.counter_low, packet.header.counter_bytes,
                                      window_.next());
  if (previous_ && now > previous_until_) previous_.reset();
  // A recording is refused for a look at the window, before a key is touched.
  if (window_.would_refuse(out.counter) && !mutant(Mutant::kNoReplayWindow)) {
    out.outcome = Outcome::kReplay;
    return out;
  }
  Generation::Opened result = Generation::Opened::kNotOurs;
  if (packet.header.key_phase == phase_) {
    result = keys_.open(out.counter, packet.header_bytes, packet.sealed, out.payload);
  } else {
    if (previous_)
      result = previous_->open(out.counter, packet.header_bytes, packet.sealed, out.payload);
    if (result == Generation::Opened::kNotOurs) {
      // Perhaps the far side has moved on; only a packet that verifies moves us.
      SecretBytes secret = next_secret(secret_);
      Generation next(secret.view(), layers_);
      result = next.open(out.counter, packet.header_bytes, packet.sealed, out.payload);
      if (mutant(Mutant::kRekeyLost)) result = Generation::Opened::kNotOurs;
      if (result == Generation::Opened::kOk) {
        previous_ = std::move(keys_);
        previous_until_ = now + kKeepOldGeneration;
        keys_ = std::move(next);
        secret_ = std::move(secret);
        phase_ = !phase_;
      }
    }
  }
  if (result == Generation::Opened::kOk) {
    out.newest = out.counter >= window_.next();
    static_cast<void>(window_.accept(out.counter));  // would_refuse() above said that it does
    out.outcome = Outcome::kOk;
  } else if (result == Generation::Opened::kInnerBad) {
    out.outcome = Outcome::kInnerBad;
  }
  if (out.outcome != Outcome::kOk) out.payload.clear();
  return out;
}

}  // namespace detente::link
