// Two sides' logs of an accord line, written by hand in a test.
#pragma once

#include <gtest/gtest.h>

#include "line/proposal_book.h"

namespace detente::line {

class TwoLogs {
 public:
  WallTime now{1};
  record::EntryClass entry_class = record::EntryClass::kLive;

  ActPlace offer(std::uint8_t side, std::optional<WallTime> lapse = {}, std::optional<WallTime> instant = {}) {
    Sighting one = next(side);
    one.proposal = Proposal{Matter::kOther, {}, instant, lapse, ""};
    return keep(one);
  }
  ActPlace counter(std::uint8_t side, const ActPlace& on) {
    Sighting one = next(side);
    one.proposal = Proposal{};
    one.on = on;
    return keep(one);
  }
  ActPlace answer(std::uint8_t side, const ActPlace& on, AnswerAct act) {
    Sighting one = next(side);
    one.answer = Answer{act, ""};
    one.on = on;
    return keep(one);
  }
  // Any other entry, written when that side's clock shows `time`.
  ActPlace pass(std::uint8_t side, WallTime time) {
    now = time;
    return keep(next(side));
  }
  // Goes on in another epoch, whose first entry names all of the one before.
  ActPlace new_epoch(std::uint8_t side) {
    const LogPart before = end_[side];
    end_[side] = {{static_cast<std::uint8_t>(before.epoch[0] + 2)}, 0};
    Sighting first = next(side);
    if (before.size > 0) first.before = before;
    return keep(first);
  }
  // Goes on in another epoch, which knows of none before.
  ActPlace lose_everything(std::uint8_t side, const record::EpochId& next_life) {
    end_[side] = {next_life, 0};
    return keep(next(side));
  }
  // Everything that a side wrote until now is on the other's disk.
  void deliver() {
    deliver(0);
    deliver(1);
  }
  void deliver(std::uint8_t side) { here_[side] = end_[1 - side]; }

  const std::vector<Sighting>& all() const { return all_; }
  ProposalBook book() const {
    ProposalBook out;
    for (const Sighting& one : all_) EXPECT_TRUE(out.add(one));
    return out;
  }

 private:
  Sighting next(std::uint8_t side) {
    Sighting out;
    out.at = {side, end_[side].epoch, end_[side].size};
    out.time = now;
    out.entry_class = entry_class;
    if (here_[side].size > 0) out.seen = here_[side];
    return out;
  }
  ActPlace keep(const Sighting& one) {
    ++end_[one.at.side].size;
    all_.push_back(one);
    return one.at;
  }

  LogPart end_[2] = {{{10}, 0}, {{11}, 0}};
  LogPart here_[2];  // at side i, of the other's
  std::vector<Sighting> all_;
};

}  // namespace detente::line
