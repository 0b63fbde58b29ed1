// Api: submissions, alone and several in one request. spec/api.md, "Writing an entry".
#include "station/api.h"
#include "station/mandates.h"
#include "station/suspensions.h"
#include "station/watch.h"

namespace detente::station {

namespace {

// The answers to one request, in the order asked; it goes out with the last of them.
class Answers {
 public:
  Answers(std::size_t count, Api::Reply reply) : bodies_(count), open_(count), reply_(std::move(reply)) {}

  void put(std::size_t at, std::string body) {
    bodies_[at] = std::move(body);
    if (--open_ > 0) return;
    std::string all = R"({"ok":true,"entries":[)";
    for (std::size_t i = 0; i < bodies_.size(); ++i) all += (i == 0 ? "" : ",") + bodies_[i];
    reply_({200, all + "]}"});
  }

 private:
  std::vector<std::string> bodies_;
  std::size_t open_;
  Api::Reply reply_;
};

}  // namespace

Result<void> Api::submit_one(const Target& target, const Json& json, Reply reply) {
  DETENTE_TRY(submission, parse_submission(json));
  const PeerId peer = target.counterpart->peer;
  const LineId line = target.annex->line;
  const Wait wait = submission.wait;
  const core::IfCut if_cut = submission.if_cut;
  const Duration patience = std::chrono::milliseconds(submission.timeout_ms);
  DETENTE_TRY(entry,
              prepare_entry(running_, *target.counterpart, *target.annex, std::move(submission)));
  DETENTE_TRY_VOID(running_.watch->check(*target.counterpart, *target.annex, entry));
  const record::Entry said = entry;
  const Instant began = running_.driver->now().mono;
  const auto accepted = [&](core::SubmissionId id) {
    running_.watch->on_submitted(*target.counterpart, *target.annex, said, id);
    const PendingKey key{peer, line, id};
    Pending pending{wait, std::move(reply), std::nullopt, false, began};
    if (wait == Wait::kNone) return answer(key, pending, "accepted");
    pending_.emplace(key, std::move(pending));
    if (wait == Wait::kReceipt) running_.driver->after(patience, [this, key] { give_up(key); });
  };
  DETENTE_TRY(id, running_.driver->submit(peer, line, std::move(entry), accepted, if_cut));
  if (const auto proof = mandate_of(said)) running_.mandates_used[proof->mandate] = {peer, id};
  take_suspension(running_, *target.counterpart, record::Whose::kAuthors, said);
  return {};
}

Result<void> Api::submit_several(const Target& target, const Json& json, Reply reply) {
  DETENTE_TRY(messages, split_messages(json));
  const auto answers = std::make_shared<Answers>(messages.size(), std::move(reply));
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const Result<void> done = submit_one(target, messages[i], [answers, i](ApiResponse response) {
      answers->put(i, std::move(response.body));
    });
    if (!done) answers->put(i, dump(error_json(done.error())));
  }
  return {};
}

void Api::answer(const PendingKey& key, const Pending& pending, const char* state) {
  const auto& [peer, line, id] = key;
  const Counterpart& counterpart = *running_.counterparts[peer.value];
  const bool testing = line == kAccordLine && running_.line(peer, line).holds_lift(id);
  // It may have been retired while somebody waited.
  const accord::Annex* annex = counterpart.annex_or_retired(line);
  Json out{{"ok", true},
           {"state", testing ? "testing" : state},
           {"counterpart", counterpart.name()},
           {"line", annex == nullptr ? std::to_string(line.value) : annex->name},
           {"line_number", line.value},
           {"submission", id},
           {"link_up", running_.driver->station().peer(peer).link().ready()},
           {"took_us", (running_.driver->now().mono - pending.began).count()}};
  if (pending.placed)
    out["entry"] = {{"epoch", to_hex(pending.placed->epoch)}, {"index", pending.placed->index}};
  pending.reply({200, dump(out)});
}

void Api::give_up(const PendingKey& key) {
  const auto it = pending_.find(key);
  if (it == pending_.end()) return;
  const Pending& pending = it->second;
  answer(key, pending, pending.placed ? "placed" : pending.queued ? "queued" : "accepted");
  pending_.erase(it);
}

// A line that was retired gets no receipts; what waited on the others goes on waiting, under the number that it has.
void Api::on_accord_changed(const Counterpart& counterpart) {
  const PeerId peer = counterpart.peer;
  std::vector<PendingKey> over;
  for (const auto& [key, pending] : pending_)
    if (std::get<0>(key) == peer && counterpart.accord.annex(std::get<1>(key)) == nullptr) over.push_back(key);
  for (const PendingKey& key : over) give_up(key);
  const auto break_off = [peer, &counterpart](auto& waiting, const std::string& what) {
    for (auto it = waiting.begin(); it != waiting.end();) {
      const bool of_it = it->first.first == peer;
      if (of_it)
        it->second({http_status(Fault::kState),
                    dump(error_json({Fault::kState, what + " was under way when this station went on under another accord with " +
                                                        counterpart.name() + ": it may be done all the same; ask again"}))});
      it = of_it ? waiting.erase(it) : std::next(it);
    }
  };
  break_off(handed_over_, "the document");
  break_off(couriers_, "the courier's file");
}

void Api::on_receipt(const core::ReceiptVerified& receipt) {
  for (auto it = pending_.lower_bound({receipt.peer, receipt.line, 0}); it != pending_.end();) {
    const auto& [key, pending] = *it;
    if (std::get<0>(key) != receipt.peer || std::get<1>(key) != receipt.line) return;
    const bool covered = pending.placed && pending.placed->epoch == receipt.epoch &&
                         pending.placed->index < receipt.size;
    if (covered) answer(key, pending, "receipted");
    it = covered ? pending_.erase(it) : std::next(it);
  }
}

void Api::on_event(const core::DeskEvent& event) {
  if (const auto* receipt = std::get_if<core::ReceiptVerified>(&event)) return on_receipt(*receipt);
  if (const auto* stored = std::get_if<core::DocumentStored>(&event))
    return on_part(stored->peer, stored->submission,
                   {200, dump(Json{{"ok", true}, {"root", to_hex(stored->root)}, {"whole", stored->whole}})});
  if (const auto* failed = std::get_if<core::DocumentFailed>(&event))
    return on_part(failed->peer, failed->submission,
                   {http_status(failed->error.fault), dump(error_json(failed->error))});
  if (on_courier(event)) return;
  // The others name one submission.
  const auto find = [&](const auto& named) {
    return pending_.find({named.peer, named.line, named.submission});
  };
  auto it = pending_.end();
  const char* state = nullptr;
  if (const auto* queued = std::get_if<core::EntryQueued>(&event)) {
    it = find(*queued);
    state = "queued";
    if (it != pending_.end()) it->second.queued = true;
  } else if (const auto* placed = std::get_if<core::EntryPlaced>(&event)) {
    it = find(*placed);
    state = "placed";
    if (it != pending_.end()) it->second.placed = {placed->epoch, placed->index};
  } else if (const auto* failed = std::get_if<core::SubmissionFailed>(&event)) {
    it = find(*failed);
    if (it == pending_.end()) return;
    it->second.reply({http_status(failed->error.fault), dump(error_json(failed->error))});
    pending_.erase(it);
    return;
  }
  if (it == pending_.end() || it->second.wait != Wait::kDurable) return;
  answer(it->first, it->second, state);
  pending_.erase(it);
}

}  // namespace detente::station
