// Numbers for properties that write whole histories.
#pragma once

#include <rapidcheck.h>

#include <cstdint>

namespace detente::line {

// The same whatever size the property runs at: a small run would draw the lowest values alone.
inline std::uint32_t drawn(std::uint32_t from, std::uint32_t below) {
  return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(from, below));
}

}  // namespace detente::line
