// A courier file: frames from one station to the other, carried by hand instead
// of by a path, sealed and authenticated by what only the two stations hold.
// spec/courier.md. Stateless: when a file may be believed is core's.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "link/pair.h"

namespace detente::link {

inline constexpr std::size_t kCourierFileMax = 1024 * 1024;
inline constexpr std::size_t kCourierContentsMax = 512 * 1024 - 4;
inline constexpr std::size_t kCourierSectionsMax = 1024;
inline constexpr std::size_t kCourierEntriesMax = 2048;  // of one section
inline constexpr std::size_t kCourierFrameMax = 8192;

using CourierMark = ByteArray<16>;  // of a life, of a challenge, of a session

// What stands open in front: for whom it is, and which key opens it.
struct CourierHeader {
  Digest accord{};
  std::string from;  // "south/main"
  std::string to;
  std::uint16_t secret_epoch = 0;
  std::uint64_t number = 0;  // grows with every file of this direction
  ByteArray<32> id{};        // random
  bool operator==(const CourierHeader&) const = default;
};

// A file cut up. The views live as long as the file's bytes.
struct ParsedCourier {
  CourierHeader header;
  ByteView associated;
  ByteView sealed;
};

// kMalformed for anything that is not one whole file, kUnsupported for another version.
Result<ParsedCourier> parse_courier(ByteView file);
// `contents`: at most kCourierContentsMax bytes.
Result<Bytes> seal_courier(const PairConfig& pair, ByteView psk, const CourierHeader& header, ByteView contents);
// kAuthentication unless the other station sealed exactly this.
Result<Bytes> open_courier(const PairConfig& pair, ByteView psk, const ParsedCourier& file);

struct CourierReceipt {
  ByteArray<16> epoch{};  // of the receiver's log
  std::uint64_t size = 0;
  Bytes frame;  // the body of a frame of type 4
  bool operator==(const CourierReceipt&) const = default;
};

struct CourierEntry {
  std::uint8_t entry_class = 0;
  Bytes frame;  // the body of a frame of type 1
  bool operator==(const CourierEntry&) const = default;
};

// What is said of one line.
struct CourierSection {
  LineId line;
  std::optional<Bytes> state;  // the body of a frame of type 3
  std::optional<CourierReceipt> receipt;
  std::vector<CourierEntry> entries;
  bool operator==(const CourierSection&) const = default;
};

struct CourierContents {
  WallTime made;                       // also what times in frames are relative to
  CourierMark life{};                  // of the sender's present life
  CourierMark challenge{};             // what the receiver's next file is to answer
  std::optional<CourierMark> answers;  // the receiver's newest challenge that the sender knows
  std::optional<CourierMark> session;  // the newest session that the sender has had in this life
  std::uint64_t told = 0;              // highest number of a file of the receiver's that the sender took
  std::vector<CourierSection> sections;  // ascending by line
  bool operator==(const CourierContents&) const = default;
};

Bytes encode_courier_contents(const CourierContents& contents);
Result<CourierContents> parse_courier_contents(ByteView bytes);

// Names a session to the two that have it.
CourierMark courier_mark(ByteView handshake_hash);

}  // namespace detente::link
