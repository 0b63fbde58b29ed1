#include "sim/pair.h"

#include "base/check.h"
#include "crypto/hash.h"

namespace detente::sim {

namespace {

std::string station_id(std::size_t side) { return std::string(Pair::name(side)) + "/main"; }

link::Layers layers(std::size_t sender, bool both) {
  // South chose ChaCha20-Poly1305, North ARIA-256-GCM; the sender's is the inner one.
  const auto south = crypto::AeadAlgorithm::load("ChaCha20-Poly1305");
  const auto north = crypto::AeadAlgorithm::load("ARIA-256-GCM");
  DETENTE_CHECK(south.has_value() && north.has_value());
  if (!both) return {*south};
  return sender == 0 ? link::Layers{*south, *north} : link::Layers{*north, *south};
}

}  // namespace

Pair::Pair(std::uint64_t seed, PairOptions options)
    : options_(std::move(options)),
      coder_([] {
        auto coder = wire::TextCoder::with_dictionary(wire::shipped_dictionary());
        DETENTE_CHECK(coder.has_value());
        return std::move(*coder);
      }()) {
  SeededRandom random(seed);
  for (int side = 0; side < 2; ++side) {
    crypto::SignKey log = crypto::SignKey::generate(random);
    crypto::SignKey cosign = crypto::SignKey::generate(random);
    crypto::AgreeKey noise = crypto::AgreeKey::generate(random);
    keys_.push_back({std::move(log), std::move(cosign), std::move(noise)});
  }
  psk_ = SecretBytes(32);
  random.fill(psk_.mutable_view());
  random.fill(accord_);
  second_ = crypto::sha256({ByteView(accord_), as_bytes("second")});
  if (options_.lines.empty())
    options_.lines = {{kAccordLine, "accord", true, record::Precedence::kFlash, 1000, {}},
                      {LineId{1}, "military-west", true, record::Precedence::kFlash, 1000, {}, true},
                      {LineId{2}, "sounding", false, record::Precedence::kFlash, 1000, {}, true}};
  if (options_.next_lines.empty()) options_.next_lines = options_.lines;
}

core::FarKeys Pair::public_keys(std::size_t side) const {
  const Keys& keys = keys_[side];
  return {keys.noise.public_key(), keys.log.verify_key(), keys.cosign.verify_key()};
}

core::Successor Pair::successor() const {
  return {{2, second_}, to_bytes(as_bytes("the second accord of " + to_hex(accord_)))};
}

core::PeerSetup Pair::setup(std::size_t side, PeerId peer) const {
  const std::size_t other = 1 - side;
  const bool second = under_second[side];
  core::PairIdentity identity{peer,
                              name(other),
                              accord_,
                              second ? second_ : accord_,
                              second ? 2u : 1u,
                              station_id(side),
                              station_id(other),
                              &keys_[side].log,
                              &keys_[side].cosign,
                              keys_[other].log.verify_key(),
                              keys_[other].cosign.verify_key(),
                              accord::SaltChain::from_psk_0(psk_.view()),
                              &coder_,
                              options_.limits};
  if (second) identity.former = accord_;
  core::LinkSetup link;
  link.counterpart = name(other);
  link.lineage = accord_;
  link.pair.we_are_first = side == 0;
  link.pair.accord = identity.accord;
  link.pair.local_static = &keys_[side].noise;
  link.pair.remote_static = keys_[other].noise.public_key();
  link.pair.send_layers = layers(side, options_.both_aeads);
  link.pair.receive_layers = layers(other, options_.both_aeads);
  link.keys = {link::derive_direction_keys(psk_.view(), station_id(side)),
               link::derive_direction_keys(psk_.view(), station_id(other))};
  link.first_psk = psk_.clone();
  link.policy = options_.policy;
  link.path_terms = options_.path_terms;
  core::PeerSetup setup{std::move(identity), std::move(link), second ? options_.next_lines : options_.lines, {}, false, options_.documents};
  if (has_second[side] && !second) setup.successor = successor();
  for (std::size_t i = 0; i < options_.paths; ++i) {
    const PathId path{static_cast<std::uint8_t>(i + 1)};
    setup.link.pair.paths.push_back(path);
    setup.sockets.emplace(core::SocketId{static_cast<std::uint16_t>(i)}, path);
  }
  return setup;
}

}  // namespace detente::sim
