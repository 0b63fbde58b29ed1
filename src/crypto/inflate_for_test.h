// Inflate (RFC 1950, 1951), so that tests read the compressed files of the age
// test kit without another library. For trusted test data only: it throws
// std::out_of_range on bad data and does not check the Adler sum.
#pragma once

#include <array>
#include <stdexcept>
#include <vector>

#include "base/bytes.h"

namespace detente::support {

class Inflate {
 public:
  static Bytes zlib(ByteView data) {
    Inflate inflate(data.subspan(2));  // two bytes of zlib header
    while (!inflate.block()) {
    }
    return std::move(inflate.out_);
  }

 private:
  // A canonical Huffman code: how many codes of each length, and their symbols in order.
  struct Code {
    explicit Code(const std::vector<int>& lengths) {
      for (int n : lengths) ++counts.at(static_cast<std::size_t>(n));
      counts[0] = 0;
      for (int n = 1; n < 16; ++n) {
        for (std::size_t s = 0; s < lengths.size(); ++s) {
          if (lengths[s] == n) symbols.push_back(static_cast<int>(s));
        }
      }
    }
    std::array<int, 16> counts{};
    std::vector<int> symbols;
  };

  explicit Inflate(ByteView data) : data_(data) {}

  int bits(int n) {
    int value = 0;
    for (int i = 0; i < n; ++i, ++at_) {
      if (at_ / 8 >= data_.size()) throw std::out_of_range("inflate: end of data");
      value |= ((data_[at_ / 8] >> (at_ % 8)) & 1) << i;
    }
    return value;
  }

  int symbol(const Code& code) {
    int value = 0, first = 0, index = 0;
    for (std::size_t n = 1; n < 16; ++n) {
      value |= bits(1);
      const int count = code.counts[n];
      if (value - first < count) {
        return code.symbols.at(static_cast<std::size_t>(index + value - first));
      }
      index += count;
      first = (first + count) << 1;
      value <<= 1;
    }
    throw std::out_of_range("inflate: no such code");
  }

  bool block() {
    const bool last = bits(1) == 1;
    const int kind = bits(2);
    if (kind == 0) {
      stored();
    } else if (kind == 1) {
      std::vector<int> lengths(288, 8);
      for (std::size_t i = 144; i < 256; ++i) lengths[i] = 9;
      for (std::size_t i = 256; i < 280; ++i) lengths[i] = 7;
      compressed(Code(lengths), Code(std::vector<int>(30, 5)));
    } else {
      dynamic();
    }
    return last;
  }

  void stored() {
    at_ = (at_ + 7) / 8 * 8;
    const int size = bits(16);
    bits(16);
    for (int i = 0; i < size; ++i) out_.push_back(static_cast<std::uint8_t>(bits(8)));
  }

  void dynamic() {
    static constexpr int kOrder[] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                     11, 4,  12, 3, 13, 2, 14, 1, 15};
    const int literals = bits(5) + 257, distances = bits(5) + 1, codes = bits(4) + 4;
    std::vector<int> small(19);
    for (int i = 0; i < codes; ++i) small[static_cast<std::size_t>(kOrder[i])] = bits(3);
    const Code code(small);
    std::vector<int> lengths;
    while (lengths.size() < static_cast<std::size_t>(literals + distances)) {
      const int s = symbol(code);
      int value = s, times = 1;
      if (s == 16) value = lengths.back(), times = 3 + bits(2);
      if (s == 17) value = 0, times = 3 + bits(3);
      if (s == 18) value = 0, times = 11 + bits(7);
      for (int i = 0; i < times; ++i) lengths.push_back(value);
    }
    compressed(Code({lengths.begin(), lengths.begin() + literals}),
               Code({lengths.begin() + literals, lengths.end()}));
  }

  void compressed(const Code& literals, const Code& distances) {
    for (int s = symbol(literals); s != 256; s = symbol(literals)) {
      if (s < 256) {
        out_.push_back(static_cast<std::uint8_t>(s));
        continue;
      }
      // Lengths 3..258: steps that double every four codes, and one code for 258 alone.
      const int c = s - 257, extra = c < 8 || c == 28 ? 0 : c / 4 - 1;
      const int length = c == 28 ? 258 : c < 8 ? 3 + c : 3 + ((4 + c % 4) << extra) + bits(extra);
      const int d = symbol(distances), more = d < 4 ? 0 : d / 2 - 1;
      const int distance = d < 4 ? 1 + d : 1 + ((2 + d % 2) << more) + bits(more);
      for (int i = 0; i < length; ++i) {
        out_.push_back(out_.at(out_.size() - static_cast<std::size_t>(distance)));
      }
    }
  }

  ByteView data_;
  std::size_t at_ = 0;  // in bits
  Bytes out_;
};

}  // namespace detente::support
