// The accord's text: drafted, checked, signed.
#include <algorithm>

#include "accord/annex.h"
#include "base/civil.h"
#include "ceremony_amend.h"
#include "crypto/aead.h"
#include "crypto/hash.h"
#include "station/schedules.h"
#include "wire/coder.h"
#include "wire/text.h"

namespace detente::cli {
namespace {

Result<std::string> vectors_of(const DraftChoices& choices, const std::string& aead) {
  const auto given = choices.cipher_vectors.find(aead);
  if (given != choices.cipher_vectors.end()) return given->second;
  const std::string_view shipped = crypto::shipped_vectors(aead);
  if (!shipped.empty()) return std::string(shipped);
  return fail(
      Fault::kNotFound,
      "cipher " + aead +
          ": this program brings no test vectors for it (it does for "
          "ChaCha20-Poly1305, AES-256-GCM, ARIA-256-GCM); give the file that both sides agreed on: "
          "--cipher-vectors " +
          aead + "=FILE");
}

// Which side stands first, when nobody brought the lot from the room.
bool draw_own_first(KeyRandom& random) { return (random.array<1>()[0] & 1) != 0; }

void apply_names(accord::Accord& accord, const std::string& own, const DraftChoices& choices) {
  for (accord::AccordSide& side : accord.sides) {
    const bool ours = side.name == own;
    if (ours && !choices.self.empty()) side.self = choices.self;
    if (ours && !choices.other.empty()) side.other = choices.other;
    side.aead = ours ? choices.aead : choices.their_aead;
  }
}

Result<void> add_vectors(AccordFiles& files, const DraftChoices& choices) {
  for (accord::AccordSide& side : files.note.accord.sides) {
    DETENTE_TRY(vectors, vectors_of(choices, side.aead));
    side.aead_vectors = crypto::sha256(as_bytes(vectors));
    files.cipher_vectors[side.aead] = std::move(vectors);
  }
  return {};
}

Result<void> add_line(AccordFiles& files, const LineChoice& choice,
                      const std::vector<std::string>& paths, KeyRandom& random) {
  const LineId number{static_cast<std::uint16_t>(files.annexes.size())};
  auto annex = accord::draft_annex(
      number, choice.name, paths,
      choice.deniable ? accord::Evidence::kDeniable : accord::Evidence::kProvable, random);
  annex.highest_precedence = choice.highest;
  if (number != kAccordLine) annex.media = choice.media;
  if (!choice.paths.empty()) annex.paths = choice.paths;
  annex.lift_alone = choice.lift_alone;
  annex.desk_restores = choice.desk_restores;
  annex.hours = choice.hours.terms;
  annex.check_calls = choice.hours.calls;
  annex.people = choice.people;
  annex.log_only = choice.log_only;
  annex.station = choice.station;
  DETENTE_TRY(text, accord::write_annex(annex));
  files.note.accord.lines.push_back({number, accord::annex_digest(text)});
  files.annexes.push_back(std::move(text));
  return {};
}

Result<void> check_choices(const DraftChoices& choices) {
  if (choices.lines.empty())
    return fail(Fault::kMalformed, "accord: no line; name at least one with --line NAME");
  std::vector<std::string> names;
  for (const LineChoice& line : choices.lines) names.push_back(line.name);
  for (auto* list : {&names}) std::sort(list->begin(), list->end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice != names.end())
    return fail(Fault::kConflict, "accord: line \"" + *twice + "\" is given twice; name it once");
  return {};
}

// "line 12: here \"...\", there \"...\"": what a person needs to find a changed byte.
std::string first_difference(std::string_view ours, std::string_view theirs) {
  std::size_t number = 1;
  while (true) {
    const std::string_view a = ours.substr(0, ours.find('\n'));
    const std::string_view b = theirs.substr(0, theirs.find('\n'));
    if (a != b || ours.empty() || theirs.empty())
      return "the texts differ first in line " + std::to_string(number) + ": here \"" +
             wire::display_line(a.substr(0, 100)) + "\", there \"" +
             wire::display_line(b.substr(0, 100)) + "\"";
    ours.remove_prefix(std::min(a.size() + 1, ours.size()));
    theirs.remove_prefix(std::min(b.size() + 1, theirs.size()));
    ++number;
  }
}

Result<Imported> merge(const SideDir& side, const std::string& counterpart, AccordFiles ours,
                       const AccordFiles& theirs) {
  bool added = false;
  for (std::size_t i = 0; i < 2; ++i) {
    if (ours.note.signed_by[i] || !theirs.note.signed_by[i]) continue;
    const std::string& name = ours.note.accord.sides[i].name;
    for (const accord::NoteSignature& line : theirs.note.signatures)
      if (line.name == name) ours.note.signatures.push_back(line);
    added = true;
  }
  if (!added) return Imported::kNothingNew;
  // Verified once more, as one note: what is written can be read.
  DETENTE_TRY(merged, accord::parse_accord_note(as_bytes(ours.note.encode())));
  ours.note = std::move(merged);
  DETENTE_TRY_VOID(side.save_accord_files(counterpart, ours));
  return Imported::kSignatureAdded;
}

}  // namespace

Result<accord::PathKind> parse_path_kind(const std::string& word) {
  for (const accord::PathKind kind : {accord::PathKind::kUdp, accord::PathKind::kTcp})
    if (word == accord::to_string(kind)) return kind;
  return fail(Fault::kUnsupported, "\"" + wire::display_line(word.substr(0, 40)) +
                                       "\" is no kind of path that this version carries; choose "
                                       "udp or tcp");
}

Result<PathChoice> parse_path_choice(const std::string& text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos) return PathChoice{text};
  auto kind = parse_path_kind(text.substr(colon + 1));
  if (!kind) return fail_at("--path " + text, kind.error());
  return PathChoice{text.substr(0, colon), *kind};
}

