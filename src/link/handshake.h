// The packets of a handshake and the responder's order of checks, without its
// state: which counter was last, which psk epoch holds, what must be durable
// before what. spec/session.md sections 3 and 4; core keeps that state.
#pragma once

#include <optional>

#include "crypto/noise.h"
#include "link/pair.h"

namespace detente::link {

inline constexpr std::size_t kFirstPacketSize = 83;
inline constexpr std::size_t kReplyPacketSize = 63;  // and kContactPayloadSize where it says what is held
inline constexpr std::size_t kContactPayloadSize = 5;
inline constexpr std::size_t kNoticePacketSize = 68;

// What a reply says of the record (spec/session.md section 8).
struct ContactPayload {
  bool answer_wanted = false;  // the responder is at its first contact itself
  ByteArray<4> digest{};
};

// The sealed payload of a reply (spec/session.md sections 3 and 4).
struct ReplyPayload {
  std::uint32_t last_c = 0;  // of the responder's own calls: none up to it is answered any more
  std::optional<ContactPayload> contact;
};

// The initiator's half: made with the first packet, ended by the reply.
class OutgoingHandshake {
 public:
  static OutgoingHandshake start(const PairConfig& pair, const DirectionKeys& ours,
                                 FirstCounter counter, bool first_of_life, ByteView psk,
                                 KeyRandom& random);
  const Bytes& first_packet() const { return packet_; }
  FirstCounter counter() const { return counter_; }
  // Ends the handshake with the Noise message of a reply; kAuthentication when it does not verify.
  // One wrong reply must not kill it (anybody can send one), so the state is kept as it was.
  struct Finished {
    crypto::NoiseHandshake handshake;
    ReplyPayload payload;
  };
  Result<Finished> finish(ByteView noise_message) const;

 private:
  OutgoingHandshake() = default;
  const PairConfig* pair_ = nullptr;
  FirstCounter counter_;
  SecretBytes psk_;
  std::optional<crypto::AgreeKey> ephemeral_;
  Bytes packet_;
};

// A first packet as parsed; nothing in it is trusted before check_mac().
struct FirstPacket {
  bool first_of_life = false;
  Hint hint{};
  FirstCounter counter;
  ByteView header;   // bytes 0-10
  ByteView noise;
  ByteView body;     // all before the MAC
  ByteView mac;
};
std::optional<FirstPacket> parse_first_packet(ByteView datagram);
bool check_mac(const FirstPacket& packet, const DirectionKeys& theirs);

// The responder's half, at once: Noise message 1 read, message 2 written.
struct Answer {
  Bytes reply;                       // the reply packet
  crypto::NoiseHandshake handshake;  // finished
};
Result<Answer> answer_first_packet(const PairConfig& pair, const DirectionKeys& ours,
                                   const FirstPacket& packet, ByteView psk,
                                   const ReplyPayload& payload, KeyRandom& random);

struct ReplyPacket {
  Hint hint{};
  FirstCounter counter;
  ByteView noise;
};
std::optional<ReplyPacket> parse_reply_packet(ByteView datagram);

enum class NoticeCode : std::uint8_t { kOtherAccord = 1, kEpochSpent = 2 };
struct Notice {
  Hint hint{};
  FirstCounter counter;
  NoticeCode code = NoticeCode::kOtherAccord;
  ByteArray<32> data{};
};
Bytes encode_notice(const Notice& notice, const DirectionKeys& ours);
// Nothing unless it is a notice whose MAC verifies under their keys.
std::optional<Notice> parse_notice(ByteView datagram, const DirectionKeys& theirs);

}  // namespace detente::link
