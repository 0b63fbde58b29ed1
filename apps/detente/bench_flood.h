// What a stranger sends at a station, from one core as fast as it goes, and what a
// bystander on the path has recorded for him.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace detente::cli {

// Memory that a child of this process writes and this one reads.
template <typename T>
class Shared;

// A process between two stations that passes datagrams on and keeps what went to the first of them.
class Recorder {
 public:
  struct End {
    std::uint16_t listens = 0;   // where the station listens
    std::uint16_t sends_to = 0;  // where it believes the other one to be
  };
  // Ports of 127.0.0.1. kIo when one is taken.
  static Result<std::unique_ptr<Recorder>> between(const End& first, const End& second);
  ~Recorder();
  Recorder(const Recorder&) = delete;

  // So far: calls to the first station, and the packets of the session that came after them.
  std::vector<Bytes> calls() const;
  std::vector<Bytes> packets() const;

 private:
  struct Kept;
  Recorder() = default;
  std::unique_ptr<Shared<Kept>> kept_;
  pid_t pid_ = -1;
};

// Sends these datagrams again and again until it goes.
class Flood {
 public:
  // From the machine's last core to this port of 127.0.0.1.
  Flood(std::uint16_t port, const std::vector<Bytes>& datagrams);
  ~Flood();
  Flood(const Flood&) = delete;

  std::uint64_t sent() const;
  // Ends it, then listens a little longer: how many datagrams ever came back.
  std::uint64_t answered();

 private:
  struct Counts;
  std::unique_ptr<Shared<Counts>> counts_;
  pid_t pid_ = -1;
};

}  // namespace detente::cli
