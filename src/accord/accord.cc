#include "accord/accord.h"

#include <algorithm>
#include <vector>

#include "accord/fields.h"
#include "crypto/hash.h"

namespace detente::accord {
namespace {

constexpr std::string_view kAskAgain =
    "; compare the digest with the other side and take the text that was agreed";

bool has_signature_lines(std::string_view file) {
  return file.find("\n\n\xe2\x80\x94 ") != std::string_view::npos;
}

// Fills signed_by from the signature lines.
Result<void> check_signatures(AccordNote& note) {
  note.signed_by = {};
  if (note.signatures.empty()) return {};
  std::vector<NoteVerifier> keys;
  for (const AccordSide& side : note.accord.sides) {
    DETENTE_TRY(key, NoteVerifier::make(side.name, NoteKeyType::kEd25519, side.root));
    keys.push_back(std::move(key));
  }
  // verify_note wants at least one known key; strangers' lines alone are no fault of an accord.
  bool any = false;
  for (const NoteSignature& line : note.signatures)
    for (const NoteVerifier& key : keys)
      any = any || (line.name == key.name() && line.key_id == key.key_id());
  if (!any) return {};
  const auto verified = verify_note({note.text, note.signatures}, keys);
  if (!verified)
    return fail(
        Fault::kAuthentication,
        "accord: a side's signature does not fit the text, so the text or the signature was "
        "changed after signing (" +
            verified.error().message + ")" + std::string(kAskAgain));
  for (const VerifiedSignature& signature : *verified) note.signed_by[signature.key] = true;
  return {};
}

Result<AccordNote> from_text(std::string text, std::vector<NoteSignature> signatures) {
  DETENTE_TRY(accord, parse_accord(text));
  const Digest digest = accord_digest(text);
  const Digest lineage = accord.lineage.value_or(digest);
  AccordNote out{std::move(accord), std::move(text), digest, lineage, std::move(signatures), {}};
  DETENTE_TRY_VOID(check_signatures(out));
  return out;
}

std::string unsigned_sides(const AccordNote& note) {
  std::string out;
  for (std::size_t i = 0; i < 2; ++i)
    if (!note.signed_by[i]) out += (out.empty() ? "" : " and ") + note.accord.sides[i].name;
  return out;
}

// Empty = neither by name.
Result<void> check_side(const Accord& accord, const std::string& side, const std::string& where) {
  if (side.empty() || side == accord.sides[0].name || side == accord.sides[1].name) return {};
  return fail(Fault::kConflict, where + ": the accord has no side \"" + side +
                                    "\"; its sides are " + accord.sides[0].name + " and " +
                                    accord.sides[1].name);
}

Result<void> check_annex_fits(const Accord& accord, const Annex& annex) {
  const std::string where = "annex \"" + annex.name + "\"";
  for (const std::string& path : annex.paths)
    if (!accord.path(path))
      return fail(Fault::kConflict, where + ": the accord has no path \"" + path + "\"");
  if (annex.line == kAccordLine && annex.paths.size() != accord.paths.size())
    return fail(Fault::kConflict, where + ": the accord line uses every path of the accord");
  for (const CheckCall& call : annex.check_calls) {
    DETENTE_TRY_VOID(check_side(accord, call.caller, where + ": check_calls: caller"));
    for (const OwnHour& own : call.own_hours)
      DETENTE_TRY_VOID(check_side(accord, own.side, where + ": check_calls: own_hours"));
  }
  return {};
}

// Which line of the accord this text is the annex of.
Result<LineId> place_annex(const Accord& accord, std::string_view text, const Annex& annex) {
  const AccordLine* line = accord.line(annex.line);
  const std::string number = std::to_string(annex.line.value);
  if (!line)
    return fail(Fault::kConflict, "annex \"" + annex.name + "\" is for line " + number +
                                      ", which this accord does not have; take it away");
  if (line->annex != annex_digest(text))
    return fail(Fault::kAuthentication,
                "annex \"" + annex.name + "\" of line " + number +
                    " was altered or belongs to another accord: its SHA-256 is " +
                    to_hex(annex_digest(text)) + " and the accord says " + to_hex(line->annex) +
                    "; take the file that was there when the accord was signed");
  return line->number;
}

bool has_line_of(const AccordNote& note, const AccordSide& side) {
  const auto key_id = note_key_id(side.name, NoteKeyType::kEd25519, side.root);
  return std::any_of(note.signatures.begin(), note.signatures.end(),
                     [&](const NoteSignature& line) { return line.name == side.name && line.key_id == key_id; });
}

}  // namespace

Digest accord_digest(std::string_view text) { return crypto::sha256(as_bytes(text)); }

std::string AccordNote::encode() const {
  return signatures.empty() ? text : encode_note({text, signatures});
}

Result<AccordNote> parse_accord_note(ByteView file) {
  if (file.size() > kAccordNoteMax)
    return fail(Fault::kLimit, "accord: larger than 128 KiB; this cannot be an accord");
  const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
  if (!has_signature_lines(text)) {
    const auto good = check_note_text(text);
    if (!good) return fail_at("accord", good.error());
    return from_text(std::string(text), {});
  }
  auto note = parse_note(file);
  if (!note) return fail_at("accord", note.error());
  return from_text(std::move(note->text), std::move(note->signatures));
}

Result<AccordNote> sign_accord(AccordNote note, const crypto::SignKey& root) {
  for (std::size_t i = 0; i < 2; ++i) {
    const AccordSide& side = note.accord.sides[i];
    if (side.root != root.verify_key()) continue;
    if (note.signed_by[i]) return note;
    DETENTE_TRY(signature, sign_note(note.text, side.name, root));
    note.signatures.push_back(std::move(signature));
    note.signed_by[i] = true;
    return note;
  }
  return fail(Fault::kDenied, "accord: this root key is neither \"" + note.accord.first().name +
                                  "\"'s nor \"" + note.accord.second().name +
                                  "\"'s in this accord; draft it again with the card of this key");
}

std::vector<std::size_t> renewed_sides(const Accord& next, const Accord& old) {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < 2; ++i)
    if (next.sides[i].root != old.sides[i].root) out.push_back(i);
  return out;
}

