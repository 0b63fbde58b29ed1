// Story: how it must have ended, from both stores.
#include <algorithm>

#include "line/restoration.h"
#include "line/watch_acts.h"
#include "sim/story.h"

namespace detente::sim {

namespace {

using line::RestorationEnd;
using record::Whose;

constexpr std::uint32_t kClockSteps = 30;    // seconds that a station's clock may have been set by, all together
constexpr std::uint32_t kClocksApart = 240;  // that the two may differ by

std::string findings(const line::RestorationReport& report) {
  const char* const words[] = {" works both ways", ": nothing is heard", ": nothing of ours arrives"};
  std::string out;
  for (const line::ReportedPath& path : report.paths)
    out += " path " + std::to_string(path.path.value) + words[static_cast<std::size_t>(path.finding)];
  return out + "; of " + std::to_string(report.lines.size()) + " lines";
}

bool is_of(const record::Entry& entry, record::Kind kind) { return entry.header.kind == kind; }

}  // namespace

Story::Found Story::find(std::size_t index, LineId line, Whose whose, const core::Line::Pick& pick) const {
  Found out;
  const record::Store& store = nodes_[index]->store;
  for (const record::Reader::LogInfo& info : store.logs({pair_.lineage(), line})) {
    if (info.log.own != (whose == Whose::kAuthors)) continue;
    for (const record::StoredEntry& stored : store.entries(info.log, 0, info.size, info.size)) {
      auto entry = record::decode_entry(stored.bytes);
      if (entry && pick(*entry)) out.push_back({{whose, info.log.epoch, stored.index, stored.leaf}, std::move(*entry)});
    }
  }
  return out;
}

void Story::check_end() {
  for (std::size_t index = 0; index < 2; ++index) {
    Node& node = *nodes_[index];
    if (!node.station) return violation("a station is down after all was healed");
    node.check_converged(lines_);
    node.check_registers(lines_);
    if (!closed_lines(index).empty()) violation(std::string(Pair::name(index)) + " shows a line cut at the end");
  }
  if (!report_.violations.empty()) return;  // what follows would say the same in other words
  for (std::size_t index = 0; index < 2; ++index) {
    check_cut(index);
    for (std::size_t author = 0; author < 2; ++author) check_silence(index, author);
    check_calls(index);
    check_reports(index);
    check_releases(index);
  }
  for (const Wanted& letter : letters_)
    if (!letter.number) violation("a letter was not written");
  if (out_.into_silence == 0) violation("no station tried to reach the other in the silence");
}

Whose Story::of(std::size_t author, std::size_t seen_from) { return author == seen_from ? Whose::kAuthors : Whose::kOthers; }

// Every line's cut stands in both records with its reason and its hour, and ended by a restoration.
void Story::check_cut(std::size_t index) {
  const std::string name = Pair::name(index);
  const Found acts = find(index, kAccordLine, of(kNorth, index), [](const record::Entry& entry) {
    const auto act = line::parse_register_body(entry.body);
    return is_of(entry, record::kRegister) && act && act->cut;
  });
  if (acts.size() != 1) return violation(name + " has " + std::to_string(acts.size()) + " cuts of north's on record, not one");
  const auto act = line::parse_register_body(acts.front().second.body);
  if (act->lines().size() + 1 != lines_ || act->cut->effective != effective_ || act->cut->reason != reason())
    violation(name + " has another cut on record than was announced");
  for (std::uint16_t i = 1; i < lines_; ++i) {
    const core::Register& norths = peer(index).registers().of(of(kNorth, index), LineId{i});
    const bool as_announced = norths.cuts.size() == 1 && norths.cuts[0].effective == effective_ && norths.cuts[0].reason == reason();
    if (!as_announced || norths.cuts[0].ground != line::ClearGround::kRestored)
      violation(name + " shows another cut of line " + std::to_string(i) + " than was announced and restored");
  }
}

// What the author wrote on a line while its own station had the cut in force must be in nobody's record.
void Story::check_silence(std::size_t index, std::size_t author) {
  for (std::uint16_t i = 1; i < lines_; ++i) {
    const core::Cut& cut = peer(author).registers().of(of(kNorth, author), LineId{i}).cuts.at(0);
    const std::uint32_t known = author == kNorth ? effective_->seconds : std::max(effective_->seconds, cut.noted.seconds);
    const std::uint32_t from = known + kClockSteps;
    const std::uint32_t to = cut.cleared->seconds - (author == kNorth ? kClockSteps : kClocksApart);
    const Found between = find(index, LineId{i}, of(author, index), [&](const record::Entry& entry) {
      return core::is_ordinary(entry.header) && entry.header.time.seconds >= from && entry.header.time.seconds < to;
    });
    if (!between.empty())
      violation(std::string(Pair::name(index)) + " has an ordinary entry of " + Pair::name(author) + "'s on line " +
                std::to_string(i) + " from between the cut and the restoration");
  }
}

// Called and answered before the cut and after the restoration.
void Story::check_calls(std::size_t index) {
  for (const auto& [deed, author] : {std::pair(line::CallDeed::kCalled, kSouth), std::pair(line::CallDeed::kAnswered, kNorth)})
    for (const std::uint8_t place : {std::uint8_t{0}, std::uint8_t{1}}) {
      const Found calls = find(index, kCalled, of(author, index), [deed = deed, place](const record::Entry& entry) {
        const auto act = line::parse_call_body(entry.body);
        return is_of(entry, record::kCheckCall) && act && act->deed == deed && act->place == place;
      });
      if (calls.empty()) violation(std::string(Pair::name(index)) + " lacks a check call or its answer");
    }
}

// South proposed again before any test, since the answer to its first proposal was still on its way by file (story seed
// 453): the newer agreement ends the older.
bool Story::agreed_twice(std::size_t index) {
  std::size_t proposals = 0;
  for (const auto& [at, entry] : find(index, kAccordLine, of(kSouth, index), [](const record::Entry&) { return true; })) {
    if (is_of(entry, record::kRestorationTest)) break;
    const auto proposal = line::parse_proposal_body(entry.body);
    if (is_of(entry, record::kProposal) && proposal && proposal->matter == line::Matter::kRestoration) ++proposals;
  }
  return proposals > 1;
}

// Each side's own, of how it ended and what works.
void Story::check_reports(std::size_t index) {
  const std::string name = Pair::name(index);
  for (std::size_t author = 0; author < 2; ++author) {
    const std::string authors = name + ": the report of " + Pair::name(author);
    const Found reports = find(index, kAccordLine, of(author, index), [](const record::Entry& entry) { return is_of(entry, record::kRestorationReport); });
    if (reports.empty()) violation(authors + " is not there");
    std::size_t open = 0;
    for (const auto& [at, entry] : reports) {
      const auto report = line::parse_restoration_report_body(entry.body);
      if (!report || report->end != RestorationEnd::kOpen) continue;
      ++open;
      // North may not have heard of that path in time, either; south never has.
      const bool named = report->paths.size() == 2 && report->paths[0].finding == line::PathFinding::kBothWays &&
                         (author == kSouth ? report->paths[1].finding == line::PathFinding::kNothingHeard
                                           : report->paths[1].finding != line::PathFinding::kBothWays);
      if (!named) violation(authors + " does not name the path that is dead in one direction, but" + findings(*report));
    }
    const bool opened_first = reports.size() == 1 && open == 1;
    if (!crashed_on_the_day_ && !agreed_twice(index) && !opened_first)
      violation(authors + " says that it took several tries, and no station had died");
    out_.restorations = std::max<std::uint64_t>(out_.restorations, reports.size());
  }
}

// Both texts as agreed, each once in its author's log, and by its author's clock not before the instant.
void Story::check_releases(std::size_t index) {
  const std::string name = Pair::name(index);
  for (const core::AgreedAnnouncement& one : peer(index).agreements().announcements())
    for (std::size_t author = 0; author < 2; ++author) {
      const core::Agreements::Released* released = peer(index).agreements().released(one.at, of(author, index));
      if (released == nullptr) {
        violation(name + " does not know that " + Pair::name(author) + " released its announcement");
        continue;
      }
      if (released->what.at < one.instant) violation(name + " has a release of " + Pair::name(author) + "'s from before the instant");
      if (released->what.text != text(author)) violation(name + " has another text of " + Pair::name(author) + "'s than was agreed");
      const auto files = releases_[author].find(one.at);
      if (files == releases_[author].end() || files->second.due_at != released->what.at)
        violation(name + " has another hour of " + Pair::name(author) + "'s release than its desk");
      out_.released += index == author ? 1 : 0;
    }
}

}  // namespace detente::sim
