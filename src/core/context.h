// What one call into the core works with: the readings of the clocks, the
// randomness, the durable state, and where effects go.
#pragma once

#include <deque>
#include <functional>

#include "base/random.h"
#include "core/effects.h"

namespace detente::core {

struct Context;

// The wall clock may be set and a full disk have room again: what waits for either looks so often.
inline constexpr Duration kLookEvery = std::chrono::seconds(30);

// And so often while a person is asked, or the other side is waited for.
inline constexpr Duration kTick = std::chrono::seconds(1);

// Collects effects in order, and keeps what must happen when a commit is durable.
class EffectQueue {
 public:
  using Then = std::function<void(Context&)>;
  using Failed = std::function<void(Context&, const Error&)>;

  void send(PeerId peer, PathId path, Bytes datagram);
  void notify(DeskEvent event);
  // `then` runs when the commit is durable, `failed` when the store refused it. Exactly one of them, in the
  // order of the commits.
  // kNone: nothing that a person waits for hangs on it, so the driver may take its time.
  enum class Haste { kNone, kSome };
  void persist(std::vector<record::Batch> batches, Then then, Failed failed, Haste haste = Haste::kSome);

  std::vector<Effect> take();
  bool empty() const { return effects_.empty(); }
  bool settled() const { return effects_.empty() && waiting_.empty(); }  // no commit is under way
  void persisted(Context& context, std::uint64_t token);
  void persist_failed(Context& context, std::uint64_t token, const Error& error);
  // Whether something is to be sent or told when that commit is durable, in haste.
  bool waited_for(std::uint64_t token) const;

 private:
  struct Waiting {
    std::uint64_t token;
    Then then;
    Failed failed;
    Haste haste;
  };
  Waiting pop(std::uint64_t token);
  std::vector<Effect> effects_;
  std::deque<Waiting> waiting_;
  std::uint64_t next_token_ = 1;
};

class Audit;

struct Context {
  Now now;
  EffectQueue& effects;
  KeyRandom& keys;
  JitterRandom& jitter;
  const record::Reader& store;
  Audit* audit = nullptr;  // a simulator's; a station has none
};

}  // namespace detente::core
