#include <bit>
#include <cmath>

#include "wire/cbor.h"

// Half, single and double precision of IEEE 754, converted by their bits so that no rounding mode
// and no compiler flag can change what is accepted. RFC 8949 sections 4.2.1 and appendix D.
namespace detente::wire {
namespace {

constexpr std::uint64_t kHalfNan = 0x7e00;  // the only NaN of deterministic encoding

double half_value(std::uint64_t bits) {
  const int exponent = static_cast<int>((bits >> 10) & 0x1f);
  const double fraction = static_cast<double>(bits & 0x3ff);
  double value = 0;
  if (exponent == 0) {
    value = std::ldexp(fraction, -24);
  } else if (exponent < 31) {
    value = std::ldexp(1024 + fraction, exponent - 25);
  } else {
    value = fraction == 0 ? HUGE_VAL : std::nan("");
  }
  return (bits & 0x8000) != 0 ? -value : value;
}

// The half whose value is exactly that of the single `bits`, if there is one.
bool half_of(std::uint32_t bits, std::uint64_t& half) {
  const std::uint32_t sign = (bits >> 16) & 0x8000;
  const int exponent = static_cast<int>((bits >> 23) & 0xff) - 127;
  const std::uint32_t fraction = bits & 0x7fffff;
  if (exponent == 128) {  // infinity; NaN never comes here
    half = sign | 0x7c00;
    return true;
  }
  if (exponent >= -14 && exponent <= 15) {  // a normal half: 10 of the 23 bits
    half = sign | (static_cast<std::uint32_t>(exponent + 15) << 10) | (fraction >> 13);
    return (fraction & 0x1fff) == 0;
  }
  if (exponent >= -24 && exponent < -14) {  // a subnormal half, in steps of 2^-24
    const std::uint32_t whole = fraction | 0x800000;
    const int shift = 13 + (-14 - exponent);
    half = sign | (whole >> shift);
    return (whole & ((1u << shift) - 1)) == 0;
  }
  half = sign;
  return exponent == -127 && fraction == 0;  // zero
}

}  // namespace

CborFloat shortest_float(double value) {
  if (std::isnan(value)) return {2, kHalfNan};
  const auto single = static_cast<float>(value);
  if (static_cast<double>(single) != value) return {8, std::bit_cast<std::uint64_t>(value)};
  const auto single_bits = std::bit_cast<std::uint32_t>(single);
  std::uint64_t half = 0;
  if (half_of(single_bits, half)) return {2, half};
  return {4, single_bits};
}

double float_value(CborFloat encoded) {
  if (encoded.width == 2) return half_value(encoded.bits);
  if (encoded.width == 4) {
    return static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(encoded.bits)));
  }
  return std::bit_cast<double>(encoded.bits);
}

}  // namespace detente::wire
