#include "link/handshake.h"

#include "base/check.h"
#include "crypto/hash.h"
#include "wire/packet.h"

namespace detente::link {

namespace {

constexpr std::size_t kHeaderSize = 11;
constexpr std::size_t kMacSize = 24;
constexpr std::size_t kLastCSize = 4;

Bytes header_of(std::uint8_t type, const Hint& hint, FirstCounter counter) {
  Bytes out{type};
  append(out, hint);
  append_be(out, counter.epoch, 2);
  append_be(out, counter.c, 4);
  return out;
}

FirstCounter read_counter(ByteView bytes) {
  return {static_cast<std::uint16_t>(read_be(bytes.first(2))),
          static_cast<std::uint32_t>(read_be(bytes.subspan(2, 4)))};
}

Bytes mac_of(ByteView body, const SecretBytes& key) {
  const Digest full = crypto::hmac_sha256(key.view(), body);
  return Bytes(full.begin(), full.begin() + kMacSize);
}

crypto::NoiseConfig noise_config(const PairConfig& pair, crypto::Role role, ByteView header,
                                 ByteView psk) {
  crypto::NoiseConfig config;
  config.role = role;
  config.prologue = concat(as_bytes("detente/1"), pair.accord, header);
  config.local_static = pair.local_static;
  config.remote_static = pair.remote_static;
  config.psks.push_back(SecretBytes::copy_of(psk));
  return config;
}

Bytes encode_payload(const ReplyPayload& payload) {
  Bytes out;
  append_be(out, payload.last_c, kLastCSize);
  if (payload.contact) {
    out.push_back(payload.contact->answer_wanted ? 1 : 0);
    append(out, payload.contact->digest);
  }
  return out;
}

Result<ReplyPayload> parse_payload(ByteView bytes) {
  const bool with_contact = bytes.size() == kLastCSize + kContactPayloadSize;
  if ((bytes.size() != kLastCSize && !with_contact) || (with_contact && bytes[kLastCSize] > 1))
    return fail(Fault::kMalformed, "a reply with a payload of a wrong form");
  ReplyPayload out;
  out.last_c = static_cast<std::uint32_t>(read_be(bytes.first(kLastCSize)));
  if (with_contact) out.contact = ContactPayload{bytes[kLastCSize] == 1, *to_array<4>(bytes.last(4))};
  return out;
}

}  // namespace

OutgoingHandshake OutgoingHandshake::start(const PairConfig& pair, const DirectionKeys& ours,
                                           FirstCounter counter, bool first_of_life, ByteView psk,
                                           KeyRandom& random) {
  OutgoingHandshake out;
  out.pair_ = &pair;
  out.counter_ = counter;
  out.psk_ = SecretBytes::copy_of(psk);
  out.ephemeral_ = crypto::AgreeKey::generate(random);
  out.packet_ = header_of(first_of_life ? wire::kFirstPacketOfLife : wire::kFirstPacket, ours.hint, counter);
  crypto::NoiseConfig config = noise_config(pair, crypto::Role::kInitiator, out.packet_, psk);
  config.ephemeral = &*out.ephemeral_;
  Result<crypto::NoiseHandshake> noise = crypto::NoiseHandshake::start(std::move(config));
  DETENTE_CHECK(noise.has_value());
  Result<Bytes> message = noise->write({}, random);
  DETENTE_CHECK(message.has_value());  // our own keys; theirs was checked when it was enrolled
  append(out.packet_, *message);
  const Bytes mac = mac_of(out.packet_, ours.mac);
  append(out.packet_, mac);
  DETENTE_CHECK(out.packet_.size() == kFirstPacketSize);
  return out;
}

Result<OutgoingHandshake::Finished> OutgoingHandshake::finish(ByteView noise_message) const {
  // Repeats message 1 with the same ephemeral key: the state of a Noise handshake
  // dies with a message that does not verify, and strangers may send such. The key
  // remembers what it agreed on, so that this costs hashing only.
  crypto::NoiseConfig config = noise_config(*pair_, crypto::Role::kInitiator,
                                            ByteView(packet_).first(kHeaderSize), psk_.view());
  config.ephemeral = &*ephemeral_;
  DETENTE_TRY(noise, crypto::NoiseHandshake::start(std::move(config)));
  SeededRandom unused(0);  // the ephemeral key is fixed
  DETENTE_TRY(message, noise.write({}, unused));
  DETENTE_TRY(bytes, noise.read(noise_message));
  DETENTE_TRY(payload, parse_payload(bytes));
  return Finished{std::move(noise), payload};
}

std::optional<FirstPacket> parse_first_packet(ByteView datagram) {
  if (datagram.size() != kFirstPacketSize ||
      (datagram[0] != wire::kFirstPacket && datagram[0] != wire::kFirstPacketOfLife))
    return std::nullopt;
  FirstPacket out;
  out.first_of_life = datagram[0] == wire::kFirstPacketOfLife;
  out.hint = *to_array<4>(datagram.subspan(1, 4));
  out.counter = read_counter(datagram.subspan(5, 6));
  out.header = datagram.first(kHeaderSize);
  out.body = datagram.first(kFirstPacketSize - kMacSize);
  out.noise = out.body.subspan(kHeaderSize);
  out.mac = datagram.last(kMacSize);
  return out;
}

bool check_mac(const FirstPacket& packet, const DirectionKeys& theirs) {
  return crypto::equal_secret(mac_of(packet.body, theirs.mac), packet.mac);
}

Result<Answer> answer_first_packet(const PairConfig& pair, const DirectionKeys& ours,
                                   const FirstPacket& packet, ByteView psk,
                                   const ReplyPayload& payload, KeyRandom& random) {
  DETENTE_TRY(noise, crypto::NoiseHandshake::start(
                         noise_config(pair, crypto::Role::kResponder, packet.header, psk)));
  DETENTE_TRY(nothing, noise.read(packet.noise));
  if (!nothing.empty()) return fail(Fault::kMalformed, "a first packet with a payload");
  DETENTE_TRY(message, noise.write(encode_payload(payload), random));
  Bytes reply = header_of(wire::kReplyPacket, ours.hint, packet.counter);
  append(reply, message);
  DETENTE_CHECK(reply.size() == kReplyPacketSize + (payload.contact ? kContactPayloadSize : 0));
  return Answer{std::move(reply), std::move(noise)};
}

std::optional<ReplyPacket> parse_reply_packet(ByteView datagram) {
  if ((datagram.size() != kReplyPacketSize &&
       datagram.size() != kReplyPacketSize + kContactPayloadSize) ||
      datagram[0] != wire::kReplyPacket)
    return std::nullopt;
  ReplyPacket out;
  out.hint = *to_array<4>(datagram.subspan(1, 4));
  out.counter = read_counter(datagram.subspan(5, 6));
  out.noise = datagram.subspan(kHeaderSize);
  return out;
}

Bytes encode_notice(const Notice& notice, const DirectionKeys& ours) {
  Bytes out = header_of(wire::kNoticePacket, ours.hint, notice.counter);
  out.push_back(static_cast<std::uint8_t>(notice.code));
  append(out, notice.data);
  const Bytes mac = mac_of(out, ours.mac);
  append(out, mac);
  DETENTE_CHECK(out.size() == kNoticePacketSize);
  return out;
}

std::optional<Notice> parse_notice(ByteView datagram, const DirectionKeys& theirs) {
  if (datagram.size() != kNoticePacketSize || datagram[0] != wire::kNoticePacket) return std::nullopt;
  const ByteView body = datagram.first(kNoticePacketSize - kMacSize);
  if (!crypto::equal_secret(mac_of(body, theirs.mac), datagram.last(kMacSize))) return std::nullopt;
  const std::uint8_t code = datagram[kHeaderSize];
  if (code != 1 && code != 2) return std::nullopt;
  Notice out;
  out.hint = *to_array<4>(datagram.subspan(1, 4));
  out.counter = read_counter(datagram.subspan(5, 6));
  out.code = static_cast<NoticeCode>(code);
  out.data = *to_array<32>(datagram.subspan(kHeaderSize + 1, 32));
  return out;
}

}  // namespace detente::link
