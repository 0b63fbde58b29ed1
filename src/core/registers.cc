#include "core/registers.h"

#include <algorithm>

#include "base/civil.h"
#include "base/mutant.h"
#include "core/register_value.h"
#include "line/act_table.h"
#include "wire/cbor.h"

namespace detente::core {

namespace {

using record::Whose;

constexpr std::size_t kCutsKept = 32;
constexpr std::uint64_t kFormat = 1;
constexpr std::uint64_t kDark = 8;  // beside the bits of the media

void write_cut(wire::CborWriter& out, const Cut& cut) {
  out.array(cut.mandate ? 10 : 9).uint(cut.cut_epoch).uint(cut.media | (cut.dark ? kDark : 0)).uint(cut.signed_at.seconds);
  out.uint(cut.effective ? cut.effective->seconds : 0).uint(cut.noted.seconds).uint(cut.author.value).text(cut.reason);
  out.uint(cut.cleared ? cut.cleared->seconds : 0).uint(cut.ground ? 1 + static_cast<std::uint64_t>(*cut.ground) : 0);
  if (cut.mandate) record::write_mandate_proof(out, *cut.mandate);
}

std::optional<WallTime> time_or_none(std::uint64_t seconds) {
  return seconds == 0 ? std::nullopt : std::optional(WallTime{static_cast<std::uint32_t>(seconds)});
}

Result<Cut> read_cut(wire::CborReader& reader) {
  DETENTE_TRY(items, reader.array());
  if (items != 9 && items != 10) return fail(Fault::kMalformed, "a cut of another program's");
  DETENTE_TRY(cut_epoch, reader.uint());
  DETENTE_TRY(media, reader.uint());
  DETENTE_TRY(signed_at, reader.uint());
  DETENTE_TRY(effective, reader.uint());
  DETENTE_TRY(noted, reader.uint());
  DETENTE_TRY(author, reader.uint());
  DETENTE_TRY(reason, reader.text());
  DETENTE_TRY(cleared, reader.uint());
  DETENTE_TRY(ground, reader.uint());
  Cut out;
  out.cut_epoch = cut_epoch;
  out.media = static_cast<line::MediaMask>(media & line::kAllMedia);
  out.dark = (media & kDark) != 0;
  out.signed_at = WallTime{static_cast<std::uint32_t>(signed_at)};
  out.effective = time_or_none(effective);
  out.noted = WallTime{static_cast<std::uint32_t>(noted)};
  out.author = OfficerId{static_cast<std::uint16_t>(author)};
  out.reason = std::string(reason);
  out.cleared = time_or_none(cleared);
  if (ground != 0) out.ground = static_cast<line::ClearGround>(ground - 1);
  if (items == 9) return out;
  DETENTE_TRY(mandate, record::read_mandate_proof(reader));
  out.mandate = mandate;
  return out;
}

// What a register says to an act of that cut epoch. In a new log its author starts from an older copy of his disk: of
// the cuts that he has forgotten he cannot speak.
Register as_known_to_author(Register before, const record::EpochId& log, std::uint64_t cut_epoch) {
  if (before.log != log)
    std::erase_if(before.cuts, [&](const Cut& cut) { return cut.cut_epoch > cut_epoch; });
  before.log = log;
  return before;
}

// Whether its hour, if it has one, has come: that stays so, whatever the clock shows since.
using HasCome = std::function<bool(const Cut&)>;

// Whatever ends the newer cut ends the older one with it, and until then the newer keeps off all that the older does.
bool adds_nothing_beside(const Cut& older, const Cut& newer, const HasCome& has_come) {
  const bool as_early = has_come(newer) || (!has_come(older) && older.effective && *newer.effective <= *older.effective);
  return (older.media & ~newer.media) == 0 && as_early && (newer.dark || !older.dark);
}

// More than any honest side has open: the two newest become one that shuts the line at least as much as both.
void fold_newest(std::vector<Cut>& cuts, const HasCome& has_come) {
  Cut newest = std::move(cuts.back());
  cuts.pop_back();
  const Cut& other = cuts.back();
  newest.media = static_cast<line::MediaMask>(newest.media | other.media);
  if (has_come(other) || has_come(newest)) newest.effective.reset();
  else newest.effective = std::min(newest.effective, other.effective);
  newest.dark = newest.dark && other.dark;
  newest.noted = std::min(newest.noted, other.noted);
  cuts.back() = std::move(newest);
}

// The newest that was ended stays: it says that older acts, which come late, are ended too. Of those that are open only
// what another one covers may go; what is in force is the same with it and without it.
void bound(std::vector<Cut>& cuts, const HasCome& has_come) {
  while (cuts.size() > kCutsKept) {
    auto goes = cuts.end();
    if (cuts.size() > 1 && cuts[0].cleared && cuts[1].cleared) goes = cuts.begin();
    for (auto one = cuts.begin(); goes == cuts.end() && one != cuts.end(); ++one)
      if (!one->cleared && std::any_of(one + 1, cuts.end(), [&](const Cut& newer) { return adds_nothing_beside(*one, newer, has_come); }))
        goes = one;
    if (goes == cuts.end()) fold_newest(cuts, has_come);
    else cuts.erase(goes);
  }
}

// Nothing where the act says nothing new: an old one that came late, or one of several that crossed.
std::optional<Register> with_cut(const Register& before, const record::EpochId& log, const line::RegisterOf& of,
                                 const line::CutAct& act, const record::Header& header, WallTime noted, const HasCome& has_come) {
  Register out = as_known_to_author(before, log, of.cut_epoch - 1);
  const auto place = std::lower_bound(out.cuts.begin(), out.cuts.end(), of.cut_epoch,
                                      [](const Cut& one, std::uint64_t epoch) { return one.cut_epoch < epoch; });
  // Known, or ended by what is known.
  if (place != out.cuts.end() && (place->cut_epoch == of.cut_epoch || place->cleared)) return std::nullopt;
  Cut cut;
  cut.cut_epoch = of.cut_epoch;
  cut.media = act.media;
  cut.signed_at = header.time;
  cut.effective = act.effective;
  cut.noted = noted;
  cut.author = header.author;
  cut.reason = act.reason;
  cut.dark = act.dark;
  cut.mandate = act.mandate;
  out.cuts.insert(place, std::move(cut));
  bound(out.cuts, has_come);
  return out;
}

// It ends every cut up to its epoch: while one is in force another adds to it and takes nothing from it. It may come
// before the cut that it ends, of which then nothing but its epoch is known.
std::optional<Register> with_clear(const Register& before, const record::EpochId& log, const line::RegisterOf& of,
                                   const line::ClearAct& act, const record::Header& header, WallTime noted, const HasCome& has_come) {
  Register out = as_known_to_author(before, log, of.cut_epoch);
  if (of.cut_epoch > out.cut_epoch()) {
    Cut unknown;
    unknown.cut_epoch = of.cut_epoch;
    unknown.signed_at = unknown.noted = noted;
    out.cuts.push_back(std::move(unknown));
  }
  bool ends = false;
  for (Cut& cut : out.cuts) {
    if (cut.cut_epoch > of.cut_epoch || cut.cleared) continue;
    cut.cleared = header.time;
    cut.ground = act.ground;
    ends = true;
  }
  bound(out.cuts, has_come);
  return ends ? std::optional(std::move(out)) : std::nullopt;
}

std::optional<Register> with_act(const Register& before, const record::EpochId& log, const line::RegisterOf& of,
                                 const line::RegisterAct& act, const record::Header& header, WallTime noted, const HasCome& has_come) {
  return act.cut ? with_cut(before, log, of, *act.cut, header, noted, has_come)
                 : with_clear(before, log, of, *act.clear, header, noted, has_come);
}

// In the other side's register; one's own disk is never older than itself.
record::EpochId log_of(Whose whose, const std::optional<line::ActPlace>& at) {
  return whose == Whose::kOthers && at ? at->epoch : record::EpochId{};
}

line::RegisterDeed deed_of(const line::RegisterAct& act) {
  if (act.cut) return act.cut->effective ? line::RegisterDeed::kAnnounce : line::RegisterDeed::kCut;
  return act.clear->ground == line::ClearGround::kLifted ? line::RegisterDeed::kLift : line::RegisterDeed::kPassed;
}

// What a restoration ends may stand below a cut that it does not cover.
bool fits(const line::RegisterAct& act, const Register& now, std::uint64_t cut_epoch) {
  if (act.cut) return cut_epoch == now.cut_epoch() + 1;
  if (act.clear->ground == line::ClearGround::kLifted) return cut_epoch == now.cut_epoch();
  return std::any_of(now.cuts.begin(), now.cuts.end(), [&](const Cut& cut) { return !cut.cleared && cut.cut_epoch == cut_epoch; });
}

// Why the table has no row for it, and what to do.
Error no_such_step(line::RegisterState state, line::RegisterDeed deed) {
  if (deed == line::RegisterDeed::kLift && state == line::RegisterState::kRestoring)
    return {Fault::kState, "this side's lift of that line is being tested already: wait for its end, or take it back first"};
  if (deed == line::RegisterDeed::kLift) return {Fault::kState, "this side has not cut that line: there is nothing to lift"};
  if (deed == line::RegisterDeed::kAnnounce && state == line::RegisterState::kAnnounced)
    return {Fault::kState, "a cut of that line is announced already: lift it before another hour is announced"};
  return {Fault::kState, std::string("the line's register says ") + line::to_string(state) +
                             " already, and this act leads nowhere from there; `detente spec acts` has the table"};
}

}  // namespace

Bytes encode_register(const Register& value) {
  wire::CborWriter out;
  out.array(3).uint(kFormat).bytes(value.log).array(value.cuts.size());
  for (const Cut& cut : value.cuts) write_cut(out, cut);
  return out.take();
}

Result<Register> decode_register(ByteView bytes) {
  wire::CborReader reader(bytes);
  DETENTE_TRY_VOID(reader.array(3));
  DETENTE_TRY(format, reader.uint());
  if (format != kFormat) return fail(Fault::kUnsupported, "a register of another program's");
  DETENTE_TRY(log, reader.bytes());
  const auto epoch = to_array<16>(log);
  if (!epoch) return fail(Fault::kMalformed, "a register that names no log");
  DETENTE_TRY(count, reader.array());
  Register out;
  out.log = *epoch;
  for (std::size_t i = 0; i < count; ++i) {
    DETENTE_TRY(cut, read_cut(reader));
    out.cuts.push_back(std::move(cut));
  }
  DETENTE_TRY_VOID(reader.expect_end());
  return out;
}

const Register& Registers::at(const Table& table, Whose whose, LineId line) {
  static const Register kNever;
  const auto it = table.find({whose, line});
  return it == table.end() ? kNever : it->second;
}

std::string Registers::value_key(const Key& key) const {
  return "register/" + to_hex(identity_->lineage) + "/" + identity_->counterpart + "/" +
         (key.first == Whose::kAuthors ? "own" : "theirs") + "/" + std::to_string(key.second.value);
}

void Registers::load(Context& context, const std::vector<LineId>& lines, record::Fence fence) {
  fence_ = fence;
  in_force_.clear();
  came_.clear();
  lines_.clear();
  for (const LineId line : lines)
    if (line != kAccordLine) lines_.insert(line);
  for (const LineId line : lines)
    for (const Whose whose : {Whose::kAuthors, Whose::kOthers}) {
      const Key key{whose, line};
      const auto bytes = context.store.value(value_key(key));
      if (!bytes) continue;
      Result<Register> value = decode_register(*bytes);
      // Our own bytes, checked by the store. What cannot be read keeps the line closed until somebody clears it.
      if (!value) value = Register{{Cut{}}};
      in_force_[key] = std::move(*value);
      load_hours(context, key);
    }
  load_dark(context);
  noted_ = in_force_;
  static_cast<void>(look(context));
}

// When a cut came to be known here does not change by reading it again.
void Registers::take_up(Table& table, const Table& before, const KnownAct& known, const line::RegisterAct& act) const {
  for (const line::RegisterOf& of : act.lines()) {
    const Key key{known.whose, of.line};
    const std::vector<Cut>& cuts = at(before, known.whose, of.line).cuts;
    const auto held = std::find_if(cuts.begin(), cuts.end(), [&](const Cut& cut) {
      return act.cut && cut.cut_epoch == of.cut_epoch && cut.signed_at == known.entry.header.time;
    });
    const WallTime noted = held == cuts.end() ? known.stored_at : held->noted;
    if (auto after = with_act(at(table, known.whose, of.line), log_of(known.whose, known.at), of, act, known.entry.header, noted,
                              [&](const Cut& cut) { return has_come(key, cut); }))
      table[key] = std::move(*after);
  }
}

// No act of this side's own record has them.
std::vector<Cut> Registers::told_above(const Key& key, std::uint64_t cut_epoch) const {
  std::vector<Cut> out;
  if (key.first != Whose::kAuthors) return out;
  for (const Cut& cut : at(in_force_, key.first, key.second).cuts)
    if (cut.told() && cut.cut_epoch > cut_epoch) out.push_back(cut);
  return out;
}

std::vector<LineId> Registers::rebuild(Context& context, const std::vector<KnownAct>& acts) {
  Table table;
  for (const KnownAct& known : acts) {
    if (known.entry.header.kind != record::kRegister || known.entry.header.entry_class != record::EntryClass::kLive) continue;
    const Result<line::RegisterAct> act = line::parse_register_body(known.entry.body);
    if (act && counts(known.whose, known.entry, *act, known.at)) take_up(table, in_force_, known, *act);
  }
  for (const auto& [key, value] : in_force_)
    for (Cut& cut : told_above(key, at(table, key.first, key.second).cut_epoch())) table[key].cuts.push_back(std::move(cut));
  std::set<LineId> changed;
  for (const Table* one : {&table, &in_force_})
    for (const auto& [key, value] : *one)
      if (encode_register(at(table, key.first, key.second)) != encode_register(at(in_force_, key.first, key.second))) changed.insert(key.second);
  in_force_ = std::move(table);
  noted_ = in_force_;
  for (const LineId line : look(context)) changed.insert(line);
  return {changed.begin(), changed.end()};
}

Result<void> Registers::check_own(const record::Entry& entry) const {
  DETENTE_TRY_VOID(line::check_register_act(entry));
  DETENTE_TRY(act, line::parse_register_body(entry.body));
  for (const line::RegisterOf& of : act.lines()) {
    const Register& now = at(noted_, Whose::kAuthors, of.line);
    if (!fits(act, now, of.cut_epoch))
      return fail(Fault::kConflict, "the line's register is at cut " + std::to_string(now.cut_epoch()) +
                                        " by now, and this act was signed for another: look at the status and sign again");
    const line::RegisterState state = state_for(deed_of(act), now, act.cut ? act.cut->media : line::kAllMedia, of.line);
    if (!line::step(state, deed_of(act))) return tl::unexpected<Error>(no_such_step(state, deed_of(act)));
  }
  if (!counts(Whose::kAuthors, entry, act, std::nullopt))
    return fail(Fault::kDenied, "the signature under this act does not count: its officer may not do this, or it is not good");
  return {};
}

// The tests of a lift and of an agreement may run beside each other: who may lift alone waits for no agreement, and
// what an agreement's tests end is no lift's.
line::RegisterState Registers::state_for(line::RegisterDeed deed, const Register& value, line::MediaMask media, LineId line) const {
  const line::RegisterState state = state_of(value, media, {Whose::kAuthors, line});
  if (state != line::RegisterState::kRestoring) return state;
  const auto& runs = deed == line::RegisterDeed::kLift ? hooks_.lifting : hooks_.restoring;
  const bool by_its_own = deed == line::RegisterDeed::kCut || deed == line::RegisterDeed::kAnnounce || (runs && runs(line));
  return by_its_own ? state : line::RegisterState::kCut;
}

bool Registers::wants_tests(const record::Entry& entry) const {
  const Result<line::RegisterAct> act = line::parse_register_body(entry.body);
  if (!act || !act->clear || act->clear->ground != line::ClearGround::kLifted) return false;
  return std::any_of(act->lines().begin(), act->lines().end(), [this](const line::RegisterOf& of) {
    const Key key{Whose::kAuthors, of.line};
    const line::RegisterState state = state_of(at(noted_, key.first, key.second), line::kAllMedia, key);
    return state == line::RegisterState::kCut || state == line::RegisterState::kRestoring;
  });
}

void Registers::touch(Context& context, const std::vector<line::RegisterOf>& lines) const {
  if (hooks_.changed)
    for (const line::RegisterOf& of : lines) hooks_.changed(context, of.line);
}

bool Registers::counts(Whose whose, const record::Entry& entry, const line::RegisterAct& act,
                       const std::optional<line::ActPlace>& place) const {
  const bool restored = act.clear && act.clear->ground == line::ClearGround::kRestored;
  if (restored) return !hooks_.ends_restoration || hooks_.ends_restoration(whose, entry);
  if (!line::names_an_hour_in_reach(act, entry.header.time)) return false;
  return !counts_ || counts_(whose, entry, place);
}

void Registers::note(const Context& context, Whose whose, const std::optional<line::ActPlace>& place,
                     const record::Entry& entry, record::Batch& batch, RegisterChanges& out) {
  if (entry.header.kind != record::kRegister || entry.header.entry_class != record::EntryClass::kLive) return;
  const Result<line::RegisterAct> act = line::parse_register_body(entry.body);
  if (!act || !counts(whose, entry, *act, place)) return;
  for (const line::RegisterOf& of : act->lines()) {
    const Register& before = at(noted_, whose, of.line);
    const Key key{whose, of.line};
    auto after = with_act(before, log_of(whose, place), of, *act, entry.header, context.now.wall,
                          [&](const Cut& cut) { return has_come(key, cut); });
    if (!after) continue;
    if (!mutant(Mutant::kRegisterLost)) batch.writes.push_back(record::PutValue{value_key(key), encode_register(*after)});
    out.push_back({whose, of.line, *after});
    noted_[key] = std::move(*after);
  }
}

void Registers::apply(Context& context, const RegisterChanges& changes) {
  if (changes.empty()) return;
  std::vector<LineId> lines;
  for (const RegisterChange& change : changes) {
    const Key key{change.whose, change.line};
    // What the other side told of while the act was on its way to the disk stays.
    std::vector<Cut> told = told_above(key, change.value.cut_epoch());
    in_force_[key] = change.value;
    for (Cut& cut : told) in_force_[key].cuts.push_back(std::move(cut));
    context.effects.notify(RegisterChanged{identity_->peer, change.line, change.whose});
    lines.push_back(change.line);
  }
  const std::vector<LineId> come = look(context);
  if (hooks_.changed)
    for (const LineId line : lines) hooks_.changed(context, line);
  tell_come(context, come);
}

void Registers::advance(Context& context) { tell_come(context, look(context)); }

void Registers::tell_come(Context& context, const std::vector<LineId>& lines) {
  for (const LineId line : lines) {
    context.effects.notify(RegisterChanged{identity_->peer, line, std::nullopt});
    if (hooks_.changed) hooks_.changed(context, line);
  }
}

bool Registers::tested(LineId line) const {
  return (hooks_.restoring && hooks_.restoring(line)) || (hooks_.lifting && hooks_.lifting(line));
}

line::RegisterState Registers::state_of(const Register& value, line::MediaMask media, const Key& key) const {
  auto out = line::RegisterState::kClear;
  for (const Cut& cut : value.cuts) {
    if (cut.cleared || (cut.media & media) == 0) continue;
    if (has_come(key, cut)) return key.first == Whose::kAuthors && tested(key.second) ? line::RegisterState::kRestoring : line::RegisterState::kCut;
    out = line::RegisterState::kAnnounced;
  }
  return out;
}

line::MediaMask Registers::closed_media(LineId line, Whose whose) const {
  line::MediaMask out = 0;
  for (const Cut& cut : of(whose, line).cuts)
    if (!cut.cleared && has_come({whose, line}, cut)) out = static_cast<line::MediaMask>(out | cut.media);
  return out;
}

bool Registers::dark(Whose whose, LineId line) const {
  const std::vector<Cut>& cuts = of(whose, line).cuts;
  return std::any_of(cuts.begin(), cuts.end(), [&](const Cut& cut) {
    return cut.dark && !cut.cleared && has_come({whose, line}, cut);
  });
}

const Cut* Registers::closed_by(Whose whose, LineId line, line::MediaMask media) const {
  for (const Cut& cut : of(whose, line).cuts)
    if (!cut.cleared && (cut.media & media) != 0 && has_come({whose, line}, cut)) return &cut;
  return nullptr;
}

const Cut* Registers::newest_closing(Whose whose, LineId line, line::MediaMask media) const {
  const std::vector<Cut>& cuts = of(whose, line).cuts;
  const auto newest = std::find_if(cuts.rbegin(), cuts.rend(), [&](const Cut& cut) {
    return !cut.cleared && (cut.media & media) != 0 && has_come({whose, line}, cut);
  });
  return newest == cuts.rend() ? nullptr : &*newest;
}

std::optional<Registers::Closed> Registers::closed(LineId line, line::MediaMask media) const {
  for (const Whose whose : {Whose::kAuthors, Whose::kOthers})
    if (const Cut* cut = closed_by(whose, line, media)) return Closed{whose, *cut, *newest_closing(whose, line, media)};
  return std::nullopt;
}

line::MediaMask medium_of(const record::Header& header) {
  return header.attachments.empty() ? line::kText : line::kDocument;
}

bool is_ordinary(const record::Header& header) {
  return header.line != kAccordLine && header.kind != record::kEpochOpening &&
         header.entry_class != record::EntryClass::kTest;
}

std::string closed_words(const Registers::Closed& closed, const std::string& line, const std::string& counterpart) {
  const std::string who = closed.whose == Whose::kAuthors ? "this side" : counterpart;
  const std::string what = closed.cut.media == line::kAllMedia
                               ? "line " + line
                               : line::media_words(closed.cut.media) + " on line " + line;
  const Cut& newest = closed.newest;
  return who + " has cut " + what + " since " + format_utc(closed.cut.since()) +
         (newest.cut_epoch == closed.cut.cut_epoch ? "" : ", and anew at " + format_utc(newest.since())) +
         (newest.reason.empty() ? ", and gave no reason" : ", with the reason \"" + newest.reason + "\"");
}

}  // namespace detente::core
