// Story: what the persons of both sides do, by what their own station shows.
#include <algorithm>

#include "line/restoration.h"
#include "line/watch_acts.h"
#include "sim/story.h"

namespace detente::sim {

namespace {

using line::Matter;
using record::Whose;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::uint16_t kLinesToCut = 5;
constexpr Duration kWriteAgain = minutes(1);       // what was not taken within it died with the station
constexpr std::uint32_t kAheadByPath = 20 * 60;    // seconds to an agreed instant
constexpr std::uint32_t kAheadByFile = 4 * 3600;
constexpr std::uint32_t kWindow = line::kRestorationSeconds + 300;
constexpr std::uint32_t kDeskComes = 64 * 60;      // after the instant: 11:04
constexpr std::uint32_t kWordsAfterOpening = 3600;
constexpr std::uint32_t kClockBack = 30;           // that a clock may have been set back by since
constexpr const char* kReason = "The authorities who connived at the hostile acts will regret it.";

bool is_proposal_of(const record::Entry& entry, Matter matter) {
  const auto proposal = line::parse_proposal_body(entry.body);
  return entry.header.kind == record::kProposal && proposal && proposal->matter == matter;
}

}  // namespace

const char* Story::reason() { return kReason; }

Digest Story::text(std::size_t index) {
  return record::announced_text_digest({}, as_bytes(index == kSouth ? "South says." : "North says."));
}

// --- what is shown -----------------------------------------------------------------

std::vector<LineId> Story::closed_lines(std::size_t index) const {
  std::vector<LineId> out;
  for (std::uint16_t i = 1; i <= kLinesToCut; ++i)
    if (peer(index).registers().closed_media(LineId{i}) != 0) out.push_back(LineId{i});
  return out;
}

bool Story::reopened(std::size_t index, LineId line) const {
  const core::Registers& registers = peer(index).registers();
  const core::Register& norths = registers.of(index == kNorth ? Whose::kAuthors : Whose::kOthers, line);
  return registers.closed_media(line) == 0 && !norths.cuts.empty() && norths.cuts.back().ground == line::ClearGround::kRestored;
}

bool Story::waits(std::size_t index, const core::Line::Pick& pick) const {
  return peer(index).line(kAccordLine)->any_waiting(pick);
}

std::optional<record::Reference> Story::reference_to(std::size_t index, const line::ActPlace& at) const {
  const Whose whose = peer(index).agreements().whose(at);
  const core::Line& accord = *peer(index).line(kAccordLine);
  record::LogKey log = whose == Whose::kAuthors ? accord.own().key() : accord.far().key();
  log.epoch = at.epoch;
  const auto found = nodes_[index]->store.entries(log, at.index, at.index + 1, 1);
  if (found.empty()) return std::nullopt;
  return record::Reference{whose, at.epoch, at.index, found.front().leaf};
}

// Those of a side that can still be accepted.
std::vector<line::ActPlace> Story::offers(std::size_t index, Whose whose, Matter matter) const {
  const core::Agreements& agreements = peer(index).agreements();
  std::vector<line::ActPlace> out;
  for (const line::ActPlace& at : agreements.book().proposals()) {
    const line::Proposal* proposal = agreements.book().find(at);
    if (agreements.whose(at) != whose || proposal->matter != matter) continue;
    const bool open = agreements.book().outcome(at)->state == line::ProposalState::kOffered;
    if (open && proposal->instant && *proposal->instant > now(*nodes_[index]).wall) out.push_back(at);
  }
  return out;
}

// --- words ---------------------------------------------------------------------------

void Story::act_on_what_is_shown(std::size_t index) {
  write_letters(index);
  call(index);
  if (index == kSouth) {
    seek_restoration();
    seek_announcement();
  } else {
    answer_restoration();
    counter_announcement();
  }
  speak_at_desk(index);
  write_first_words(index);
}

// Refused where the station shows the line closed, and taken where it does not.
void Story::write_somewhere(std::size_t index) {
  Node& node = *nodes_[index];
  record::Entry entry;
  entry.header.line = LineId{static_cast<std::uint16_t>(1 + random_.below(kLinesToCut))};
  entry.header.precedence = static_cast<record::Precedence>(random_.below(4));
  if (!node.station) return;
  const LineId line = entry.header.line;
  const bool closed = peer(index).registers().closed_media(line) != 0;
  const bool taken = submit(index, std::move(entry)).has_value();
  if (taken == closed)
    violation(std::string(Pair::name(index)) + (closed ? " takes a message on a line that it shows cut" : " refuses a message on an open line"));
  if (closed && !taken) ++out_.tries;
}

bool Story::is_written(std::size_t index, const Wanted& wanted) const {
  return wanted.number && (nodes_[index]->has_taken(*wanted.number) || time_ - wanted.written_at < kWriteAgain.count());
}

void Story::write(std::size_t index, LineId line, Wanted& wanted) {
  if (is_written(index, wanted)) return;
  record::Entry entry;
  entry.header.line = line;
  wanted = {submit(index, std::move(entry)), time_};
}

void Story::write_letters(std::size_t index) {
  if (!silent_since_ || time_ - *silent_since_ < silence_.count()) return;
  const Wanted& souths = letters_[kSouth];
  if (index == kNorth && !(souths.number && nodes_[kSouth]->has_arrived(*souths.number))) return;
  write(index, kAccordLine, letters_[index]);
}

void Story::write_first_words(std::size_t index) {
  for (std::uint16_t i = 1; i <= kLinesToCut; ++i)
    if (reopened(index, LineId{i})) write(index, LineId{i}, first_words_[{index, LineId{i}}]);
}

// South calls in the morning, and again when the line is restored; north answers what it has not answered.
void Story::call(std::size_t index) {
  const bool again = reopened(index, kCalled);
  if (!again && silent_since_) return;
  const auto of = [again](line::CallDeed deed) {
    return [again, deed](const record::Entry& entry) {
      const auto act = line::parse_call_body(entry.body);
      return entry.header.kind == record::kCheckCall && act && act->deed == deed && act->place == (again ? 1 : 0);
    };
  };
  const auto deed = index == kSouth ? line::CallDeed::kCalled : line::CallDeed::kAnswered;
  if (call_done_[index] == (again ? 2 : 1)) return;
  if (!find(index, kCalled, Whose::kAuthors, of(deed)).empty()) {
    call_done_[index] = again ? 2 : 1;
    return;
  }
  record::Entry entry;
  entry.header.line = kCalled;
  entry.header.kind = record::kCheckCall;
  if (index == kNorth) {
    const Found calls = find(index, kCalled, Whose::kOthers, of(line::CallDeed::kCalled));
    if (calls.empty()) return;
    entry.header.references = {calls.front().first};
  }
  if (peer(index).line(kCalled)->any_waiting(of(deed)) || peer(index).registers().closed_media(kCalled) != 0) return;
  entry.body = line::call_body({deed, now(*nodes_[index]).wall.seconds / 86'400, static_cast<std::uint8_t>(again ? 1 : 0), ""});
  sign(index, std::move(entry));
}

// --- cut and restoration -----------------------------------------------------------

void Story::announce_cut() {
  Node& node = *nodes_[kNorth];
  const auto again = [this] { announce_cut(); };
  if (!node.station) return schedule(minutes(1), again);
  // Until it is on the disk: a crash may have taken it.
  if (peer(kNorth).registers().own(LineId{1}).open_cut() != nullptr) return plan_the_hour();
  line::CutAct cut;
  for (std::uint16_t i = 1; i <= kLinesToCut; ++i) cut.lines.push_back({LineId{i}, 1});
  cut.effective = effective_ = WallTime{now(node).wall.seconds + 3600};
  cut.reason = kReason;
  cut.dark = dark_;
  if (!act(kNorth, record::kRegister, line::cut_body(cut))) violation("north cannot announce its cut");
  schedule(seconds(10), again);
}

// Of what is closed, when there is nothing under way that may open it.
void Story::seek_restoration() {
  const std::vector<LineId> closed = closed_lines(kSouth);
  const bool answered = letters_[kNorth].number && nodes_[kNorth]->has_arrived(*letters_[kNorth].number);
  if (closed.empty() || !answered) return;
  const std::uint32_t wall = now(*nodes_[kSouth]).wall.seconds;
  for (const core::AgreedRestoration& one : peer(kSouth).agreements().restorations())
    if (one.instant.seconds + kWindow > wall) return;
  if (!offers(kSouth, Whose::kAuthors, Matter::kRestoration).empty()) return;
  if (waits(kSouth, [](const record::Entry& entry) { return is_proposal_of(entry, Matter::kRestoration); })) return;
  line::Proposal proposal;
  proposal.matter = Matter::kRestoration;
  std::vector<line::RestoredLine> lines;
  for (const LineId line : closed) lines.push_back({line, line::kAllMedia});
  proposal.content = line::restoration_content(lines);
  proposal.instant = WallTime{wall + (peer(kSouth).link().up() ? kAheadByPath : kAheadByFile)};
  act(kSouth, record::kProposal, line::proposal_body(proposal));
}

void Story::accept(std::size_t index, const line::ActPlace& at) {
  const auto reference = reference_to(index, at);
  const auto same = [&](const record::Entry& entry) {
    return entry.header.kind == record::kProposalAnswer && peer(index).agreements().target(Whose::kAuthors, entry.header) == at;
  };
  if (reference && !waits(index, same))
    act(index, record::kProposalAnswer, line::answer_body({line::AnswerAct::kAccept, ""}), {*reference});
}

void Story::answer_restoration() {
  for (const line::ActPlace& at : offers(kNorth, Whose::kOthers, Matter::kRestoration)) accept(kNorth, at);
}

// Somebody comes to the liaison's desk an hour later than the machines, and says how he reads the other side.
void Story::speak_at_desk(std::size_t index) {
  if (!peer(index).restorations().restoring(kLiaison)) return;
  for (const core::RestorationRun& run : peer(index).restorations().runs()) {
    const line::ActPlace& at = run.agreement.at;
    if (run.end || now(*nodes_[index]).wall.seconds < run.agreement.instant.seconds + kDeskComes) continue;
    if (peer(index).agreements().desk_spoke(at, Whose::kAuthors, kLiaison)) continue;
    const auto reference = reference_to(index, at);
    if (!reference || waits(index, [](const record::Entry& entry) { return entry.header.kind == record::kRestorationTest && !entry.signatures.empty(); }))
      continue;
    record::Entry entry;
    entry.header.kind = record::kRestorationTest;
    entry.header.entry_class = record::EntryClass::kTest;
    entry.header.references = {*reference};
    entry.body = line::restoration_test_body({line::RestorationTestOf::kDesk, {kLiaison}, "read you well"});
    sign(index, std::move(entry));
    return;
  }
}

// --- the announcement ----------------------------------------------------------------

// South drafts with its own text, north counters with both, south accepts: each side's station then has both in signed words.
void Story::seek_announcement() {
  for (const line::ActPlace& at : offers(kSouth, Whose::kOthers, Matter::kAnnouncement)) accept(kSouth, at);
  const auto restorations = peer(kSouth).agreements().restorations();
  const bool on_its_way = !offers(kSouth, Whose::kOthers, Matter::kAnnouncement).empty() ||
                          !offers(kSouth, Whose::kAuthors, Matter::kAnnouncement).empty() ||
                          !peer(kSouth).agreements().announcements().empty();
  if (restorations.empty() || on_its_way) return;
  const std::uint32_t opening = restorations.back().instant.seconds;
  propose_announcement(kSouth, WallTime{std::max(opening + kWordsAfterOpening, now(*nodes_[kSouth]).wall.seconds + kAheadByPath)}, {});
}

void Story::counter_announcement() {
  for (const line::ActPlace& at : offers(kNorth, Whose::kOthers, Matter::kAnnouncement))
    propose_announcement(kNorth, *peer(kNorth).agreements().book().find(at)->instant, at);
}

void Story::propose_announcement(std::size_t index, WallTime instant, const std::optional<line::ActPlace>& in_place_of) {
  if (waits(index, [](const record::Entry& entry) { return is_proposal_of(entry, Matter::kAnnouncement); })) return;
  record::Announcement what;
  what.core = "The lines are open again.";
  what.mode = record::AnnouncementMode::kUnseen;
  what.text = text(index);
  std::vector<record::Reference> references;
  if (in_place_of) {
    const auto reference = reference_to(index, *in_place_of);
    if (!reference) return;
    references = {*reference};
    what.other = text(1 - index);
  }
  line::Proposal proposal;
  proposal.matter = Matter::kAnnouncement;
  proposal.content = record::announcement_content(what);
  proposal.instant = instant;
  act(index, record::kProposal, line::proposal_body(proposal), std::move(references));
}

// What the station above does: it writes the files, and says so. A person is asked where the clocks are not known.
void Story::release(std::size_t index, const core::AnnouncementChanged& event) {
  using What = core::AnnouncementChanged::What;
  if (event.what == What::kAsks)
    schedule_for_life(index, draw_delay(minutes(1), minutes(10)), [this, at = event.at](Node& node) {
      static_cast<void>(node.station->release_announcement(now(node), PeerId{0}, at));
    });
  if (event.what != What::kDue) return;
  const std::string name = Pair::name(index);
  const WallTime due_at = peer(index).announcements().state(event.at).due_at;
  const line::Proposal* proposal = peer(index).agreements().book().find(event.at);
  if (proposal == nullptr || !proposal->instant) return violation(name + " releases what was not agreed");
  if (due_at < *proposal->instant || now(*nodes_[index]).wall.seconds + kClockBack < proposal->instant->seconds)
    violation(name + " releases its announcement before the instant");
  Release& here = releases_[index][event.at];
  if (here.life > 0 && here.due_at != due_at) violation(name + " releases one announcement at two hours");
  if (here.life == nodes_[index]->life) violation(name + " releases one announcement twice");
  here = {due_at, nodes_[index]->life};
  schedule_for_life(index, draw_delay(Duration{0}, seconds(1)), [this, index, at = event.at](Node& node) {
    node.station->announcement_released(now(node), PeerId{0}, at);
    crash_in_its_commits(index);
  });
}

bool Story::is_over() const {
  if (!the_day_) return false;
  for (std::size_t index = 0; index < 2; ++index) {
    if (!nodes_[index]->station || call_done_[index] != 2) return false;
    for (std::uint16_t i = 1; i <= kLinesToCut; ++i) {
      const auto words = first_words_.find({index, LineId{i}});
      if (!reopened(index, LineId{i}) || words == first_words_.end()) return false;
      if (!words->second.number || !nodes_[index]->has_arrived(*words->second.number)) return false;
    }
    const auto agreed = peer(index).agreements().announcements();
    if (agreed.empty()) return false;
    for (const core::AgreedAnnouncement& one : agreed)
      for (const Whose whose : {Whose::kAuthors, Whose::kOthers})
        if (peer(index).agreements().released(one.at, whose) == nullptr) return false;
  }
  return true;
}

}  // namespace detente::sim
