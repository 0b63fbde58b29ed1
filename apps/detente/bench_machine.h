// What the machine itself costs: disk sync, round trip, signature. Taken between the
// messages of a benchmark, so that both see the same machine.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "crypto/sign.h"

namespace detente::cli {

class Machine {
 public:
  // `directory` lies on the disk to measure. kState on a tmpfs, where a sync costs nothing.
  static Result<std::unique_ptr<Machine>> on(const std::string& directory);
  ~Machine();

  // Seconds. A sync overwrites 512 bytes of a file that is already written, which is the cheapest that a
  // disk offers: a log that grows pays more.
  double sync();
  double udp_round_trip();
  double sign();
  double verify();  // of the last sign()

 private:
  Machine() = default;
  struct Echo;
  int file_ = -1;
  std::uint64_t next_block_ = 0;
  std::unique_ptr<Echo> echo_;
  std::optional<crypto::SignKey> key_;
  crypto::Signature signature_{};
};

}  // namespace detente::cli