Result<AccordNote> sign_renewal(AccordNote next, const AccordNote& old, const crypto::SignKey& former) {
  for (const std::size_t side : renewed_sides(next.accord, old.accord)) {
    if (old.accord.sides[side].root != former.verify_key()) continue;
    if (renewal_is_signed(next, old, side)) return next;
    DETENTE_TRY(line, sign_note(next.text, old.accord.sides[side].name, former));
    next.signatures.push_back(std::move(line));
    return next;
  }
  return fail(Fault::kDenied, "accord: version " + std::to_string(next.accord.version) +
                                  " does not replace this root key; sign with the one that the accord in force names");
}

bool renewal_is_signed(const AccordNote& next, const AccordNote& old, std::size_t place) {
  const AccordSide& side = old.accord.sides[place];
  if (next.accord.sides[place].root == side.root) return true;
  const auto former = NoteVerifier::make(side.name, NoteKeyType::kEd25519, side.root);
  if (!former) return false;
  // A line of this key that does not fit refuses the note, though another one of it does.
  return !next.signatures.empty() && verify_note({next.text, next.signatures}, {&*former, 1}).has_value();
}

Result<void> check_successor(const AccordNote& next, const AccordNote& old) {
  for (const AccordNote* note : {&next, &old})
    if (!note->complete())
      return fail(Fault::kState, "accord: version " + std::to_string(note->accord.version) +
                                     " is not signed by " + unsigned_sides(*note));
  DETENTE_TRY_VOID(check_follows(next, old));
  for (std::size_t i = 0; i < 2; ++i) {
    if (renewal_is_signed(next, old, i)) continue;
    const std::string& side = old.accord.sides[i].name;
    return fail(Fault::kState, "accord: version " + std::to_string(next.accord.version) + " renews the root key of " + side +
                                   ", and the key that it replaces has not signed it: " + side +
                                   " signs with both, detente accord sign --next");
  }
  return {};
}

