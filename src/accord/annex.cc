#include "accord/annex.h"

#include <algorithm>
#include <array>

#include "accord/accord_text.h"
#include "accord/fields.h"
#include "accord/toml_reader.h"
#include "accord/toml_writer.h"
#include "crypto/hash.h"

namespace detente::accord {
namespace {

constexpr std::array<std::string_view, 4> kPrecedences = {"routine", "priority", "immediate",
                                                          "flash"};
constexpr std::array kMedia = {Medium::kText, Medium::kDocument, Medium::kVoice, Medium::kLetter};
constexpr std::size_t kSignedActsMax = 64;
constexpr std::size_t kStaffedBytesMax = 200;
constexpr std::uint32_t kRetentionDaysMax = 36500;
constexpr std::uint32_t kQueueEntriesMax = 100000;

template <typename T>
bool has_twice(const std::vector<T>& values) {
  for (std::size_t i = 0; i < values.size(); ++i)
    if (std::find(values.begin() + static_cast<std::ptrdiff_t>(i) + 1, values.end(), values[i]) !=
        values.end())
      return true;
  return false;
}

Result<void> check_names(const std::string& where, const std::vector<std::string>& names,
                         std::size_t max) {
  if (names.size() > max) return fail(Fault::kLimit, where + ": more than " + std::to_string(max));
  for (const std::string& name : names) DETENTE_TRY_VOID(check_name_of(where, name));
  if (has_twice(names)) return fail(Fault::kConflict, where + ": one stands there twice");
  return {};
}

// Nothing of it is sent, so nothing can be called or told on it.
Result<void> check_log_only(const Annex& annex, const std::string& where) {
  if (!annex.log_only) return {};
  if (annex.line == kAccordLine)
    return fail(Fault::kConflict, where + ": the accord line carries the sides' own acts and is never log only");
  if (!annex.check_calls.empty() || annex.hours.on_watch != WatchTold::kNothing)
    return fail(Fault::kConflict, where + ": a line that is log only carries nothing, so it has no check calls and tells of no watch");
  return {};
}

Result<void> check_station(const Annex& annex, const std::string& where) {
  if (annex.station.empty()) return {};
  if (annex.line == kAccordLine)
    return fail(Fault::kConflict, where + ": every pair of stations has the accord line; only other lines end at a station of their own");
  return check_name_of(where + ": station", annex.station);
}

Result<void> check_line_zero(const Annex& annex, const std::string& where) {
  const bool is_zero = annex.line == kAccordLine;
  if (is_zero != (annex.name == kAccordLineName))
    return fail(Fault::kConflict, where + ": line 0, and no other, has the name \"accord\"");
  if (is_zero && !annex.provable())
    return fail(Fault::kConflict, where + ": the accord line is always provable");
  return {};
}

// Reads one field that is a word of a table; its place there.
template <std::size_t N>
std::size_t read_choice(TomlDocument& document, TomlDocument::Table& table, std::string_view key,
                        const std::array<std::string_view, N>& choices) {
  const std::string text = table.text(key);
  const auto found = std::find(choices.begin(), choices.end(), text);
  if (found != choices.end()) return static_cast<std::size_t>(found - choices.begin());
  std::string all;
  for (const std::string_view choice : choices) all.append(all.empty() ? "" : ", ").append(choice);
  document.fail_with(Fault::kUnsupported, "\"" + std::string(key) + "\" must be one of " + all,
                     table.line());
  return 0;
}

bool read_log_only(TomlDocument& document, TomlDocument::Table& root) {
  static constexpr std::array<std::string_view, 2> kClasses = {"carried", "log-only"};
  return root.has("class") && read_choice(document, root, "class", kClasses) == 1;
}

void read_media(TomlDocument& document, TomlDocument::Table& root, Annex& out) {
  out.media.clear();
  for (const std::string& text : root.texts("media", kMedia.size())) {
    const auto found = medium_from(text);
    if (!found)
      document.fail_with(Fault::kUnsupported, "\"" + shown(text) +
                                                  "\" is no medium (text, document, "
                                                  "voice, letter)");
    else
      out.media.push_back(*found);
  }
}

}  // namespace

const char* to_string(Evidence evidence) {
  return evidence == Evidence::kProvable ? "provable" : "deniable";
}

const char* to_string(Medium medium) {
  switch (medium) {
    case Medium::kText: return "text";
    case Medium::kDocument: return "document";
    case Medium::kVoice: return "voice";
    case Medium::kLetter: return "letter";
  }
  return "";
}

std::optional<Medium> medium_from(std::string_view name) {
  for (const Medium medium : kMedia)
    if (name == to_string(medium)) return medium;
  return std::nullopt;
}

bool Annex::allows_path(std::string_view path) const {
  return std::find(paths.begin(), paths.end(), path) != paths.end();
}

bool Annex::allows_post(std::string_view post) const {
  return people.empty() || std::find(people.begin(), people.end(), post) != people.end();
}

bool Annex::allows_medium(Medium medium) const {
  return std::find(media.begin(), media.end(), medium) != media.end();
}

Annex draft_annex(LineId line, std::string_view name, std::vector<std::string> paths,
                  Evidence evidence, KeyRandom& random) {
  Annex out;
  out.salt = random.array<16>();
  out.line = line;
  out.name = name;
  out.evidence = evidence;
  out.paths = std::move(paths);
  return out;
}

Result<void> check_annex(const Annex& annex) {
  const std::string where = "annex of line " + std::to_string(annex.line.value);
  DETENTE_TRY_VOID(check_name_of(where + ": name", annex.name));
  DETENTE_TRY_VOID(check_line_zero(annex, where));
  if (annex.media.empty() || has_twice(annex.media))
    return fail(Fault::kConflict, where + ": media must name at least one, each once");
  if (annex.highest_precedence >= kPrecedences.size())
    return fail(Fault::kMalformed, where + ": no such precedence");
  if (annex.paths.empty()) return fail(Fault::kMalformed, where + ": paths must name at least one");
  DETENTE_TRY_VOID(check_names(where + ": paths", annex.paths, kPathsMax));
  DETENTE_TRY_VOID(check_names(where + ": people", annex.people, kPeopleMax));
  DETENTE_TRY_VOID(check_names(where + ": signed_acts", annex.signed_acts, kSignedActsMax));
  if (annex.provable() && !annex.signed_acts.empty())
    return fail(Fault::kConflict, where +
                                      ": signed_acts is for deniable lines; on a provable line "
                                      "everything is signed");
  if (annex.retention_days > kRetentionDaysMax)
    return fail(Fault::kLimit, where + ": retention_days is at most 36500, 0 for ever");
  if (annex.queue_entries < 1 || annex.queue_entries > kQueueEntriesMax)
    return fail(Fault::kLimit, where + ": queue_entries must be from 1 to 100000");
  DETENTE_TRY_VOID(check_text_of(where + ": staffed", annex.staffed, kStaffedBytesMax));
  DETENTE_TRY_VOID(check_station(annex, where));
  DETENTE_TRY_VOID(check_log_only(annex, where));
  return check_hours(annex.check_calls, annex.hours, where);
}

Result<std::string> write_annex(const Annex& annex) {
  DETENTE_TRY_VOID(check_annex(annex));
  std::vector<std::string> media;
  for (const Medium medium : annex.media) media.emplace_back(to_string(medium));
  TomlWriter out;
  out.comment("Annex of one line. The accord holds the SHA-256 of this file as it stands.");
  out.blank().text("format", kAnnexFormat);
  out.comment("Random, so that nobody who has the accord alone can guess what stands here.")
      .text("salt", to_hex(annex.salt))
      .integer("line", annex.line.value)
      .text("name", annex.name);
  out.comment(
         "\"provable\": every word leaves proof for outsiders. \"deniable\": proof for the other "
         "side\n"
         "only.")
      .text("evidence", to_string(annex.evidence))
      .texts("media", media)
      .text("highest_precedence", kPrecedences[annex.highest_precedence])
      .texts("paths", annex.paths);
  out.comment("How long bodies are kept; 0 = for ever.")
      .integer("retention_days", annex.retention_days);
  out.comment("How many entries may wait to be sent.")
      .integer("queue_entries", annex.queue_entries);
  out.comment("When somebody is there, in words.").text("staffed", annex.staffed);
  out.comment("Posts that may join; none named = all officers of the line.")
      .texts("people", annex.people);
  if (!annex.station.empty())
    out.comment("The post of the stations at which this line ends, on both sides; others do not carry it.").text("station", annex.station);
  if (annex.lift_alone)
    out.comment("Each side may lift its own cut of this line without the other's consent.").text("lift", "alone");
  if (annex.desk_restores)
    out.comment("After a cut it is open again only when an officer at each desk has said so, too.").text("restore", "desks");
  out.comment("On a deniable line: the acts that are signed all the same.")
      .texts("signed_acts", annex.signed_acts);
  out.comment("SHA-256 of the code book, or empty.")
      .text("code_book", annex.code_book ? to_hex(*annex.code_book) : "");
  if (annex.log_only)
    out.comment("Equipment of its own: nothing of this line goes by the program; what was said is logged by hand.")
        .text("class", "log-only");
  write_hours(out, annex.hours);
  write_check_calls(out, annex.check_calls);
  std::string text = out.take();
  if (text.size() > kAnnexTextMax) return fail(Fault::kLimit, "annex: the text is above 64 KiB");
  return text;
}

Result<Annex> parse_annex(std::string_view text) {
  static constexpr std::array<std::string_view, 2> kEvidence = {"provable", "deniable"};
  static constexpr std::array<std::string_view, 2> kLift = {"agreed", "alone"};
  static constexpr std::array<std::string_view, 2> kRestore = {"machines", "desks"};
  DETENTE_TRY(document, TomlDocument::parse(text, "annex", kAnnexTextMax));
  auto root = document.root();
  root.expect("format", kAnnexFormat, "this program reads no other version of an annex");
  Annex out;
  out.salt = *to_array<16>(root.hex("salt", 16));
  out.line.value = static_cast<std::uint16_t>(root.integer("line", 0, 65535));
  out.name = root.text("name");
  out.evidence = static_cast<Evidence>(read_choice(document, root, "evidence", kEvidence));
  read_media(document, root, out);
  out.highest_precedence =
      static_cast<std::uint8_t>(read_choice(document, root, "highest_precedence", kPrecedences));
  out.paths = root.texts("paths", kPathsMax);
  out.retention_days = root.integer("retention_days", 0, kRetentionDaysMax);
  out.queue_entries = root.integer("queue_entries", 1, kQueueEntriesMax);
  out.staffed = root.text("staffed");
  out.people = root.texts("people", kPeopleMax);
  if (root.has("station") && (out.station = root.text("station")).empty())
    document.fail_with(Fault::kMalformed, "\"station\" is the post of stations; leave it out where every station carries the line", root.line());
  if (root.has("lift")) out.lift_alone = read_choice(document, root, "lift", kLift) == 1;
  if (root.has("restore")) out.desk_restores = read_choice(document, root, "restore", kRestore) == 1;
  out.signed_acts = root.texts("signed_acts", kSignedActsMax);
  out.code_book = root.digest_or_empty("code_book");
  out.log_only = read_log_only(document, root);
  out.hours = read_hours(document, root);
  out.check_calls = read_check_calls(document, root);
  root.close();
  DETENTE_TRY_VOID(document.result());
  DETENTE_TRY_VOID(check_annex(out));
  return out;
}

Digest annex_digest(std::string_view text) { return crypto::sha256(as_bytes(text)); }

}  // namespace detente::accord
