#include "station/announcer.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "base/civil.h"
#include "io/os_clock.h"
#include "record/extract.h"
#include "station/hook_event.h"
#include "station/watch.h"
#include "wire/cbor.h"
#include "wire/text.h"

namespace detente::station {

namespace {

using record::Whose;
using Asks = core::Announcements::Asks;
using Stage = core::Announcements::Stage;
using What = core::AnnouncementChanged::What;

constexpr std::int64_t kClockLimit = 500'000;  // microseconds
constexpr std::size_t kSentKept = 4096;
// A clock is found out with a few questions; where they do not suffice, a person is asked, and seldom tried again.
constexpr std::size_t kQuestionsAtOnce = 12;
constexpr Duration kBetweenQuestions = std::chrono::seconds(1);
constexpr Duration kBetweenTries = std::chrono::minutes(10);
// So long the questions may take before a person is troubled.
constexpr std::uint32_t kAskPersonAfter = 20;
const char* const kAnnouncementAlarm = "announcement";
const char* const kLost = "announcement-lost";
// A text that is out later than this after it was due is late by that.
constexpr std::uint32_t kAtOnce = 1;
const char* const kAsks[] = {"", "restored", "clock", "late"};

// As a deed names it.
std::string whole_name(const core::Agreements& agreements, const line::ActPlace& at) {
  return (agreements.whose(at) == Whose::kAuthors ? "own-" : "far-") + to_hex(at.epoch) + "/" + std::to_string(at.index);
}

std::string asks_words(Asks why) {
  switch (why) {
    case Asks::kRestored:
      return ": this station's disk went back to an older copy since it was agreed on, and what was said then, a withdrawal or that the "
             "text is out, may be at the other side alone. Ask them";
    case Asks::kLate: return ", is more than a day late";
    case Asks::kClock: return ": this station's clock and theirs are not known to agree within half a second";
    case Asks::kNobody: break;
  }
  return "";
}

std::string compact_utc(WallTime time) {
  std::string out;
  for (const char c : format_utc(time))
    if (c != '-' && c != ':') out += c;
  return out;
}

// In whole milliseconds, outwards.
Json bounds_json(const std::optional<ClockBound::Bounds>& bounds) {
  if (!bounds) return Json();
  constexpr double kMs = 1000;
  return {{"low_ms", static_cast<std::int64_t>(std::floor(static_cast<double>(bounds->low_us) / kMs))},
          {"high_ms", static_cast<std::int64_t>(std::ceil(static_cast<double>(bounds->high_us) / kMs))}};
}

}  // namespace

std::string proposal_id(const core::Agreements& agreements, const line::ActPlace& at) {
  return (agreements.whose(at) == Whose::kAuthors ? "own-" : "far-") + std::to_string(at.index);
}

std::string proposal_name(const core::Agreements& agreements, const line::ActPlace& at) {
  const std::string id = proposal_id(agreements, at);
  if (!agreements.book().shares_index(at)) return id;
  return id.substr(0, 4) + to_hex(ByteView(at.epoch).first(4)) + "/" + std::to_string(at.index);
}

// ---- the clocks ----

std::optional<ClockBound::Bounds> Announcer::clock_bounds(PeerId peer) const {
  const auto clock = clocks_.find(peer);
  if (clock == clocks_.end()) return std::nullopt;
  return clock->second.bound.bounds(running_.driver->now().mono);
}

bool Announcer::clocks_agree(PeerId peer) const {
  const auto bounds = clock_bounds(peer);
  return bounds && bounds->farthest_us() <= kClockLimit;
}

bool Announcer::clock_known(PeerId peer) {
  if (!clocks_agree(peer)) return false;
  clocks_[peer].agreed = clock_bounds(peer);
  return true;
}

void Announcer::note_sent(const core::EntryPlaced& event) {
  sent_[{event.peer, event.line, event.epoch, event.index}] = io::os_wall_micros();
  while (sent_.size() > kSentKept) sent_.erase(sent_.begin());
}

void Announcer::note_receipt(const core::ReceiptVerified& event) {
  if (!event.signed_at || event.size == 0) return;
  const auto sent = sent_.find({event.peer, event.line, event.epoch, event.size - 1});
  if (sent == sent_.end()) return;
  Clock& clock = clocks_[event.peer];
  clock.bound.add({*event.signed_at, sent->second, io::os_wall_micros(), running_.driver->now().mono});
  sent_.erase(sent);
}

// A circuit test draws a receipt, and the receipt says by their clock when it was signed.
void Announcer::find_clock_out(const Counterpart& counterpart) {
  Clock& clock = clocks_[counterpart.peer];
  const Instant now = running_.driver->now().mono;
  if (clock.asking || clocks_agree(counterpart.peer) || !peer(counterpart).link().ready()) return;
  if (clock.asked >= kQuestionsAtOnce && now - clock.last < kBetweenTries) return;
  if (clock.asked > 0 && now - clock.last < kBetweenQuestions) return;
  if (clock.asked >= kQuestionsAtOnce) clock.asked = 0;
  clock.asking = true;
  running_.driver->after(clock.bound.ask_in(now, io::os_wall_micros()), [this, peer = counterpart.peer] {
    Clock& then = clocks_[peer];
    then.asking = false;
    then.last = running_.driver->now().mono;
    ++then.asked;
    record::Entry entry;
    entry.header.line = kAccordLine;
    entry.header.kind = record::kCircuitTest;
    entry.header.entry_class = record::EntryClass::kTest;
    entry.header.body_form = record::BodyForm::kCbor;
    entry.header.time = running_.driver->now().wall;
    entry.body = wire::CborWriter().null().take();
    if (const auto done = running_.driver->submit(peer, kAccordLine, std::move(entry)); !done)
      log_.warn("the other station's clock is not asked for: {}", done.error().message);
  });
}

// ---- what happens ----

void Announcer::on_event(const core::DeskEvent& event) {
  if (const auto* placed = std::get_if<core::EntryPlaced>(&event)) return note_sent(*placed);
  if (const auto* receipt = std::get_if<core::ReceiptVerified>(&event)) return note_receipt(*receipt);
  const auto* changed = std::get_if<core::AnnouncementChanged>(&event);
  if (changed == nullptr) return;
  const Counterpart& counterpart = *running_.counterparts[changed->peer.value];
  // Not from within the core's own call.
  if (changed->what == What::kDue)
    return running_.driver->post([this, &counterpart, at = changed->at] { release_now(counterpart, at); });
  if (const auto& agreed = clocks_[changed->peer].agreed; agreed && changed->what == What::kArmed)
    armed_with_.insert_or_assign(changed->at, *agreed);
  const std::string id = proposal_name(peer(counterpart).agreements(), changed->at);
  log_.info("{}: announcement {}: {}", counterpart.name(), id, changed->what == What::kArmed ? "armed" : "the clock is looked at");
  running_.events.add_told({{"event", "announcement"},
                            {"counterpart", counterpart.name()},
                            {"id", id},
                            {"state", changed->what == What::kArmed ? "armed" : "not armed"}},
                           running_.driver->now().wall);
}

void Announcer::tick() {
  for (const auto& counterpart : running_.counterparts) look_at(*counterpart);
  drop_texts();
}

void Announcer::look_at(const Counterpart& counterpart) {
  const core::Peer& peer = this->peer(counterpart);
  const WallTime now = running_.driver->now().wall;
  std::string words;
  bool any = false;
  for (const core::AgreedAnnouncement& one : peer.agreements().announcements()) {
    const core::Announcements::State state = peer.announcements().state(one.at);
    // Its files could not be written: tried again, whatever stood in the way.
    if (state.stage == Stage::kDue) release_now(counterpart, one.at);
    if (state.asks == Asks::kNobody) {
      asks_since_.erase(one.at);
      continue;
    }
    any = true;
    const WallTime since = asks_since_.emplace(one.at, now).first->second;
    if (now.seconds < since.seconds + kAskPersonAfter && now < one.instant) continue;
    const std::string name = counterpart.name() + "/" + proposal_name(peer.agreements(), one.at);
    words = "announcement " + name + ", agreed for " + format_utc(one.instant) + asks_words(state.asks) +
            ". Nothing is released before a person says so: detente announce release " + name + " --as OFFICER";
  }
  drop_taken_back(counterpart);
  if (any) find_clock_out(counterpart);
  if (!words.empty()) running_.watch->ask_person(counterpart.name(), kAnnouncementAlarm, words);
  else if (!any) running_.watch->ask_no_more(counterpart.name(), kAnnouncementAlarm);
}

// What was withdrawn while it could not be put out is not tried any more.
void Announcer::drop_taken_back(const Counterpart& counterpart) {
  const core::Peer& peer = this->peer(counterpart);
  const auto agreed = peer.agreements().announcements();
  const auto tried = [&](const line::ActPlace& at) {
    const bool is_agreed = std::any_of(agreed.begin(), agreed.end(), [&](const auto& one) { return one.at == at; });
    return is_agreed && !peer.announcements().state(at).taken_back;
  };
  const auto of_this_peer = [&](const auto& one) { return peer.agreements().book().find(one.first) != nullptr; };
  if (std::erase_if(not_out_, [&](const auto& one) { return of_this_peer(one) && !tried(one.first); }) > 0)
    running_.watch->ask_no_more(counterpart.name(), kLost);
}

// ---- a person's word ----

Result<line::ActPlace> Announcer::waiting(const Counterpart& counterpart, const Word& word) const {
  const core::Peer& peer = this->peer(counterpart);
  std::vector<line::ActPlace> found;
  for (const core::AgreedAnnouncement& one : peer.agreements().announcements()) {
    const auto text = peer.agreements().announced_text(one.at, Whose::kAuthors);
    const auto stage = peer.announcements().state(one.at).stage;
    const bool due = stage == Stage::kDue || stage == Stage::kReleased;
    if (!text || to_hex(*text) != word.digest || due) continue;
    if (word.proposal.empty() || word.proposal == whole_name(peer.agreements(), one.at)) found.push_back(one.at);
  }
  if (found.size() == 1) return found.front();
  if (found.empty())
    return fail(Fault::kState, "no announcement with this text is agreed on and waits; `detente announce show` says what became of it");
  // One text may be agreed on for two hours.
  return fail(Fault::kConflict, "several announcements with this text wait, and the deed does not say which it releases: sign it with the "
                                "`detente` of this version (detente announce release)");
}

Result<void> Announcer::check_release(const Counterpart& counterpart, const Word& word) const {
  DETENTE_TRY_VOID(waiting(counterpart, word));
  return {};
}

Result<void> Announcer::release(const Counterpart& counterpart, const Word& word) {
  DETENTE_TRY(at, waiting(counterpart, word));
  return running_.driver->release_announcement(counterpart.peer, at);
}

// ---- release ----

Result<Bytes> Announcer::evidence_for(const Counterpart& counterpart, const line::ActPlace& at) const {
  const core::Agreements& agreements = peer(counterpart).agreements();
  const auto accepted = agreements.book().accepted_at(at);
  if (!accepted) return fail(Fault::kState, "nothing of it was accepted");
  std::vector<record::ExtractChoice> choices;
  for (const line::ActPlace& place : {at, *accepted}) {
    const core::Line& accord = running_.line(counterpart.peer, kAccordLine);
    record::LogKey log = agreements.whose(place) == Whose::kAuthors ? accord.own().key() : accord.far().key();
    log.epoch = place.epoch;
    choices.push_back({log, place.index});
  }
  const Lineage accords = counterpart.lineage();
  return record::make_extract(*running_.store, {accords, &running_.own_roster, &counterpart.roster}, choices);
}

io::Path Announcer::base_of_files(const Counterpart& counterpart, const line::ActPlace& at) const {
  const core::Agreements& agreements = peer(counterpart).agreements();
  return running_.dir.announcements_dir() / (counterpart.name() + "-" + proposal_id(agreements, at) + "-" + to_hex(ByteView(at.epoch).first(4)) +
                                             "-" + compact_utc(*agreements.book().find(at)->instant));
}

// The text itself comes last: where it is, everything beside it is.
Result<std::string> Announcer::write_files(const Counterpart& counterpart, const line::ActPlace& at, const KeptText& kept) {
  const core::Agreements& agreements = peer(counterpart).agreements();
  const line::Proposal& proposal = *agreements.book().find(at);
  DETENTE_TRY(what, record::parse_announcement_content(proposal.content));
  const io::Path base = base_of_files(counterpart, at);
  DETENTE_TRY_VOID(io::make_directory(running_.dir.announcements_dir()));
  const auto write_text = [&]() -> Result<std::string> {
    const io::Path text = base.string() + ".txt";
    DETENTE_TRY_VOID(io::write_file(text, as_bytes(kept.text), io::kPublicMode));
    return text.string();
  };
  auto evidence = evidence_for(counterpart, at);
  if (!evidence) {
    log_.error("{}: the evidence beside a released text was not written: {}", counterpart.name(), evidence.error().message);
    return write_text();
  }
  const bool one_text = what.mode == record::AnnouncementMode::kIdentical;
  const record::ReleaseFile file{running_.dir.name(),
                                 what.core,
                                 what.mode,
                                 *proposal.instant,
                                 peer(counterpart).announcements().state(at).due_at,
                                 *agreements.announced_text(at, Whose::kAuthors),
                                 one_text ? std::nullopt : agreements.announced_text(at, Whose::kOthers),
                                 kept.salt,
                                 std::move(*evidence),
                                 kept.text};
  DETENTE_TRY_VOID(io::write_file(base.string() + ".release", record::write_release_file(file), io::kPublicMode));
  return write_text();
}

void Announcer::release_now(const Counterpart& counterpart, const line::ActPlace& at) {
  const core::Peer& peer = this->peer(counterpart);
  const core::Announcements::State state = peer.announcements().state(at);
  const auto digest = peer.agreements().announced_text(at, Whose::kAuthors);
  if (state.stage != Stage::kDue || !digest) return;
  std::error_code none;
  const bool here = std::filesystem::is_regular_file(base_of_files(counterpart, at).string() + ".txt", none);
  if (state.taken_back && !here) return;
  // It was due when it could not be put out, or when this station died: what is read of it says when it was out.
  if (state.due_at.seconds + kAtOnce < running_.driver->now().wall.seconds && !here)
    return running_.driver->announcement_due_again(counterpart.peer, at);
  const std::string id = proposal_name(peer.agreements(), at);
  const auto kept = kept_text(*digest);
  const auto file = kept ? write_files(counterpart, at, *kept) : tl::unexpected<Error>(kept.error());
  if (!file) {
    not_out_[at] = file.error().message;
    return running_.watch->ask_person(counterpart.name(), kLost,
                                      "announcement " + counterpart.name() + "/" + id + " is due and IS NOT OUT: " + file.error().message +
                                          ". It is tried again every second; make room or mend that place, or detente announce withdraw " +
                                          counterpart.name() + "/" + id + " --as OFFICER");
  }
  not_out_.erase(at);
  running_.watch->ask_no_more(counterpart.name(), kLost);
  const WallTime instant = *peer.agreements().book().find(at)->instant;
  const std::uint32_t late = state.due_at.seconds - std::min(state.due_at, instant).seconds;
  const Json facts{{"announcement", id}, {"instant", instant.seconds}, {"released", state.due_at.seconds}, {"late_s", late}, {"file", *file}};
  const std::string words = "released announcement " + counterpart.name() + "/" + id + ", agreed for " + format_utc(instant) +
                            (late == 0 ? ", at its instant" : ", " + std::to_string(late) + " seconds LATE") + ": " + *file;
  log_.warn("{}: {}", counterpart.name(), words);
  Json told{{"event", "announcement"}, {"counterpart", counterpart.name()}, {"id", id}, {"state", "released"}};
  told.update(facts);
  running_.events.add_told(std::move(told), running_.driver->now().wall);
  const accord::Annex* accord = counterpart.accord.annex(kAccordLine);
  running_.watch->on_release(counterpart.name(), facts,
                             {HookOn::kAnnouncement, 0, late == 0 ? "released" : "released-late", running_.station_id, counterpart.name(),
                              accord == nullptr ? "accord" : accord->name, words, state.due_at, *file});
  running_.driver->announcement_released(counterpart.peer, at);
}

// ---- what is shown ----

Json Announcer::json(const Counterpart& counterpart, const line::ActPlace& at) const {
  const core::Peer& peer = this->peer(counterpart);
  const core::Agreements& agreements = peer.agreements();
  const line::Proposal* proposal = agreements.book().find(at);
  const auto what = proposal == nullptr ? std::nullopt
                                        : std::optional(record::parse_announcement_content(proposal->content));
  if (!what || !*what) return Json();
  const core::Announcements::State state = peer.announcements().state(at);
  const bool agreed = agreements.book().outcome(at)->state == line::ProposalState::kAccepted;
  const bool out = state.stage == Stage::kReleased;
  const auto not_out = not_out_.find(at);
  const auto armed = armed_with_.find(at);
  const auto text_json = [&](Whose whose) {
    const auto digest = agreements.announced_text(at, whose);
    const core::Agreements::Released* released = agreements.released(at, whose);
    Json json{{"digest", digest ? Json(to_hex(*digest)) : Json()}, {"released", Json()}, {"late_s", Json()}};
    std::optional<WallTime> when;
    if (released != nullptr) when = released->what.at;
    if (whose == Whose::kAuthors && out) when = state.due_at;
    if (when) {
      json["released"] = when->seconds;
      if (proposal->instant) json["late_s"] = std::int64_t{when->seconds} - proposal->instant->seconds;
    }
    return json;
  };
  const auto own = agreements.announced_text(at, Whose::kAuthors);
  return {{"core", wire::display_line((*what)->core)},
          {"mode", record::to_string((*what)->mode)},
          {"complete", (*what)->complete()},
          {"state", out ? "released" : state.stage == Stage::kDue ? "due" : !agreed ? "not agreed" : state.asks != Asks::kNobody ? "asks a person" : state.stage == Stage::kNone ? "not armed" : "armed"},
          {"ours", text_json(Whose::kAuthors)},
          {"theirs", text_json(Whose::kOthers)},
          {"text_kept", own && kept_text(*own).has_value()},
          {"release_crossed", agreements.release_crossed(at)},
          {"asks", state.asks == Asks::kNobody ? Json() : Json(kAsks[static_cast<std::size_t>(state.asks)])},
          {"not_out", not_out == not_out_.end() ? Json() : Json(wire::display_line(not_out->second))},
          {"restored", state.restored},
          {"clock_known", clocks_agree(counterpart.peer)},
          {"clock_bounds", bounds_json(clock_bounds(counterpart.peer))},
          {"armed_with", armed == armed_with_.end() ? Json() : bounds_json(armed->second)}};
}

}  // namespace detente::station