Result<void> check_follows(const AccordNote& next, const AccordNote& old) {
  const auto refuse = [](const std::string& why) {
    return fail(Fault::kConflict, "accord: no successor of the one in force: " + why);
  };
  if (next.accord.predecessor != old.digest)
    return refuse("its predecessor is not " + to_hex(old.digest) + "; draft it from that one");
  if (next.accord.version != old.accord.version + 1)
    return refuse("its version must be " + std::to_string(old.accord.version + 1));
  if (next.lineage != old.lineage) return refuse("its lineage must be " + to_hex(old.lineage));
  for (std::size_t i = 0; i < 2; ++i) {
    const AccordSide& side = old.accord.sides[i];
    // The order too: secrets and ids of a lineage are made in it.
    if (next.accord.sides[i].name != side.name)
      return refuse("its sides must be the same, in the same order");
    const bool other_key = next.accord.sides[i].root != side.root;
    if (other_key && !next.accord.sides[i].retired)
      return refuse("side \"" + side.name +
                    "\" has another root key, and the accord does not say how far the one before counts; draft it by "
                    "detente accord amend --renew-root");
    if (!other_key && next.accord.sides[i].retired)
      return refuse("it retires the root key of \"" + side.name + "\" and names no other one");
    if (other_key && has_line_of(next, side) && !renewal_is_signed(next, old, i))
      return fail(Fault::kAuthentication, "accord: version " + std::to_string(next.accord.version) + ": the signature of the root key of \"" + side.name +
                                              "\" that it replaces does not fit the text; take the file from " + side.name + " again");
  }
  return {};
}

Result<void> check_successor_roots(const Accord& next, std::span<const AccordInForce* const> before) {
  if (before.empty()) return {};
  for (const std::size_t renewed : renewed_sides(next, before.back()->accord)) {
    const AccordSide& now = next.sides[renewed];
    for (const AccordInForce* old : before)
      for (const AccordSide& side : old->accord.sides)
        if (side.root == now.root)
          return fail(Fault::kConflict, "accord: the new root key of " + now.name + " is the one of " + side.name + " in version " +
                                            std::to_string(old->accord.version) +
                                            ": a root key never comes again; make a new one: detente side renew-root");
  }
  return {};
}

Result<void> check_successor_lines(const AccordInForce& next, std::span<const AccordInForce* const> before) {
  for (const auto& [number, annex] : next.annexes)
    for (const AccordInForce* old : before) {
      const std::string line = "accord: line " + std::to_string(number.value) + " (" + annex.name + ") ";
      const Annex* former = old->annex(number);
      if (former == nullptr) continue;
      if (former->name != annex.name)
        return fail(Fault::kConflict, line + "was " + former->name + " in version " + std::to_string(old->accord.version) +
                                          ": give a new line a number of its own");
      if (former->evidence != annex.evidence)
        return fail(Fault::kConflict, line + "keeps its evidence, since its record goes on: retire it, and give a line of "
                                             "the other kind a new number and a new name");
      if (before.back()->annex(number) == nullptr)
        return fail(Fault::kConflict, line + "was retired after version " + std::to_string(old->accord.version) +
                                          ": a line that comes again has a new number");
    }
  return {};
}

const Annex* AccordInForce::annex(LineId line) const {
  const auto found = annexes.find(line);
  return found == annexes.end() ? nullptr : &found->second;
}

const Annex* AccordInForce::line_named(std::string_view name) const {
  for (const auto& [line, annex] : annexes)
    if (annex.name == name) return &annex;
  return nullptr;
}

std::vector<AccordPath> AccordInForce::paths_of(const Annex& annex) const {
  std::vector<AccordPath> out;
  for (const std::string& name : annex.paths)
    if (const AccordPath* path = accord.path(name)) out.push_back(*path);
  return out;
}

Result<AccordInForce> assemble_accord(ByteView note_bytes,
                                      std::span<const std::string> annex_texts) {
  DETENTE_TRY(note, parse_accord_note(note_bytes));
  if (!note.complete())
    return fail(Fault::kState, "accord: not signed by " + unsigned_sides(note) +
                                   "; have it signed there before it is used");
  AccordInForce out{note.accord, note.digest, note.lineage, note.encode(), {}, {}};
  for (const std::string& text : annex_texts) {
    DETENTE_TRY(annex, parse_annex(text));
    DETENTE_TRY(line, place_annex(out.accord, text, annex));
    DETENTE_TRY_VOID(check_annex_fits(out.accord, annex));
    if (const Annex* other = out.line_named(annex.name); other && other->line != line)
      return fail(Fault::kConflict, "accord: lines " + std::to_string(other->line.value) + " and " +
                                        std::to_string(line.value) + " have one name, \"" +
                                        annex.name + "\"");
    out.annexes.insert_or_assign(line, std::move(annex));
    out.annex_texts.insert_or_assign(line, text);
  }
  for (const AccordLine& line : out.accord.lines)
    if (!out.annex(line.number))
      return fail(Fault::kNotFound,
                  "accord: the annex of line " + std::to_string(line.number.value) +
                      " is missing; bring the file whose SHA-256 is " + to_hex(line.annex));
  return out;
}

}  // namespace detente::accord
