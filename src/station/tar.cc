#include "station/tar.h"

#include <algorithm>

namespace detente::station {

namespace {

constexpr std::size_t kBlock = 512;
constexpr std::size_t kNameMax = 100;
constexpr std::uint64_t kOctalMax = (std::uint64_t{1} << 33) - 1;  // eleven octal digits

struct Field {
  std::size_t at, size;
};
constexpr Field kName{0, 100}, kMode{100, 8}, kOwner{108, 8}, kGroup{116, 8}, kSize{124, 12},
    kTime{136, 12}, kSum{148, 8}, kType{156, 1}, kMagic{257, 8};

void put(Bytes& block, Field field, std::string_view text) {
  std::copy(text.begin(), text.end(), block.begin() + static_cast<std::ptrdiff_t>(field.at));
}

// Digits up to the field's last byte, which stays zero.
void put_octal(Bytes& block, Field field, std::uint64_t value) {
  for (std::size_t i = field.size - 1; i-- > 0; value >>= 3)
    block[field.at + i] = static_cast<std::uint8_t>('0' + (value & 7));
}

void put_size(Bytes& block, std::uint64_t size) {
  if (size <= kOctalMax) return put_octal(block, kSize, size);
  block[kSize.at] = 0x80;
  for (std::size_t i = 0; i < 8; ++i)
    block[kSize.at + kSize.size - 1 - i] = static_cast<std::uint8_t>(size >> (8 * i));
}

std::uint32_t sum_of(ByteView block) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < kBlock; ++i)
    sum += i >= kSum.at && i < kSum.at + kSum.size ? std::uint32_t{' '} : block[i];
  return sum;
}

std::optional<std::uint64_t> octal(ByteView block, Field field) {
  std::uint64_t out = 0;
  for (std::size_t i = 0; i + 1 < field.size; ++i) {
    const std::uint8_t digit = block[field.at + i];
    if (digit < '0' || digit > '7') return std::nullopt;
    out = out << 3 | (digit - '0');
  }
  return block[field.at + field.size - 1] == 0 ? std::optional(out) : std::nullopt;
}

std::optional<std::uint64_t> size_in(ByteView block) {
  if (block[kSize.at] != 0x80) return octal(block, kSize);
  const std::uint64_t out = read_be(block.subspan(kSize.at + 4, 8));
  const bool clean = std::all_of(block.begin() + kSize.at + 1, block.begin() + kSize.at + 4,
                                 [](std::uint8_t byte) { return byte == 0; });
  return clean && out > kOctalMax && out < (std::uint64_t{1} << 62) ? std::optional(out)
                                                                    : std::nullopt;
}

tl::unexpected<Error> malformed(const std::string& what) {
  return fail(Fault::kMalformed, "backup: " + what + "; is it a file that detente backup made?");
}

}  // namespace

bool is_tar_name(std::string_view name) {
  if (name.empty() || name.size() > kNameMax || name.back() == '/') return false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    const bool first = i == 0 || name[i - 1] == '/';
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '_' || c == '-';
    if (!plain && (first || (c != '.' && c != '/'))) return false;
  }
  return true;
}

Result<Bytes> tar_header(const TarMember& member, WallTime modified) {
  if (!is_tar_name(member.name))
    return fail(Fault::kMalformed, "a file named \"" + member.name +
                                       "\" cannot go into a backup: rename it or move it away");
  Bytes block(kBlock, 0);
  put(block, kName, member.name);
  put_octal(block, kMode, member.mode & 0777);
  put_octal(block, kOwner, 0);
  put_octal(block, kGroup, 0);
  put_size(block, member.size);
  put_octal(block, kTime, modified.seconds);
  put(block, kType, "0");
  put(block, kMagic, std::string_view("ustar\00000", 8));
  const std::uint32_t sum = sum_of(block);
  put_octal(block, {kSum.at, 7}, sum);
  block[kSum.at + 7] = ' ';
  return block;
}

std::size_t tar_padding(std::uint64_t size) {
  return static_cast<std::size_t>((kBlock - size % kBlock) % kBlock);
}

Bytes tar_end() { return Bytes(2 * kBlock, 0); }

Result<void> TarReader::take_header() {
  if (std::all_of(header_.begin(), header_.end(), [](std::uint8_t b) { return b == 0; })) {
    ++zero_blocks_;
    return {};
  }
  if (zero_blocks_ > 0) return malformed("something follows its end");
  const auto end = std::find(header_.begin(), header_.begin() + kNameMax, 0);
  TarMember member{std::string(header_.begin(), end), 0, 0};
  const auto size = size_in(header_);
  const auto mode = octal(header_, kMode);
  const auto time = octal(header_, kTime);
  if (!size || !mode || *mode > 0777 || !time || *time > UINT32_MAX || !is_tar_name(member.name))
    return malformed("a member's header cannot be read");
  member.size = *size;
  member.mode = static_cast<std::uint32_t>(*mode);
  const WallTime modified{static_cast<std::uint32_t>(*time)};
  // One spelling: what the writer would not have written is refused, the checksum included.
  DETENTE_TRY(again, tar_header(member, modified));
  if (again != header_) return malformed("the header of " + member.name + " is not as written");
  left_ = member.size;
  padding_ = tar_padding(member.size);
  member_ = std::move(member);
  return sink_.begin(*member_);
}

Result<void> TarReader::add(ByteView bytes) {
  const auto take = [&](std::uint64_t wanted) {
    const ByteView part =
        bytes.first(static_cast<std::size_t>(std::min<std::uint64_t>(wanted, bytes.size())));
    bytes = bytes.subspan(part.size());
    return part;
  };
  for (;;) {
    if (member_ && left_ == 0) {
      DETENTE_TRY_VOID(sink_.end());
      member_.reset();
    }
    if (bytes.empty()) return {};
    if (member_) {
      const ByteView part = take(left_);
      left_ -= part.size();
      DETENTE_TRY_VOID(sink_.bytes(part));
    } else if (padding_ > 0) {
      const ByteView part = take(padding_);
      padding_ -= part.size();
      if (std::any_of(part.begin(), part.end(), [](std::uint8_t b) { return b != 0; }))
        return malformed("something stands between two members");
    } else {
      append(header_, take(kBlock - header_.size()));
      if (header_.size() < kBlock) return {};
      Result<void> done = take_header();
      header_.clear();
      if (!done) return done;
    }
  }
}

Result<void> TarReader::finish() {
  if (member_ || padding_ > 0 || !header_.empty() || zero_blocks_ != 2)
    return malformed("it ends too early");
  return {};
}

}  // namespace detente::station
