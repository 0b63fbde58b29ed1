#include "line/register_act.h"

#include "record/act_body.h"
#include "wire/reader.h"

namespace detente::line {

namespace {

using record::body_end_items, record::read_body_end, record::read_time, record::write_body_end;

constexpr std::uint64_t kCut = 0, kClear = 1;
constexpr std::uint64_t kDark = 8;  // beside the bits of all media

Result<CutAct> read_cut(wire::CborReader& reader, std::size_t items) {
  if (items < 4 || items > 6) return fail(Fault::kMalformed, "a cut with too few or too many parts");
  CutAct out;
  DETENTE_TRY(lines, read_registers(reader));
  out.lines = std::move(lines);
  DETENTE_TRY(media, reader.uint());
  out.dark = media == (kAllMedia | kDark);
  if (media == 0 || (media > kAllMedia && !out.dark))
    return fail(Fault::kMalformed, "a cut of no medium, or of one that is not known");
  out.media = static_cast<MediaMask>(media & kAllMedia);
  DETENTE_TRY(effective, read_time(reader));
  if (effective != WallTime{}) out.effective = effective;
  DETENTE_TRY(end, read_body_end(reader, items - 4, kCutReasonMax, "a cut with an empty reason"));
  out.reason = std::move(end.words);
  out.mandate = end.mandate;
  return out;
}

Result<ClearAct> read_clear(wire::CborReader& reader, std::size_t items) {
  if (items != 3 && items != 4) return fail(Fault::kMalformed, "a clear with too few or too many parts");
  ClearAct out;
  DETENTE_TRY(lines, read_registers(reader));
  out.lines = std::move(lines);
  DETENTE_TRY(ground, reader.uint());
  if (ground > static_cast<std::uint64_t>(ClearGround::kRestored))
    return fail(Fault::kMalformed, "a clear on a ground that is not known");
  out.ground = static_cast<ClearGround>(ground);
  if (items == 3) return out;
  DETENTE_TRY(proof, record::read_mandate_proof(reader));
  out.mandate = proof;
  return out;
}

}  // namespace

void write_registers(wire::CborWriter& out, const std::vector<RegisterOf>& lines) {
  out.array(lines.size());
  for (const RegisterOf& one : lines) out.array(2).uint(one.line.value).uint(one.cut_epoch);
}

Result<std::vector<RegisterOf>> read_registers(wire::CborReader& reader) {
  DETENTE_TRY(count, reader.array());
  if (count == 0 || count > kCutLinesMax) return fail(Fault::kMalformed, "an act on no line, or on more than sixteen");
  std::vector<RegisterOf> out;
  for (std::size_t i = 0; i < count; ++i) {
    DETENTE_TRY_VOID(reader.array(2));
    DETENTE_TRY(line, reader.uint());
    DETENTE_TRY(cut_epoch, reader.uint());
    if (line == 0 || line > UINT16_MAX) return fail(Fault::kMalformed, "a register of a line that cannot be cut");
    if (cut_epoch == 0 || cut_epoch > wire::kVarintMax) return fail(Fault::kMalformed, "a cut epoch beyond its bound");
    const LineId id{static_cast<std::uint16_t>(line)};
    if (!out.empty() && id <= out.back().line) return fail(Fault::kMalformed, "lines that do not ascend");
    out.push_back({id, cut_epoch});
  }
  return out;
}

std::string media_words(MediaMask media) {
  if (media == kAllMedia) return "all of it";
  std::vector<const char*> names;
  if ((media & kText) != 0) names.push_back("text");
  if ((media & kDocument) != 0) names.push_back("documents");
  if ((media & kVoice) != 0) names.push_back("voice");
  std::string out;
  for (std::size_t i = 0; i < names.size(); ++i) out += (i == 0 ? "" : " and ") + std::string(names[i]);
  return out;
}

std::optional<MediaMask> medium_from(std::string_view name) {
  if (name == "text") return kText;
  if (name == "document") return kDocument;
  if (name == "voice") return kVoice;
  return std::nullopt;
}

Bytes cut_body(const CutAct& act) {
  wire::CborWriter out;
  out.array(4 + body_end_items(act.reason, act.mandate)).uint(kCut);
  write_registers(out, act.lines);
  out.uint(act.dark ? kAllMedia | kDark : act.media).uint(act.effective ? act.effective->seconds : 0);
  write_body_end(out, act.reason, act.mandate);
  return out.take();
}

Bytes clear_body(const ClearAct& act) {
  wire::CborWriter out;
  out.array(act.mandate ? 4 : 3).uint(kClear);
  write_registers(out, act.lines);
  out.uint(static_cast<std::uint64_t>(act.ground));
  if (act.mandate) record::write_mandate_proof(out, *act.mandate);
  return out.take();
}

Result<RegisterAct> parse_register_body(ByteView body) {
  wire::CborReader reader(body);
  DETENTE_TRY(items, reader.array());
  DETENTE_TRY(deed, reader.uint());
  RegisterAct out;
  if (deed == kCut) {
    DETENTE_TRY(cut, read_cut(reader, items));
    out.cut = std::move(cut);
  } else if (deed == kClear) {
    DETENTE_TRY(clear, read_clear(reader, items));
    out.clear = std::move(clear);
  } else {
    return fail(Fault::kMalformed, "an act on registers that is neither a cut nor a clear");
  }
  DETENTE_TRY_VOID(reader.expect_end());
  return out;
}

bool names_an_hour_in_reach(const RegisterAct& act, WallTime signed_at) {
  if (!act.cut || !act.cut->effective) return true;
  return std::uint64_t{act.cut->effective->seconds} <= std::uint64_t{signed_at.seconds} + kAnnouncedSecondsMax;
}

Result<void> check_register_act(const record::Entry& entry) {
  if (entry.header.line != kAccordLine)
    return fail(Fault::kMalformed, "a cut stands on the accord line, whatever line it is of");
  if (entry.header.entry_class != record::EntryClass::kLive)
    return fail(Fault::kDenied, "a line is not cut in a drill");
  DETENTE_TRY(act, parse_register_body(entry.body));
  const bool by_station = act.clear && act.clear->ground == ClearGround::kRestored;
  if (entry.signatures.empty() && !by_station)
    return fail(Fault::kDenied, "a cut and its lifting are acts of an officer: sign with --as OFFICER");
  if (!act.cut || !act.cut->effective) return {};
  if (*act.cut->effective <= entry.header.time || !names_an_hour_in_reach(act, entry.header.time))
    return fail(Fault::kLimit, "a cut is announced for an hour that is still to come, at most 72 hours ahead");
  return {};
}

}  // namespace detente::line
