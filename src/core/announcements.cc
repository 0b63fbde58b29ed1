#include "core/announcements.h"

#include <algorithm>

#include "base/mutant.h"
#include "core/agreement_marks.h"

namespace detente::core {

namespace {

using record::Whose;

// The wall clock is read in whole seconds: near the instant it is looked at so often, to be soon after it.
constexpr Duration kNear = std::chrono::seconds(2);
constexpr Duration kNearTick = std::chrono::milliseconds(20);
// What is later than this nobody awaits any more: a person is asked.
constexpr std::uint32_t kLateSeconds = 86'400;
// A station that starts when the hour has passed hears the other side first, for so long: its disk may have gone back, and that
// shows at the first contact.
constexpr Duration kHearFirst = std::chrono::seconds(120);
constexpr const char* kAnnouncementMarks = "announcements";

}  // namespace

// --- marks -------------------------------------------------------------------------

void Announcements::load(Context& context, record::Fence fence) {
  fence_ = fence;
  marks_.clear();
  asked_.clear();
  go_here_.clear();
  looked_at_ = parts_.agreements->revision();
  look_at_agreements();
  next_ = context.now.mono;
  loaded_ = true;
  loaded_at_ = context.now;
  const auto bytes = context.store.value(marks_key(kAnnouncementMarks, *parts_.identity));
  if (!bytes) return;
  wire::CborReader reader(*bytes);
  const auto count = reader.array();
  for (std::size_t i = 0; count && i < *count; ++i) {
    if (!reader.array(5)) return;
    const auto at = read_place(reader);
    const auto stage = reader.uint();
    const auto due_at = reader.uint();
    if (!at || !stage || !due_at || *stage > static_cast<std::uint64_t>(Stage::kReleased)) return;
    marks_[*at] = {static_cast<Stage>(*stage), WallTime{static_cast<std::uint32_t>(*due_at)}};
  }
  // It was due when this station stopped, and nobody said that the text was out.
  for (const auto& [at, mark] : marks_)
    if (mark.stage == Stage::kDue)
      context.effects.notify(AnnouncementChanged{parts_.identity->peer, at, AnnouncementChanged::What::kDue});
}

// Nothing is forgotten: what was released once is agreed on for ever, and must not be released again.
void Announcements::set(Context& context, const line::ActPlace& at, Stage stage, std::function<void(Context&)> then) {
  Mark& mark = marks_[at];
  if (stage == Stage::kDue) mark.due_at = context.now.wall;
  mark.stage = stage;
  wire::CborWriter out;
  out.array(marks_.size());
  for (const auto& [place, one] : marks_)
    write_place(out.array(5), place).uint(static_cast<std::uint64_t>(one.stage)).uint(one.due_at.seconds);
  record::Batch batch;
  batch.fence = fence_;
  batch.writes.push_back(record::PutValue{marks_key(kAnnouncementMarks, *parts_.identity), out.take()});
  // A disk that refuses this stops no release: a station that starts again may write the same file once more.
  context.effects.persist(
      {std::move(batch)}, [then](Context& later) { if (then) then(later); },
      [then](Context& later, const Error&) { if (then) then(later); });
}

Announcements::State Announcements::state(const line::ActPlace& at) const {
  State out;
  if (const auto mark = marks_.find(at); mark != marks_.end()) {
    out.stage = mark->second.stage;
    out.due_at = mark->second.due_at;
  }
  const auto asked = asked_.find(at);
  out.asks = asked == asked_.end() ? Asks::kNobody : asked->second;
  out.restored = loaded_ && went_back_since(at);
  out.taken_back = loaded_ && taken_back_here(at);
  return out;
}

// --- from the agreement to its instant ---------------------------------------------

void Announcements::look_at_agreements() {
  const std::uint64_t now = parts_.agreements->agreed_revision();
  if (std::exchange(agreed_of_, now) != now) agreed_ = parts_.agreements->announcements();
}

const AgreedAnnouncement* Announcements::agreed(const line::ActPlace& at) const {
  const auto found = std::find_if(agreed_.begin(), agreed_.end(), [&](const AgreedAnnouncement& one) { return one.at == at; });
  return found == agreed_.end() ? nullptr : &*found;
}

// A withdrawal stops its own side at once, also when it has no place in the log yet.
bool Announcements::taken_back_here(const line::ActPlace& at) const {
  return accord_line()->any_waiting([&](const record::Entry& entry) {
    if (entry.header.kind != record::kProposalAnswer) return false;
    const auto answer = line::parse_answer_body(entry.body);
    return answer && answer->act == line::AnswerAct::kWithdraw && parts_.agreements->target(Whose::kAuthors, entry.header) == at;
  });
}

// This side's part in the agreement is of an earlier life of its disk: what it said later in that life, that it steps back or
// that the text is out, may be at the other side alone, and nothing here tells of it.
bool Announcements::went_back_since(const line::ActPlace& at) const {
  const bool own = parts_.agreements->whose(at) == Whose::kAuthors;
  const auto ours = own ? std::optional(at) : parts_.agreements->book().accepted_at(at);
  return ours && ours->epoch != accord_line()->own().key().epoch;
}

void Announcements::wait(Context& context, Duration span) {
  const Instant at = context.now.mono + span;
  next_ = std::min(next_.value_or(at), at);
}

// An own act counts from its commit on, and to a station that is dark nothing comes after it.
std::optional<Instant> Announcements::next_deadline() const {
  return loaded_ && looked_at_ != parts_.agreements->revision() ? Instant{} : next_;
}

void Announcements::advance(Context& context) {
  if (!loaded_) return;
  const bool news = std::exchange(looked_at_, parts_.agreements->revision()) != parts_.agreements->revision();
  const bool due = next_ && *next_ <= context.now.mono;
  if ((!news && !due) || std::exchange(advancing_, true)) return;
  next_.reset();
  look_at_agreements();
  std::erase_if(asked_, [this](const auto& one) { return agreed(one.first) == nullptr; });
  for (const AgreedAnnouncement& one : agreed_) look_at(context, one);
  advancing_ = false;
}

void Announcements::ask(Context& context, const line::ActPlace& at, Asks why) {
  wait(context, kTick);
  if (std::exchange(asked_[at], why) != Asks::kNobody) return;
  context.effects.notify(AnnouncementChanged{parts_.identity->peer, at, AnnouncementChanged::What::kAsks});
}

void Announcements::look_at(Context& context, const AgreedAnnouncement& one) {
  Stage stage = state(one.at).stage;
  // A station that died between the text and the word of it says it now.
  if (stage == Stage::kReleased && !other_side_is_told(one.at)) return tell_other_side(context, one.at);
  if (stage == Stage::kDue || stage == Stage::kReleased) return;
  // A station that got its record back may have released it in an earlier life.
  if (parts_.agreements->released(one.at, Whose::kAuthors) != nullptr || taken_back_here(one.at)) return;
  // Not even by a word of that life.
  if (went_back_since(one.at) && go_here_.count(one.at) == 0) return ask(context, one.at, Asks::kRestored);
  if (stage == Stage::kNone) {
    if (clock_known_ && !clock_known_()) return ask(context, one.at, Asks::kClock);
    set(context, one.at, Stage::kArmed);
    stage = Stage::kArmed;
    asked_[one.at] = Asks::kNobody;
    context.effects.notify(AnnouncementChanged{parts_.identity->peer, one.at, AnnouncementChanged::What::kArmed});
  }
  const std::uint32_t now = context.now.wall.seconds;
  if (now < one.instant.seconds && !mutant(Mutant::kReleasedEarly)) {
    asked_[one.at] = Asks::kNobody;  // a clock that was ahead may have been set back
    const Duration left = std::chrono::seconds(one.instant.seconds - now);
    return wait(context, left <= kNear ? kNearTick : std::min<Duration>(left - kNear, kLookEvery));
  }
  if (now - one.instant.seconds > kLateSeconds && stage != Stage::kGo) return ask(context, one.at, Asks::kLate);
  if (one.instant <= loaded_at_.wall && !accord_line()->contact_made() && context.now.mono - loaded_at_.mono < kHearFirst)
    return wait(context, kTick);
  asked_[one.at] = Asks::kNobody;
  set_due(context, one.at);
}

void Announcements::set_due(Context& context, const line::ActPlace& at) {
  set(context, at, Stage::kDue, [peer = parts_.identity->peer, at](Context& then) {
    then.effects.notify(AnnouncementChanged{peer, at, AnnouncementChanged::What::kDue});
  });
}

Result<void> Announcements::go(Context& context, const line::ActPlace& at) {
  if (agreed(at) == nullptr || taken_back_here(at))
    return fail(Fault::kNotFound, "no such announcement is agreed on: detente announce show");
  const Stage stage = state(at).stage;
  if (stage == Stage::kDue || stage == Stage::kReleased) return fail(Fault::kState, "it was released already");
  asked_[at] = Asks::kNobody;
  go_here_.insert(at);
  set(context, at, Stage::kGo);
  next_ = context.now.mono;
  advance(context);
  return {};
}

// --- afterwards --------------------------------------------------------------------

void Announcements::released(Context& context, const line::ActPlace& at) {
  if (state(at).stage != Stage::kDue) return;
  set(context, at, Stage::kReleased);
  tell_other_side(context, at);
}

void Announcements::due_again(Context& context, const line::ActPlace& at) {
  if (state(at).stage == Stage::kDue) set_due(context, at);
}

bool Announcements::other_side_is_told(const line::ActPlace& at) const {
  return parts_.agreements->released(at, Whose::kAuthors) != nullptr || accord_line()->any_waiting([&](const record::Entry& entry) {
    return entry.header.kind == record::kRelease && parts_.agreements->target(Whose::kAuthors, entry.header) == at;
  });
}

void Announcements::tell_other_side(Context& context, const line::ActPlace& at) {
  const auto text = parts_.agreements->announced_text(at, Whose::kAuthors);
  const bool own = parts_.agreements->whose(at) == Whose::kAuthors;
  const record::LogKey log{{parts_.identity->lineage, kAccordLine}, own,
                           own ? parts_.identity->our_station : parts_.identity->their_station, at.epoch};
  const auto found = context.store.entries(log, at.index, at.index + 1, 1);
  if (!text || found.empty() || parts_.agreements->released(at, Whose::kAuthors) != nullptr) return;
  record::Entry entry;
  entry.header.line = kAccordLine;
  entry.header.kind = record::kRelease;
  entry.header.time = context.now.wall;
  // Not FLASH: it must not come ahead of what it stands on.
  entry.header.precedence = std::min(record::Precedence::kImmediate, accord_line()->setup().highest);
  entry.header.body_form = record::BodyForm::kCbor;
  entry.header.references = {{own ? Whose::kAuthors : Whose::kOthers, at.epoch, at.index, found.front().leaf}};
  entry.body = line::release_body({state(at).due_at, *text});
  // What a full queue refuses the other side does not learn from here; the file and the hook are out all the same.
  static_cast<void>(accord_line()->submit(context, std::move(entry)));
}

}  // namespace detente::core