Result<AccordFiles> draft_accord_files(const SideDir& side, const DraftChoices& choices,
                                       WallTime now, KeyRandom& random) {
  DETENTE_TRY_VOID(check_choices(choices));
  DETENTE_TRY(own, side.own_card());
  DETENTE_TRY(theirs, side.card_of(choices.counterpart));
  if (!choices.first.empty() && choices.first != own.side && choices.first != theirs.side)
    return fail(Fault::kConflict, "--first " + choices.first + ": is neither " + own.side +
                                      " nor " + theirs.side + "; name the side that the lot gave");
  const bool own_first = choices.first.empty() ? draw_own_first(random) : choices.first == own.side;
  AccordFiles files{
      {own_first ? accord::draft_accord(own, theirs) : accord::draft_accord(theirs, own),
       {},
       {},
       {},
       {},
       {}},
      {},
      {},
      to_bytes(wire::shipped_dictionary())};
  accord::Accord& accord = files.note.accord;
  if (!choices.title.empty()) accord.title = choices.title;
  accord.not_before = now;
  accord.seal = choices.seal;
  if (choices.heartbeat_seconds) accord.session.heartbeat_seconds = *choices.heartbeat_seconds;
  accord.dictionary = crypto::sha256(files.dictionary);
  apply_names(accord, side.name(), choices);
  DETENTE_TRY_VOID(add_vectors(files, choices));
  std::vector<std::string> paths;
  for (const PathChoice& path : choices.paths) {
    paths.push_back(path.name);
    accord.paths.push_back({PathId{static_cast<std::uint8_t>(paths.size())}, path.name, path.kind});
  }
  DETENTE_TRY_VOID(add_line(files, {std::string(accord::kAccordLineName)}, paths, random));
  for (const LineChoice& line : choices.lines)
    DETENTE_TRY_VOID(add_line(files, line, paths, random));
  DETENTE_TRY(text, accord::write_accord(accord));
  DETENTE_TRY(note, accord::parse_accord_note(as_bytes(text)));
  files.note = std::move(note);
  if (!choices.unknown_zones) DETENTE_TRY_VOID(check_zones(files));
  return files;
}

Result<void> check_zones(const AccordFiles& files) {
  DETENTE_TRY(unknown, station::check_schedules(files.note.accord, files.annexes));
  if (unknown.empty()) return {};
  return fail(Fault::kNotFound, unknown.front() + ". Its check calls would not be planned. If it is right and the stations' "
                                                  "machines know it: --unknown-zones");
}

namespace {

bool is_root(const accord::SideRoots& roots, const crypto::VerifyKey& key) {
  return std::any_of(roots.begin(), roots.end(), [&](const accord::SideRoot& root) { return root.key == key; });
}

}  // namespace

