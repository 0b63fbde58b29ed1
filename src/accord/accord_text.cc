// The accord's values: what they may be, and how they are read from its text.
#include "accord/accord_text.h"

#include "accord/fields.h"
#include "accord/toml_reader.h"
#include "crypto/aead.h"
#include "crypto/hash.h"
#include "crypto/noise.h"

namespace detente::accord {
namespace {

constexpr std::uint32_t kDocumentMibMax = 1 << 20;

constexpr std::array kPathKinds = {PathKind::kUdp,   PathKind::kTcp,     PathKind::kSerial,
                                   PathKind::kKiss,  PathKind::kProgram, PathKind::kCourier,
                                   PathKind::kSheet, PathKind::kWords};

Result<void> check_sides(const Accord& accord) {
  for (const AccordSide& side : accord.sides) {
    const std::string where = "accord: side \"" + shown(side.name) + "\"";
    DETENTE_TRY_VOID(check_name_of(where, side.name));
    DETENTE_TRY_VOID(check_filled_text_of(where + ": self", side.self, kDisplayBytesMax));
    DETENTE_TRY_VOID(check_filled_text_of(where + ": other", side.other, kDisplayBytesMax));
    DETENTE_TRY_VOID(check_word_of(where + ": aead", side.aead));
    if (side.name == "both")
      return fail(Fault::kConflict,
                  where + ": \"both\" has a meaning of its own; take another name");
    if (side.retired && accord.version == 1)
      return fail(Fault::kConflict,
                  where + ": a first accord renews no root key; take last_bulletin and last_credential away");
  }
  const auto& [first, second] = accord.sides;
  if (first.name == second.name)
    return fail(Fault::kConflict, "accord: both sides are named \"" + first.name +
                                      "\"; each side needs a name of its own");
  if (first.root == second.root)
    return fail(Fault::kConflict,
                "accord: both sides have the same root key, so one card stands "
                "for both; put in the other side's card");
  if (!accord.seals_both() && !accord.side(accord.seal))
    return fail(Fault::kConflict, "accord: seal must be \"both\" or the name of a side");
  return {};
}

Result<void> check_paths(const Accord& accord) {
  if (accord.paths.empty())
    return fail(Fault::kMalformed, "accord: no path; add at least one [[paths]]");
  if (accord.paths.size() > kPathsMax) return fail(Fault::kLimit, "accord: more than 32 paths");
  for (std::size_t i = 0; i < accord.paths.size(); ++i) {
    const AccordPath& path = accord.paths[i];
    const std::string where = "accord: path " + std::to_string(path.number.value);
    DETENTE_TRY_VOID(check_name_of(where, path.name));
    if (path.number.value == 0)
      return fail(Fault::kMalformed, where + ": paths are numbered from 1");
    if (i > 0 && path.number <= accord.paths[i - 1].number)
      return fail(Fault::kConflict,
                  where + ": paths stand in the order of their numbers, each once");
    if (accord.path(path.name) != &path)
      return fail(Fault::kConflict, where + ": a second path of the name \"" + path.name + "\"");
  }
  return {};
}

Result<void> check_lines(const Accord& accord) {
  if (accord.lines.size() > kLinesMax) return fail(Fault::kLimit, "accord: more than 256 lines");
  if (accord.lines.empty() || accord.lines.front().number != kAccordLine)
    return fail(Fault::kMalformed,
                "accord: line 0, the accord line, is missing; add it as the first of [[lines]]");
  for (std::size_t i = 1; i < accord.lines.size(); ++i)
    if (accord.lines[i].number <= accord.lines[i - 1].number)
      return fail(Fault::kConflict, "accord: line " + std::to_string(accord.lines[i].number.value) +
                                        ": lines stand in the order of their numbers, each once");
  return {};
}

Result<void> check_range(std::string_view key, std::uint32_t value, std::uint32_t min,
                         std::uint32_t max) {
  if (value >= min && value <= max) return {};
  return fail(Fault::kLimit, "accord: " + std::string(key) + " must be from " +
                                 std::to_string(min) + " to " + std::to_string(max));
}

Result<void> check_terms(const Accord& accord) {
  const SessionTerms& s = accord.session;
  DETENTE_TRY_VOID(check_range("fresh_handshake_minutes", s.fresh_handshake_minutes, 1, 10080));
  DETENTE_TRY_VOID(check_range("rekey_packets", s.rekey_packets, 1, 1u << 30));
  DETENTE_TRY_VOID(check_range("rekey_minutes", s.rekey_minutes, 1, 10080));
  DETENTE_TRY_VOID(check_range("secret_step_hours", s.secret_step_hours, 1, 8760));
  DETENTE_TRY_VOID(check_range("heartbeat_seconds", s.heartbeat_seconds, 1, 86400));
  DETENTE_TRY_VOID(check_range("entry_bytes", accord.limits.entry_bytes, kEntryBytes, kEntryBytes));
  DETENTE_TRY_VOID(check_range("document_mib", accord.limits.document_mib, 1, kDocumentMibMax));
  return check_range("queue_entries", accord.limits.queue_entries, 1, 1000000);
}

Result<AccordSide> read_side(TomlDocument& document, TomlDocument::Table table) {
  std::string name = table.text("name");
  const Bytes root_bytes = table.base64("root", 32);
  std::string self = table.text("self");
  std::string other = table.text("other");
  std::string aead = table.text("aead");
  const Digest vectors = table.digest("aead_vectors");
  std::optional<RetiredRoot> retired;
  if (table.has("last_bulletin") || table.has("last_credential")) {
    const std::uint32_t bulletin = table.integer("last_bulletin", 0, 0xffffffff);
    retired = RetiredRoot{bulletin, static_cast<std::uint16_t>(table.integer("last_credential", 0, 0xffff))};
  }
  table.close();
  DETENTE_TRY_VOID(document.result());
  auto root = crypto::VerifyKey::from_bytes(root_bytes);
  if (!root) return fail_at("accord: root key of side \"" + shown(name) + "\"", root.error());
  return AccordSide{std::move(name),  *root,           std::move(self),
                    std::move(other), std::move(aead), vectors, retired};
}

PathKind read_path_kind(TomlDocument& document, TomlDocument::Table& table) {
  const std::string text = table.text("kind");
  for (const PathKind kind : kPathKinds)
    if (text == to_string(kind)) return kind;
  document.fail_with(Fault::kUnsupported,
                     "\"" + shown(text) +
                         "\" is no kind of path (udp, tcp, serial, kiss, program, "
                         "courier, sheet, words)",
                     table.line());
  return PathKind::kUdp;
}

void read_lists(TomlDocument& document, TomlDocument::Table& root, Accord& out) {
  for (auto& table : root.tables("paths", kPathsMax)) {
    AccordPath path;
    path.number.value = static_cast<std::uint8_t>(table.integer("number", 1, 255));
    path.name = table.text("name");
    path.kind = read_path_kind(document, table);
    table.close();
    out.paths.push_back(std::move(path));
  }
  for (auto& table : root.tables("lines", kLinesMax)) {
    AccordLine line;
    line.number.value = static_cast<std::uint16_t>(table.integer("number", 0, 65535));
    line.annex = table.digest("annex");
    table.close();
    out.lines.push_back(line);
  }
}

void read_terms(TomlDocument::Table& root, Accord& out) {
  auto session = root.table("session");
  out.session.fresh_handshake_minutes = session.integer("fresh_handshake_minutes", 1, 10080);
  out.session.rekey_packets = session.integer("rekey_packets", 1, 1u << 30);
  out.session.rekey_minutes = session.integer("rekey_minutes", 1, 10080);
  out.session.secret_step_hours = session.integer("secret_step_hours", 1, 8760);
  out.session.heartbeat_seconds = session.integer("heartbeat_seconds", 1, 86400);
  session.close();
  auto limits = root.table("limits");
  out.limits.entry_bytes = limits.integer("entry_bytes", kEntryBytes, kEntryBytes);
  out.limits.queue_entries = limits.integer("queue_entries", 1, 1000000);
  if (const std::uint32_t mib = limits.integer_or_none("document_mib", 1, kDocumentMibMax); mib > 0)
    out.limits.document_mib = mib;
  limits.close();
}

void read_head(TomlDocument::Table& root, Accord& out) {
  out.version = root.integer("version", 1, 0xffffffff);
  out.predecessor = root.digest_or_empty("predecessor");
  out.lineage = root.digest_or_empty("lineage");
  out.title = root.text("title");
  out.not_before = root.time("not_before");
  root.expect("spec", kSpec, "this program follows no other specification");
  root.expect("suite", crypto::kStationSuite, "nothing is negotiated in this version");
  root.expect("receipt", kReceiptMeaning, "a station can promise nothing else");
  out.dictionary = root.digest("dictionary");
  out.seal = root.text("seal");
}

}  // namespace

const char* to_string(PathKind kind) {
  switch (kind) {
    case PathKind::kUdp: return "udp";
    case PathKind::kTcp: return "tcp";
    case PathKind::kSerial: return "serial";
    case PathKind::kKiss: return "kiss";
    case PathKind::kProgram: return "program";
    case PathKind::kCourier: return "courier";
    case PathKind::kSheet: return "sheet";
    case PathKind::kWords: return "words";
  }
  return "";
}

const AccordSide* Accord::side(std::string_view name) const {
  for (const AccordSide& side : sides)
    if (side.name == name) return &side;
  return nullptr;
}

const AccordSide* Accord::side_opposite(std::string_view name) const {
  if (sides[0].name == name) return &sides[1];
  if (sides[1].name == name) return &sides[0];
  return nullptr;
}

const AccordPath* Accord::path(PathId number) const {
  for (const AccordPath& path : paths)
    if (path.number == number) return &path;
  return nullptr;
}

const AccordPath* Accord::path(std::string_view name) const {
  for (const AccordPath& path : paths)
    if (path.name == name) return &path;
  return nullptr;
}

const AccordLine* Accord::line(LineId number) const {
  for (const AccordLine& line : lines)
    if (line.number == number) return &line;
  return nullptr;
}

Accord draft_accord(const Card& first, const Card& second) {
  static constexpr std::string_view kAead = "ChaCha20-Poly1305";
  const Digest vectors = crypto::sha256(as_bytes(crypto::shipped_vectors(kAead)));
  const auto side = [&](const Card& own, const Card& other) {
    return AccordSide{own.side, own.root, own.display, other.display, std::string(kAead), vectors, {}};
  };
  return Accord{.title = "Accord between " + first.display + " and " + second.display,
                .not_before = std::max(first.created, second.created),
                .sides = {side(first, second), side(second, first)}};
}

Result<void> check_accord(const Accord& accord) {
  if (accord.version == 0) return fail(Fault::kMalformed, "accord: versions are counted from 1");
  const bool is_first = accord.version == 1;
  if (accord.predecessor.has_value() == is_first || accord.lineage.has_value() == is_first)
    return fail(Fault::kConflict,
                is_first ? "accord: version 1 has no predecessor and no lineage; leave both \"\""
                         : "accord: version " + std::to_string(accord.version) +
                               " must name its predecessor and its lineage by digest");
  DETENTE_TRY_VOID(check_filled_text_of("accord: title", accord.title, kTitleBytesMax));
  DETENTE_TRY_VOID(check_sides(accord));
  DETENTE_TRY_VOID(check_terms(accord));
  DETENTE_TRY_VOID(check_paths(accord));
  return check_lines(accord);
}

Result<Accord> parse_accord(std::string_view text) {
  DETENTE_TRY(document, TomlDocument::parse(text, "accord", kAccordTextMax));
  auto root = document.root();
  root.expect("format", kAccordFormat, "this program reads no other version of an accord");
  DETENTE_TRY_VOID(document.result());
  const std::vector<std::string> order = root.texts("order", 2);
  auto tables = root.tables("sides", 2);
  if (order.size() != 2 || tables.size() != 2)
    document.fail_with(Fault::kMalformed,
                       "an accord has two sides: two names in \"order\" and two "
                       "tables [[sides]]");
  DETENTE_TRY_VOID(document.result());
  DETENTE_TRY(first, read_side(document, tables[0]));
  DETENTE_TRY(second, read_side(document, tables[1]));
  if (first.name != order[0] || second.name != order[1])
    return fail(Fault::kConflict,
                "accord: the tables [[sides]] must stand in the order that "
                "\"order\" gives, with the same names");
  Accord out{.sides = {std::move(first), std::move(second)}};
  read_head(root, out);
  read_terms(root, out);
  read_lists(document, root, out);
  root.close();
  DETENTE_TRY_VOID(document.result());
  DETENTE_TRY_VOID(check_accord(out));
  return out;
}

}  // namespace detente::accord
