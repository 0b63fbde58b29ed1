#include "core/context.h"

#include "base/check.h"

namespace detente::core {

void EffectQueue::send(PeerId peer, PathId path, Bytes datagram) {
  effects_.push_back(SendDatagram{peer, path, std::move(datagram)});
}

void EffectQueue::notify(DeskEvent event) { effects_.push_back(Notify{std::move(event)}); }

void EffectQueue::persist(std::vector<record::Batch> batches, Then then, Failed failed,
                          Haste haste) {
  const std::uint64_t token = next_token_++;
  waiting_.push_back({token, std::move(then), std::move(failed), haste});
  effects_.push_back(Persist{token, std::move(batches)});
}

std::vector<Effect> EffectQueue::take() { return std::exchange(effects_, {}); }

bool EffectQueue::waited_for(std::uint64_t token) const {
  for (const Waiting& waiting : waiting_)
    if (waiting.token == token) return waiting.then && waiting.haste == Haste::kSome;
  return false;
}

EffectQueue::Waiting EffectQueue::pop(std::uint64_t token) {
  // A driver that completes out of order would acknowledge what is not durable.
  DETENTE_CHECK(!waiting_.empty() && waiting_.front().token == token);
  Waiting out = std::move(waiting_.front());
  waiting_.pop_front();
  return out;
}

void EffectQueue::persisted(Context& context, std::uint64_t token) {
  Waiting waiting = pop(token);
  if (waiting.then) waiting.then(context);
}

void EffectQueue::persist_failed(Context& context, std::uint64_t token, const Error& error) {
  Waiting waiting = pop(token);
  if (waiting.failed) waiting.failed(context, error);
}

}  // namespace detente::core
