#include "core/registers.h"

#include <algorithm>

#include "base/civil.h"
#include "wire/cbor.h"

namespace detente::core {

namespace {

using record::Whose;

constexpr std::size_t kCutsKept = 32;
constexpr std::uint64_t kFormat = 1;
// While an hour is announced the clock is looked at so often: it may be set.
constexpr Duration kLookEvery = std::chrono::seconds(30);

void write_cut(wire::CborWriter& out, const Cut& cut) {
  out.array(9).uint(cut.cut_epoch).uint(cut.media).uint(cut.signed_at.seconds);
  out.uint(cut.effective ? cut.effective->seconds : 0).uint(cut.noted.seconds).uint(cut.author.value).text(cut.reason);
  out.uint(cut.cleared ? cut.cleared->seconds : 0).uint(cut.ground ? 1 + static_cast<std::uint64_t>(*cut.ground) : 0);
}

Bytes encode(const Register& value) {
  wire::CborWriter out;
  out.array(2).uint(kFormat).array(value.cuts.size());
  for (const Cut& cut : value.cuts) write_cut(out, cut);
  return out.take();
}

std::optional<WallTime> time_or_none(std::uint64_t seconds) {
  return seconds == 0 ? std::nullopt : std::optional(WallTime{static_cast<std::uint32_t>(seconds)});
}

Result<Cut> read_cut(wire::CborReader& reader) {
  DETENTE_TRY_VOID(reader.array(9));
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
  out.media = static_cast<line::MediaMask>(media);
  out.signed_at = WallTime{static_cast<std::uint32_t>(signed_at)};
  out.effective = time_or_none(effective);
  out.noted = WallTime{static_cast<std::uint32_t>(noted)};
  out.author = OfficerId{static_cast<std::uint16_t>(author)};
  out.reason = std::string(reason);
  out.cleared = time_or_none(cleared);
  if (ground != 0) out.ground = static_cast<line::ClearGround>(ground - 1);
  return out;
}

Result<Register> decode(ByteView bytes) {
  wire::CborReader reader(bytes);
  DETENTE_TRY_VOID(reader.array(2));
  DETENTE_TRY(format, reader.uint());
  if (format != kFormat) return fail(Fault::kUnsupported, "a register of another program's");
  DETENTE_TRY(count, reader.array());
  Register out;
  for (std::size_t i = 0; i < count; ++i) {
    DETENTE_TRY(cut, read_cut(reader));
    out.cuts.push_back(std::move(cut));
  }
  DETENTE_TRY_VOID(reader.expect_end());
  return out;
}

// Nothing where the act says nothing new: an old one that came late, or one of several that crossed.
std::optional<Register> with_cut(const Register& before, const line::RegisterOf& of, const line::CutAct& act,
                                 const record::Header& header, WallTime noted) {
  if (of.cut_epoch <= before.cut_epoch()) return std::nullopt;
  Register out = before;
  Cut cut;
  cut.cut_epoch = of.cut_epoch;
  cut.media = act.media;
  cut.signed_at = header.time;
  cut.effective = act.effective;
  cut.noted = noted;
  cut.author = header.author;
  cut.reason = act.reason;
  out.cuts.push_back(std::move(cut));
  if (out.cuts.size() > kCutsKept) out.cuts.erase(out.cuts.begin());
  return out;
}

// A clear may come before the cut that it ends: then the register says so when the cut comes, which is older.
std::optional<Register> with_clear(const Register& before, const line::RegisterOf& of, const line::ClearAct& act,
                                   const record::Header& header, WallTime noted) {
  if (of.cut_epoch < before.cut_epoch()) return std::nullopt;
  Register out = before;
  if (of.cut_epoch > before.cut_epoch()) {
    Cut unknown;
    unknown.cut_epoch = of.cut_epoch;
    unknown.signed_at = unknown.noted = noted;
    out.cuts.push_back(std::move(unknown));
    if (out.cuts.size() > kCutsKept) out.cuts.erase(out.cuts.begin());
  }
  Cut& cut = out.cuts.back();
  if (cut.cleared) return std::nullopt;
  cut.cleared = header.time;
  cut.ground = act.ground;
  return out;
}

}  // namespace

const Register& Registers::at(const Table& table, Whose whose, LineId line) {
  static const Register kNever;
  const auto it = table.find({whose, line});
  return it == table.end() ? kNever : it->second;
}

std::string Registers::value_key(const Key& key) const {
  return "register/" + to_hex(identity_->lineage) + "/" + identity_->counterpart + "/" +
         (key.first == Whose::kAuthors ? "own" : "theirs") + "/" + std::to_string(key.second.value);
}

void Registers::load(const Context& context, const std::vector<LineId>& lines) {
  in_force_.clear();
  for (const LineId line : lines)
    for (const Whose whose : {Whose::kAuthors, Whose::kOthers}) {
      const Key key{whose, line};
      const auto bytes = context.store.value(value_key(key));
      if (!bytes) continue;
      Result<Register> value = decode(*bytes);
      // Our own bytes, checked by the store. What cannot be read keeps the line closed until somebody clears it.
      if (!value) value = Register{{Cut{}}};
      in_force_[key] = std::move(*value);
    }
  noted_ = in_force_;
  static_cast<void>(look(context.now));
}

Result<void> Registers::check_own(const record::Entry& entry) const {
  DETENTE_TRY_VOID(line::check_register_act(entry));
  DETENTE_TRY(act, line::parse_register_body(entry.body));
  for (const line::RegisterOf& of : act.lines()) {
    const Register& now = at(noted_, Whose::kAuthors, of.line);
    const std::uint64_t fits = act.cut ? now.cut_epoch() + 1 : now.cut_epoch();
    if (of.cut_epoch != fits)
      return fail(Fault::kConflict, "the line's register is at cut " + std::to_string(now.cut_epoch()) +
                                        " by now, and this act was signed for another: look at the status and sign again");
    if (act.clear && now.open_cut() == nullptr)
      return fail(Fault::kState, "this side has not cut that line: there is nothing to lift");
  }
  if (counts_ && !counts_(Whose::kAuthors, entry))
    return fail(Fault::kDenied, "the signature under this act does not count: its officer may not do this, or it is not good");
  return {};
}

void Registers::note(const Context& context, Whose whose, const record::Entry& entry, record::Batch& batch,
                     RegisterChanges& out) {
  if (entry.header.kind != record::kRegister || entry.header.entry_class != record::EntryClass::kLive) return;
  const Result<line::RegisterAct> act = line::parse_register_body(entry.body);
  if (!act || (counts_ && !counts_(whose, entry))) return;
  for (const line::RegisterOf& of : act->lines()) {
    const Register& before = at(noted_, whose, of.line);
    auto after = act->cut ? with_cut(before, of, *act->cut, entry.header, context.now.wall)
                          : with_clear(before, of, *act->clear, entry.header, context.now.wall);
    if (!after) continue;
    const Key key{whose, of.line};
    batch.writes.push_back(record::PutValue{value_key(key), encode(*after)});
    out.push_back({whose, of.line, *after});
    noted_[key] = std::move(*after);
  }
}

void Registers::apply(Context& context, const RegisterChanges& changes) {
  if (changes.empty()) return;
  std::vector<LineId> lines;
  for (const RegisterChange& change : changes) {
    in_force_[{change.whose, change.line}] = change.value;
    context.effects.notify(RegisterChanged{identity_->peer, change.line, change.whose});
    lines.push_back(change.line);
  }
  static_cast<void>(look(context.now));
  if (hooks_.changed)
    for (const LineId line : lines) hooks_.changed(context, line);
}

void Registers::advance(Context& context) {
  for (const LineId line : look(context.now)) {
    context.effects.notify(RegisterChanged{identity_->peer, line, std::nullopt});
    if (hooks_.changed) hooks_.changed(context, line);
  }
}

bool Registers::has_come(const Key& key, const Cut& cut) const {
  if (!cut.effective) return true;
  const auto it = came_.find(key);
  return it != came_.end() && it->second == cut.cut_epoch;
}

std::vector<LineId> Registers::look(Now now) {
  std::vector<LineId> out;
  look_at_.reset();
  for (const auto& [key, value] : in_force_) {
    const Cut* cut = value.open_cut();
    if (cut == nullptr || has_come(key, *cut)) continue;
    if (now.wall >= *cut->effective) {
      came_[key] = cut->cut_epoch;
      out.push_back(key.second);
      continue;
    }
    const Duration left = std::chrono::seconds(cut->effective->seconds - now.wall.seconds);
    const Instant at = now.mono + std::min<Duration>(left, kLookEvery);
    look_at_ = std::min(look_at_.value_or(at), at);
  }
  return out;
}

line::MediaMask Registers::closed_media(LineId line, Whose whose) const {
  const Cut* cut = at(in_force_, whose, line).open_cut();
  return cut != nullptr && has_come({whose, line}, *cut) ? cut->media : line::MediaMask{0};
}

std::optional<Registers::Closed> Registers::closed(LineId line, line::MediaMask media) const {
  for (const Whose whose : {Whose::kAuthors, Whose::kOthers}) {
    if ((closed_media(line, whose) & media) != 0) return Closed{whose, *at(in_force_, whose, line).open_cut()};
  }
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
  return who + " has cut " + what + " since " +
         format_utc(closed.cut.effective.value_or(closed.cut.signed_at)) +
         (closed.cut.reason.empty() ? ", and gave no reason" : ", with the reason: " + closed.cut.reason);
}

}  // namespace detente::core
