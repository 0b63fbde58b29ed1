// One station with many counterparts and many lines, all idle: what stands on it
// when nobody speaks. Virtual time, the same core as the daemon; the others are
// real stations, too.
#pragma once

#include <functional>
#include <memory>

#include "base/time.h"
#include "record/store.h"

namespace detente::sim {

struct IdleSetting {
  std::size_t counterparts = 100;
  std::size_t lines_each = 100;  // beside the accord line
  std::uint64_t seed = 1;
};

class IdleLines {
 public:
  // The other stations, running. `near_store` outlives it.
  IdleLines(const IdleSetting& setting, record::Store& near_store);
  ~IdleLines();

  // The station in the middle starts and finds the others; one message goes each way on every line.
  void start();
  // Nobody says anything for so long. Heartbeats and new handshakes go on.
  void run(Duration span);
  std::size_t lines_up() const;  // lines whose counterpart is there and holds the message
  std::uint64_t datagrams() const;  // to and from the station in the middle

  // Called before and after every piece of work of the station in the middle; for who measures it.
  std::function<void()> before_near, after_near;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace detente::sim