Result<std::string> counterpart_of(const SideDir& side, const accord::Accord& accord) {
  const accord::AccordSide* own = accord.side(side.name());
  const accord::AccordSide* theirs = accord.side_opposite(side.name());
  if (own == nullptr || theirs == nullptr)
    return fail(Fault::kConflict, "accord: it is between " + accord.first().name + " and " +
                                      accord.second().name + ", and this side is " + side.name() +
                                      "; take the accord that names this side");
  DETENTE_TRY(own_card, side.own_card());
  DETENTE_TRY(own_roots, side.own_roots());
  // A renewed one, theirs below too, is judged by the accord before: check_next().
  const bool may_follow = side.has_accord(theirs->name);
  if (own->root != own_card.root && !is_root(own_roots, own->root) && !(own->retired && may_follow))
    return fail(Fault::kConflict, "accord: it names another root key for " + side.name() +
                                      " than your card; the other side must import your card and "
                                      "draft it again");
  DETENTE_TRY(card, side.card_of(theirs->name));
  DETENTE_TRY(their_roots, side.roots_of(theirs->name));
  if (theirs->root != card.root && !is_root(their_roots, theirs->root) && !(theirs->retired && may_follow))
    return fail(Fault::kConflict,
                "accord: it names another root key for " + theirs->name +
                    " than the card that they gave you; ask them which one holds");
  return theirs->name;
}

Result<Imported> import_accord(const SideDir& side, const io::Path& from, bool replace) {
  DETENTE_TRY(theirs, station::read_accord_files(from));
  DETENTE_TRY(counterpart, counterpart_of(side, theirs.note.accord));
  if (!side.has_accord(counterpart)) {
    DETENTE_TRY_VOID(side.save_accord_files(counterpart, theirs));
    return Imported::kNew;
  }
  DETENTE_TRY(ours, side.accord_files(counterpart));
  if (is_of_lineage(side, counterpart, theirs)) return import_next_accord(side, counterpart, theirs, replace);
  if (ours.note.digest == theirs.note.digest)
    return merge(side, counterpart, std::move(ours), theirs);
  if (replace && !ours.note.complete()) {
    DETENTE_TRY_VOID(side.save_accord_files(counterpart, theirs));
    return Imported::kReplaced;
  }
  return fail(Fault::kConflict,
              "accord: two different accords with " + counterpart + "; here " +
                  to_hex(ours.note.digest) + ", in " + from.string() + " " +
                  to_hex(theirs.note.digest) + "; " +
                  first_difference(ours.note.text, theirs.note.text) + ". " +
                  (ours.note.complete()
                       ? "The one here is signed by both and stays"
                       : "Agree with the other side on one; --replace takes theirs instead"));
}

Result<AccordFiles> sign_accord_files(const SideDir& side, std::string_view counterpart,
                                      const crypto::SignKey& root) {
  DETENTE_TRY(files, side.accord_files(counterpart));
  DETENTE_TRY(other, counterpart_of(side, files.note.accord));
  DETENTE_TRY(unknown, station::check_schedules(files.note.accord, files.annexes));
  DETENTE_TRY(signed_note, accord::sign_accord(std::move(files.note), root));
  files.note = std::move(signed_note);
  DETENTE_TRY_VOID(side.save_accord_files(other, files));
  return files;
}

std::vector<std::string> accord_lines(const AccordFiles& files) {
  std::vector<std::string> out = {wire::display_text(files.note.text)};
  for (std::size_t i = 0; i < files.annexes.size(); ++i) {
    out.push_back("---- annex of line " + std::to_string(files.note.accord.lines[i].number.value) +
                  " ----");
    out.push_back(wire::display_text(files.annexes[i]));
  }
  for (std::size_t i = 0; i < 2; ++i)
    out.push_back((files.note.signed_by[i] ? "Signed by " : "Not signed by ") +
                  files.note.accord.sides[i].name);
  out.push_back("Digest " + to_hex(files.note.digest));
  return out;
}

Result<std::vector<std::string>> check_accord_here(const AccordFiles& files) {
  DETENTE_TRY_VOID(station::check_accord_files(files));
  DETENTE_TRY(whole, accord::assemble_accord(as_bytes(files.note.encode()), files.annexes));
  for (const accord::AccordSide& side : whole.accord.sides) {
    auto algorithm = crypto::AeadAlgorithm::load(side.aead);
    if (!algorithm) return fail_at("cipher of " + side.name, algorithm.error());
    auto good = algorithm->check_vectors(files.cipher_vectors.at(side.aead));
    if (!good) return fail_at("cipher of " + side.name, good.error());
  }
  DETENTE_TRY(coder, wire::TextCoder::with_dictionary(files.dictionary));
  return station::check_schedules(files.note.accord, files.annexes);
}

}  // namespace detente::cli
