#include "station/amender.h"

#include <spdlog/spdlog.h>

#include "base/civil.h"
#include "record/blob.h"
#include "station/counterpart_sockets.h"
#include "station/schedules.h"
#include "station/watch.h"
#include "wire/text.h"

namespace detente::station {

namespace {

const char* const kAlarm = "accord-next";
constexpr Duration kTryAgain = std::chrono::minutes(1);
constexpr Duration kHalfWritten = std::chrono::seconds(5);  // so long a disk may take to write an accord's files
const char* const kTwoAlarm = "accord-two";
const char* const kShownAlarm = "accord-shown";
const char* const kOfEarlierRun = "?";  // an alarm of then may stand, and nobody knows yet whether its cause does

std::string called(const Counterpart& counterpart, std::uint32_t version) {
  return "version " + std::to_string(version) + " of the accord with " + counterpart.name();
}

std::string short_hex(const Digest& digest) { return to_hex(digest).substr(0, 16) + "..."; }

std::vector<LineId> lines_without(const accord::AccordInForce& next, const accord::AccordInForce& old) {
  std::vector<LineId> out;
  for (const auto& [id, annex] : old.annexes)
    if (next.annex(id) == nullptr) out.push_back(id);
  return out;
}

}  // namespace

// ---- what follows ----

// Everything that a start under it would ask for: a station shows no accord that it could not go on under.
Result<void> Amender::read_next(const Counterpart& counterpart, const AccordFiles& next, Held& held) {
  DETENTE_TRY(files, running_.dir.accord_files(counterpart.name()));
  if (!next.note.complete()) {
    const std::string& side = next.note.accord.sides[next.note.signed_by[0] ? 1 : 0].name;
    held.waits_for = "it is not signed by " + side + " yet";
    return {};
  }
  DETENTE_TRY_VOID(accord::check_successor(next.note, files.note));
  DETENTE_TRY(made, make_counterpart(running_.dir, running_.config, counterpart.config, next, coders_));
  DETENTE_TRY_VOID(accord::check_successor_lines(made->accord, counterpart.lineage()));
  DETENTE_TRY_VOID(accord::check_successor_roots(made->accord.accord, counterpart.lineage()));
  DETENTE_TRY(zones, check_schedules(next.note.accord, next.annexes));
  static_cast<void>(zones);
  DETENTE_TRY(bundle, bundle_of(next, files));
  if (running_.driver->now().wall < next.note.accord.not_before) {
    held.not_before = next.note.accord.not_before;
    held.waits_for = "it begins not before " + format_utc(held.not_before);
    return {};
  }
  if (const auto heard = hear_next(running_, counterpart, *made); !heard) {
    held.note.clear();  // read again: who has the port may let it go
    not_before_[counterpart.peer] = running_.driver->now().mono + kTryAgain;
    return heard;
  }
  held.waits_for.clear();
  held.made = std::move(made);
  held.shown = true;
  running_.driver->hold_successor(counterpart.peer, core::Successor{{held.version, held.digest}, std::move(bundle)});
  log_.warn("{} ({}) is signed by both sides and here: this station goes on under it as soon as {}'s says that it holds it, too",
            called(counterpart, held.version), short_hex(held.digest), counterpart.name());
  return {};
}

void Amender::look_at(Counterpart& counterpart) {
  const io::Path dir = running_.dir.successor_dir(counterpart.name(), counterpart.accord.accord.version + 1);
  std::string& told = told_.try_emplace(counterpart.peer, kOfEarlierRun).first->second;
  if (!io::exists(dir / "accord.note")) {
    if (!std::exchange(told, "").empty()) running_.watch->ask_no_more(counterpart.name(), kAlarm);
    return;
  }
  if (running_.driver->now().mono < not_before_[counterpart.peer]) return;
  Held& held = held_[counterpart.peer];
  const auto note = io::read_file(dir / "accord.note", accord::kAccordNoteMax);
  const bool now = held.not_before.seconds != 0 && running_.driver->now().wall >= held.not_before;
  if (note && *note == held.note && !now) return;
  std::string trouble;
  bool settled = true;
  const auto next = running_.dir.next_accord_files(counterpart.name());
  if (!next) {
    trouble = next.error().message;
    // Its files are written one after another, the note last: what does not fit yet may be half of them.
    const auto since = unread_since_.try_emplace(counterpart.peer, running_.driver->now().mono).first->second;
    settled = running_.driver->now().mono - since >= kHalfWritten;
  } else if (*next) {
    held = Held{note.value_or(Bytes()), {}, (*next)->note.accord.version, (*next)->note.digest, {}, false, nullptr};
    if (const auto read = read_next(counterpart, **next, held); !read) held.waits_for = trouble = read.error().message;
  }
  if (next) unread_since_.erase(counterpart.peer);
  if (!settled) return;
  if (trouble.empty() && !told.empty()) running_.watch->ask_no_more(counterpart.name(), kAlarm);
  if (!trouble.empty() && told != trouble) {
    log_.error("{}: the accord that follows cannot be used: {}", counterpart.name(), trouble);
    running_.watch->ask_person(counterpart.name(), kAlarm,
                               "the next accord with " + counterpart.name() + " cannot be used here, and the present one stays: " + trouble);
  }
  told = trouble;
}

// ---- what the other side's station shows ----

Result<bool> Amender::save_shown(const Counterpart& counterpart, const record::Attachment& files) {
  const record::BlobKey key{counterpart.accord.lineage, counterpart.name(), false, files.digest};
  const auto blob = running_.store->blob(key);
  if (!blob || blob->state != record::BlobState::kHere) return false;
  const auto bytes = running_.whole_document(key, line::kBundleMax);
  if (!bytes) return false;
  DETENTE_TRY(old, running_.dir.accord_files(counterpart.name()));
  DETENTE_TRY(next, files_of_bundle(*bytes, old));
  DETENTE_TRY_VOID(accord::check_successor(next.note, old.note));
  DETENTE_TRY_VOID(running_.dir.save_next_accord_files(counterpart.name(), next));
  log_.warn("{}: the other station shows {}, signed by both sides: it is in {}", counterpart.name(),
            called(counterpart, next.note.accord.version),
            running_.dir.successor_dir(counterpart.name(), next.note.accord.version).string());
  return true;
}

// Signed by both it proves itself, and stands above a draft that lies here.
void Amender::take_what_is_shown(const Counterpart& counterpart) {
  const auto held = held_.find(counterpart.peer);
  const bool shown = held != held_.end() && held->second.shown;
  const std::vector<core::Agreements::Adopted> theirs =
      running_.driver->station().peer(counterpart.peer).agreements().their_adoptions();
  std::vector<line::Adoption> others;
  for (const core::Agreements::Adopted& one : theirs) {
    if (one.what.version != counterpart.accord.accord.version + 1) continue;
    if (shown && one.what.accord != held->second.digest) others.push_back(one.what);
    if (shown || !one.files) continue;
    if (looked_at_[counterpart.peer].count(one.files->digest) > 0) continue;
    const Instant now = running_.driver->now().mono;
    if (now < not_before_[counterpart.peer]) continue;
    const auto saved = save_shown(counterpart, *one.files);
    if (saved && !*saved) continue;  // it is on its way
    std::string& told = told_shown_[counterpart.peer];
    const std::string trouble = saved ? "" : saved.error().message;
    if (!saved && saved.error().fault == Fault::kIo) not_before_[counterpart.peer] = now + kTryAgain;  // a full disk has room later
    else looked_at_[counterpart.peer].insert(one.files->digest);
    if (saved) held_.erase(counterpart.peer);
    if (told == trouble) continue;
    told = trouble;
    if (saved) {
      running_.watch->ask_no_more(counterpart.name(), kShownAlarm);
      continue;
    }
    log_.error("{}: an accord that the other station shows is not taken: {}", counterpart.name(), trouble);
    running_.watch->ask_person(counterpart.name(), kShownAlarm,
                               counterpart.name() + "'s station says that it holds the next accord, signed by both, and its files are not "
                                   "taken here: " + trouble + ". The present one stays. Ask them what they show; the files can come by "
                                   "hand, too: detente accord import DIR");
  }
  // In one alarm, whose words do not follow what is shown next: one for each would take turns at every tick.
  if (!others.empty())
    running_.watch->ask_person(counterpart.name(), kTwoAlarm,
                               "both sides have signed two accords of version " + std::to_string(others.front().version) + " with " +
                                   counterpart.name() + ": this station holds " + short_hex(held->second.digest) + ", theirs " +
                                   (others.size() > 1 ? "several others" : short_hex(others.front().accord)) +
                                   ". The present one stays until both hold the same: agree on one, and " +
                                   "where the other one lies import it: detente accord import DIR --replace");
  // What displaced another is looked at once more if it is shown again.
  std::erase_if(looked_at_[counterpart.peer], [&theirs](const Digest& digest) {
    return std::none_of(theirs.begin(), theirs.end(), [&](const auto& one) { return one.files && one.files->digest == digest; });
  });
}

void Amender::tick() {
  for (const auto& counterpart : running_.counterparts) {
    take_what_is_shown(*counterpart);
    look_at(*counterpart);
  }
}

void Amender::on_event(const core::DeskEvent& event) {
  if (const auto* due = std::get_if<core::AccordDue>(&event))
    running_.driver->post([this, due = *due] { go_on(due.peer, due.accord); });
  const auto* arrived = std::get_if<core::DocumentArrived>(&event);
  if (arrived != nullptr && arrived->line == kAccordLine) running_.driver->post([this] { tick(); });
}

// ---- from one to the next ----

void Amender::go_on(PeerId peer, const Digest& digest) {
  const auto found = held_.find(peer);
  if (found == held_.end() || !found->second.made || found->second.digest != digest) return;
  Held held = std::move(found->second);
  held_.erase(found);
  Counterpart& counterpart = *running_.counterparts[peer.value];
  const Instant began = running_.driver->now().mono;
  const std::uint32_t version = held.version;
  const auto done = change_over(counterpart, std::move(held));
  if (!done) {
    log_.error("{}: {}", counterpart.name(), done.error().message);
    running_.failed = done.error();
    return running_.driver->stop();
  }
  if (counterpart.accord.digest != digest) return;
  for (const char* kind : {kAlarm, kTwoAlarm, kShownAlarm}) running_.watch->ask_no_more(counterpart.name(), kind);
  told_[counterpart.peer].clear();
  told_shown_[counterpart.peer].clear();
  const std::int64_t took = (running_.driver->now().mono - began).count();
  log_.warn("this station goes on under {} ({}); the change took {} ms", called(counterpart, version), short_hex(digest),
            static_cast<double>(took) / 1000);
  running_.events.add_told({{"event", "accord"},
                            {"counterpart", counterpart.name()},
                            {"version", version},
                            {"accord", to_hex(digest)},
                            {"took_us", took}},
                           running_.driver->now().wall);
}

// The one file that names the accord in force is the step: before it a crash leaves the former one, after it the new one.
// The error is one after which the station cannot run on.
Result<void> Amender::change_over(Counterpart& counterpart, Held held) {
  const std::string name = called(counterpart, held.version);
  running_.driver->leave_peer(counterpart.peer, lines_without(held.made->accord, counterpart.accord),
                              "both sides go on under " + name + ", which does not have this line any more");
  if (const auto adopted = running_.dir.adopt(counterpart.name(), held.version); !adopted) {
    running_.watch->ask_person(counterpart.name(), kAlarm, "this station cannot go on under " + name + ": " + adopted.error().message);
    not_before_[counterpart.peer] = running_.driver->now().mono + kTryAgain;
    return begin_anew(counterpart);
  }
  // What stands on the former accord borrowed from it: it stays where it is.
  auto former = std::make_unique<const accord::AccordInForce>(std::move(counterpart.accord));
  counterpart.former.push_back(std::move(former));
  counterpart.accord = std::move(held.made->accord);
  const auto coder = std::exchange(counterpart.coder, held.made->coder);  // until the core has let go of it
  counterpart.own_seal = held.made->own_seal;
  counterpart.their_seal = held.made->their_seal;
  // What a renewed root key's former one signs from now on is refused; what was taken before stays.
  DETENTE_TRY(their_roots, running_.dir.roots_of(counterpart.name()));
  counterpart.roster.set_roots(std::move(their_roots));
  DETENTE_TRY(own_roots, running_.dir.own_roots());
  running_.own_roster.set_roots(std::move(own_roots));
  DETENTE_TRY_VOID(begin_anew(counterpart));
  adopted_(counterpart);
  return {};
}

Result<void> Amender::begin_anew(Counterpart& counterpart) {
  DETENTE_TRY(sockets, open_sockets(running_));
  DETENTE_TRY(setup, setup_for(running_, counterpart, sockets, false));
  // First, so that the first call has its way.
  DETENTE_TRY_VOID(set_routes(running_, counterpart, sockets));
  return running_.driver->replace_peer(std::move(setup));
}

// ---- what is shown ----

Json Amender::next_json(const Counterpart& counterpart) const {
  const auto held = held_.find(counterpart.peer);
  if (held == held_.end() || held->second.version == 0) return Json();
  return {{"version", held->second.version},
          {"digest", to_hex(held->second.digest)},
          {"state", held->second.shown ? "shown" : "waits"},
          {"words", held->second.shown ? "this station holds it and has said so; it is in force as soon as the other side's station holds it, too"
                                       : wire::display_line(held->second.waits_for)}};
}

}  // namespace detente::station
