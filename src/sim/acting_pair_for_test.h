// Two stations without faults whose persons cut, lift, propose and answer.
#pragma once

#include <gtest/gtest.h>

#include "sim/quiet_pair.h"

namespace detente::sim {

inline constexpr LineId kCutLine{1}, kOther{2};

class ActingPair : public testing::Test {
 protected:
  explicit ActingPair(std::uint64_t seed, PairOptions options = {}) : pair_(seed, std::move(options)) {
    pair_.start();
    pair_.take_events(0);
    pair_.take_events(1);
    pair_.tamper = [this](std::size_t from, Bytes datagram) -> std::optional<Bytes> {
      if (lose_[from]) return std::nullopt;
      return datagram;
    };
  }

  core::Peer const& peer(std::size_t side) { return pair_.station(side).peer(PeerId{0}); }
  const core::Registers& registers(std::size_t side) { return peer(side).registers(); }
  bool open(std::size_t side, line::MediaMask media = line::kText) {
    return (registers(side).closed_media(kCutLine) & media) == 0;
  }
  record::Entry signed_entry(std::size_t side, record::Kind kind, Bytes body) {
    record::Entry entry;
    entry.header.kind = kind;
    entry.header.body_form = record::BodyForm::kCbor;
    entry.header.time = pair_.now(side).wall;
    entry.header.author = OfficerId{1};
    entry.signatures.push_back({OfficerId{1}, ++counter_, 1, {}});
    entry.body = std::move(body);
    return entry;
  }
  Result<core::SubmissionId> act(std::size_t side, Bytes body) {
    record::Entry entry = signed_entry(side, record::kRegister, std::move(body));
    entry.header.precedence = record::Precedence::kFlash;
    return pair_.submit(side, std::move(entry));
  }
  void cut(std::size_t side, line::CutAct how = {}) {
    how.lines = {{kCutLine, registers(side).own(kCutLine).cut_epoch() + 1}};
    const auto done = act(side, line::cut_body(how));
    ASSERT_TRUE(done) << done.error().message;
    pair_.settle();
  }
  Result<core::SubmissionId> sign_lift(std::size_t side) {
    return act(side, line::clear_body({{{kCutLine, registers(side).own(kCutLine).cut_epoch()}}, {}}));
  }
  // And its tests pass, where they can.
  void lift(std::size_t side) {
    const auto done = sign_lift(side);
    ASSERT_TRUE(done) << done.error().message;
    pair_.run(std::chrono::seconds(5));
  }
  // What a person proposes; where it stands in his side's log.
  record::LogPosition propose(std::size_t side, line::Proposal proposal) {
    const auto done = pair_.submit(side, signed_entry(side, record::kProposal, line::proposal_body(proposal)));
    EXPECT_TRUE(done) << done.error().message;
    pair_.settle();
    return newest(side);
  }
  record::LogPosition propose_to_restore(std::size_t side, Duration ahead, line::MediaMask media = line::kAllMedia) {
    line::Proposal proposal;
    proposal.matter = line::Matter::kRestoration;
    proposal.content = line::restoration_content({{kCutLine, media}});
    proposal.instant = WallTime{pair_.now(side).wall.seconds +
                                static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::seconds>(ahead).count())};
    return propose(side, proposal);
  }
  // By the other side than the author of `proposal`, or by the author himself.
  Result<core::SubmissionId> answer(std::size_t side, line::AnswerAct act, std::size_t author, const record::LogPosition& proposal) {
    return refer(side, signed_entry(side, record::kProposalAnswer, line::answer_body({act, ""})), author, proposal);
  }
  Result<core::SubmissionId> refer(std::size_t side, record::Entry entry, std::size_t author, const record::LogPosition& to) {
    entry.header.references = {{author == side ? record::Whose::kAuthors : record::Whose::kOthers, to.epoch, to.size - 1, to.root}};
    auto done = pair_.submit(side, std::move(entry));
    pair_.settle();
    return done;
  }
  void agree(Duration ahead, line::MediaMask media = line::kAllMedia) {
    const record::LogPosition proposal = propose_to_restore(0, ahead, media);
    const auto done = answer(1, line::AnswerAct::kAccept, 0, proposal);
    ASSERT_TRUE(done) << done.error().message;
  }
  // Entries of the accord line in that side's own log, of this kind.
  std::vector<record::Entry> accord_entries(std::size_t side, record::Kind kind) {
    std::vector<record::Entry> out;
    const record::LogKey& log = peer(side).line(kAccordLine)->own().key();
    for (const record::StoredEntry& stored : pair_.store(side).entries(log, 0, UINT64_MAX, 10'000))
      if (auto entry = record::decode_entry(stored.bytes); entry && entry->header.kind == kind) out.push_back(std::move(*entry));
    return out;
  }
  std::optional<line::RestorationReport> report(std::size_t side) {
    const auto reports = accord_entries(side, record::kRestorationReport);
    if (reports.empty()) return std::nullopt;
    auto read = line::parse_restoration_report_body(reports.back().body);
    return read ? std::optional(std::move(*read)) : std::nullopt;
  }
  bool say(std::size_t side, const std::string& text, bool hold = false, LineId line = kCutLine) {
    record::Entry entry;
    entry.header.line = line;
    entry.header.time = pair_.now(side).wall;
    entry.body = to_bytes(as_bytes(text));
    const bool taken = pair_.submit(side, std::move(entry), hold).has_value();
    pair_.settle();
    return taken;
  }
  std::uint64_t held(std::size_t side, LineId line = kCutLine) { return peer(side).line(line)->far().durable_size(); }
  std::uint64_t receipted(std::size_t side) { return peer(side).line(kCutLine)->own().receipted_size(); }
  template <typename Event>
  std::vector<Event> told(std::size_t side) {
    std::vector<Event> out;
    for (const core::DeskEvent& event : pair_.take_events(side))
      if (const auto* found = std::get_if<Event>(&event)) out.push_back(*found);
    return out;
  }
  void restart(std::size_t side) {
    pair_.stop(side);
    pair_.start(side);
    pair_.settle();
  }

  // Its size, with the leaf of the newest entry for a root.
  record::LogPosition newest(std::size_t side) {
    const core::OwnLog& own = peer(side).line(kAccordLine)->own();
    const auto last = pair_.store(side).entries(own.key(), own.size() - 1, own.size(), 1);
    return {own.key().epoch, own.size(), last.empty() ? Digest{} : last.front().leaf};
  }

  QuietPair pair_;
  bool lose_[2] = {false, false};

 private:
  std::uint64_t counter_ = 0;
};

}  // namespace detente::sim
