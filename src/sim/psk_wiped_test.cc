// The pair's secret goes through queues and commits: no copy of it is given back to the heap as it is.
//
// Not where the address sanitizer keeps the heap: it has these operators itself.
#ifndef __SANITIZE_ADDRESS__
#include <gtest/gtest.h>
#include <malloc.h>

#include <cstdlib>
#include <cstring>
#include <new>

#include "sim/lone_station_for_test.h"

namespace {

const unsigned char* looked_for = nullptr;  // 32 bytes
std::size_t found = 0;

void give_back(void* memory) noexcept {
  if (memory != nullptr && looked_for != nullptr) {
    const std::size_t size = malloc_usable_size(memory);
    if (size >= 32 && memmem(memory, size, looked_for, 32) != nullptr) ++found;
  }
  std::free(memory);
}

}  // namespace

void* operator new(std::size_t size) {
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return std::malloc(size); }
void operator delete(void* memory) noexcept { give_back(memory); }
void operator delete(void* memory, std::size_t) noexcept { give_back(memory); }

namespace detente::sim {
namespace {

TEST(PskOfAPair, IsWipedWhereverACopyOfItEnds) {
  ByteArray<32> psk{};
  {
    LoneStation lone(1);
    std::copy(lone.psk().begin(), lone.psk().end(), psk.begin());
    lone.start();
    found = 0;
    looked_for = psk.data();
    lone.establish({0, 1770000100}, true);
    lone.run(std::chrono::seconds(20));
  }
  looked_for = nullptr;
  EXPECT_EQ(found, 0u);
}

}  // namespace
}  // namespace detente::sim
#endif
