// Hostile: what one of its officers signed once, shown more often. spec/record.md section 5.
#include <algorithm>

#include "line/proposal.h"
#include "line/restoration.h"
#include "sim/hostile.h"

namespace detente::sim {

namespace {

constexpr OfficerId kProposer{2};
constexpr std::uint64_t kRowsMost = 8;  // that one entry may have read

}  // namespace

void Hostile::on_accord_line(const std::function<void()>& what) {
  const LineId before = std::exchange(line_, kAccordLine);
  log_.swap(other_log_);
  if (log_.empty()) say("An epoch begins with its first entry.");  // none ahead of it is taken
  what();
  log_.swap(other_log_);
  line_ = before;
}

// Of the line where it writes.
std::vector<core::NotFirst> Hostile::found_out() const {
  const record::LogKey log{{setup_.identity.lineage, line_}, false, setup_.identity.our_station, epoch_};
  std::vector<core::NotFirst> out;
  for (const record::PutEvidence& evidence : honest_.store.evidence(log, SIZE_MAX))
    if (const auto what = core::not_first(evidence)) out.push_back(*what);
  return out;
}

// One officer's signature under words that come at once, before the disk has any of them: all are in the record, and the
// first alone is signed.
void Hostile::sign_twice() {
  const auto faults = [&] {
    return std::count_if(honest_.events.begin(), honest_.events.end(), [](const core::DeskEvent& event) {
      const auto* alarm = std::get_if<core::Alarm>(&event);
      return alarm != nullptr && alarm->kind == core::AlarmKind::kStore;
    });
  };
  const std::size_t before = found_out().size(), came = arrived();
  const auto faults_before = faults();
  signed_with_ = {{OfficerId{1}, log_.size(), 1, {}}};
  std::vector<wire::Frame> together;
  for (const char* text : {"We attack.", "We do not attack."}) together.push_back(to_frame(make_entry(text, log_.size())));
  send(together);
  send({to_frame(make_entry("Perhaps we attack.", log_.size()))});
  signed_with_.clear();
  settle();
  if (faults() != faults_before) violation("a signature that came twice was taken for a fault of the disk");
  if (arrived() != came + 3) violation("of three words under one signature not all arrived");
  if (found_out().size() != before + 2) violation("of three words under one signature not two were found out");
}

// A FLASH is shown ahead of a missing word, which then comes under the same signature: that word is the second.
void Hostile::sign_ahead_and_again(bool restart) {
  const std::size_t before = found_out().size(), came = arrived();
  const std::uint64_t index = log_.size();
  signed_with_ = {{OfficerId{1}, 1'000'000 + index, 1, {}}};
  const record::WireEntry missing = make_entry("We attack.", index);
  record::WireEntry flash = make_entry("We do not attack.", index + 1, {}, record::Precedence::kFlash);
  flash.predecessors = {{log_[index].leaf, record::Precedence::kRoutine}};
  signed_with_.clear();
  send({to_frame(flash)});
  settle();
  if (restart) start_honest(false);
  send({to_frame(missing), to_frame(flash)});
  settle();
  if (arrived() != came + 2) violation("of a FLASH ahead of its place and the word before it not both arrived");
  const auto found = found_out();
  if (found.size() != before + 1 || found.back() != core::NotFirst{index, OfficerId{1}})
    violation("of a FLASH ahead of its place and a later word under its signature the word was not found out");
}

record::Entry Hostile::proposal(std::uint64_t counter, std::uint8_t signature, record::Precedence precedence) const {
  line::Proposal what;
  what.matter = line::Matter::kRestoration;
  what.content = line::restoration_content({{LineId{1}, line::kAllMedia}});
  what.instant = WallTime{now().wall.seconds + 7200};
  record::Entry out;
  out.header.kind = record::kProposal;
  out.header.body_form = record::BodyForm::kCbor;
  out.header.precedence = precedence;
  out.header.time = now().wall;
  out.header.author = kProposer;
  out.body = line::proposal_body(what);
  out.signatures = {{kProposer, counter, 1, {}}};
  out.signatures.front().signature.fill(signature);
  return out;
}

// At the log's end; the one before it is not here yet.
record::WireEntry Hostile::ahead_of_one(record::Entry entry, record::Precedence skipped) {
  record::WireEntry out = write(std::move(entry), log_.size());
  out.predecessors = {{log_[log_.size() - 2].leaf, skipped}};
  return out;
}

std::vector<std::uint64_t> Hostile::proposed() const {
  std::vector<std::uint64_t> out;
  const core::Agreements& held = honest_.station->peer(PeerId{0}).agreements();
  for (const line::ActPlace& at : held.book().proposals())
    if (held.whose(at) == record::Whose::kOthers) out.push_back(at.index);
  return out;
}

// And a start comes to the same.
void Hostile::expect_proposed(const std::vector<std::uint64_t>& more, const char* what) {
  proposed_.insert(proposed_.end(), more.begin(), more.end());
  std::sort(proposed_.begin(), proposed_.end());
  if (proposed() != proposed_) violation(std::string(what) + " is not proposed once");
  start_honest(false);
  if (proposed() != proposed_) violation(std::string(what) + " is not proposed once, after a start");
}

// Before the disk has the first.
void Hostile::propose_twice() {
  on_accord_line([&] {
    const std::size_t before = found_out().size();
    const std::uint64_t index = log_.size();
    const record::Entry entry = proposal(index, 1, record::Precedence::kRoutine);
    std::vector<wire::Frame> together;
    for (int i = 0; i < 2; ++i) together.push_back(to_frame(write(entry, log_.size())));
    send(together);
    settle();
    if (found_out().size() != before + 1) violation("of two proposals under one signature not one was found out");
    expect_proposed({index}, "what came twice at once");
  });
}

// As a FLASH ahead of a missing entry.
void Hostile::propose_again_ahead() {
  on_accord_line([&] {
    const std::size_t before = found_out().size();
    const std::uint64_t index = log_.size();
    const record::Entry entry = proposal(index, 1, record::Precedence::kFlash);
    send({to_frame(write(entry, index))});
    const record::WireEntry missing = write(proposal(index + 1, 1, record::Precedence::kRoutine), index + 1);
    const record::WireEntry again = ahead_of_one(entry, record::Precedence::kRoutine);
    send({to_frame(again)});
    settle();
    if (found_out().size() != before + 1) violation("a proposal that came again ahead of its place was not found out");
    expect_proposed({index}, "what came again ahead of its place");
    send({to_frame(missing), to_frame(again)});
    settle();
    if (found_out().size() != before + 1) violation("a proposal that came again ahead of its place was found out twice");
    expect_proposed({index + 1}, "what came again ahead of its place, and what it was ahead of,");
  });
}

// First as a FLASH ahead of its place, then before that place.
void Hostile::propose_ahead_and_again(bool restart) {
  on_accord_line([&] {
    const std::size_t before = found_out().size();
    const std::uint64_t index = log_.size();
    record::Entry entry = proposal(index, 1, record::Precedence::kRoutine);
    const record::WireEntry again = write(entry, index);
    entry.header.precedence = record::Precedence::kFlash;
    const record::WireEntry first = ahead_of_one(entry, record::Precedence::kRoutine);
    send({to_frame(first)});
    settle();
    if (proposed().size() != proposed_.size() + 1) violation("what was proposed ahead of its place does not count");
    if (restart) start_honest(false);
    send({to_frame(again), to_frame(first)});
    settle();
    if (found_out().size() != before + 1) violation("of two proposals under one signature, the first ahead of its place, not one was found out");
    expect_proposed({index + 1}, "what came ahead of its place and again");
  });
}

// An officer whose machine went back may sign another text under a counter that he had used; that one counts once, too.
void Hostile::propose_another_twice() {
  on_accord_line([&] {
    const std::uint64_t index = log_.size();
    send({to_frame(write(proposal(index, 1, record::Precedence::kRoutine), index))});
    for (int i = 0; i < 2; ++i) send({to_frame(write(proposal(index, 2, record::Precedence::kRoutine), log_.size()))});
    settle();
    expect_proposed({index, index + 1}, "another text under a counter that was used");
  });
}

// `times`: in fours. Nobody looks at these signatures before they are found out, so each costs it nothing.
Hostile::Report Hostile::repeat_a_counter(std::size_t times) {
  begin();
  on_accord_line([&] {
    const auto show = [&](std::size_t i) {
      record::Entry entry = proposal(1, 0, record::Precedence::kRoutine);
      if (i % (times / 4) != 0) entry.header.kind = record::kMessage;  // a book of many proposals is slow
      for (std::size_t at = 0; at < 8; ++at) entry.signatures.front().signature[at] = static_cast<std::uint8_t>(i >> (8 * at));
      send({to_frame(write(std::move(entry), log_.size()))});
      settle();
    };
    for (std::size_t i = 0; i < times; ++i) show(i);
    if (proposed().size() != 4) violation("of so many proposals not all were taken");
    for (const std::size_t again : {std::size_t{0}, times / 2, times - 1, times}) {
      const std::uint64_t before = honest_.store.rows_read();
      show(again);
      if (const std::uint64_t rows = honest_.store.rows_read() - before; rows > kRowsMost)
        violation("one entry had " + std::to_string(rows) + " rows read");
    }
    if (proposed().size() != 5) violation("what came again is proposed again");
    // The evidence; each entry for what came first, for what it is, and for the registers, since some count for nothing.
    const std::uint64_t before = honest_.store.rows_read();
    start_honest(false);
    if (const std::uint64_t rows = honest_.store.rows_read() - before; rows > 4 * (times + 20))
      violation("a start had " + std::to_string(rows) + " rows read");
    if (proposed().size() != 5) violation("what came again is proposed again, after a start");
  });
  return report_;
}

}  // namespace detente::sim
