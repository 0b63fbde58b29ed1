#include "record/extract_ground.h"

#include <algorithm>
#include <array>

#include "crypto/hash.h"

namespace detente::record {
namespace {

tl::unexpected<Error> bad_ground(std::string what) {
  return fail(Fault::kMalformed, "extract: " + std::move(what));
}

// What the user gave against what the file says; empty when nothing contradicts.
std::string contradiction(const std::vector<GroundAccord>& accords, const TrustAnchor& anchor) {
  const accord::Accord& terms = accords.front().accord;
  for (const auto& given : anchor.roots) {
    const std::string& name = given.first;
    if (!terms.side(name)) return "you gave a root key of \"" + name + "\", and this accord has no such side";
    // One that was renewed and the one after it vouch for each other: the former signed the accord that names the latter,
    // and that one names by its digest what the former signed.
    const auto names_it = [&](const GroundAccord& one) { return one.accord.side(name)->root == given.second; };
    if (std::none_of(accords.begin(), accords.end(), names_it))
      return "the root key of " + name + " is not the one that you gave";
  }
  const auto is_given = [&](const GroundAccord& accord) { return accord.digest == *anchor.accord; };
  if (anchor.accord && std::none_of(accords.begin(), accords.end(), is_given))
    return "no accord in this file has the digest that you gave";
  return {};
}

Finding check_signatures(const accord::Note& note, const accord::Accord& terms) {
  Finding finding{.check = "accord"};
  for (std::size_t i = 0; i < terms.sides.size(); ++i) {
    const accord::AccordSide& side = terms.sides[i];
    const accord::NoteSignature& line = note.signatures[i];
    const auto key =
        accord::NoteVerifier::make(side.name, accord::NoteKeyType::kEd25519, side.root);
    if (key && key->key_id() == line.key_id && key->verify(note.text, line.signature)) continue;
    finding.result = CheckResult::kFailed;
    finding.why = "the signature of " + side.name + " does not fit the accord's text";
  }
  return finding;
}

Result<void> read_annexes(const ExtractAccord& part, GroundAccord& ground,
                          std::vector<Finding>& checks) {
  for (const auto& [line, text] : part.annexes) {
    DETENTE_TRY(annex, accord::parse_annex(text));
    Finding finding{.check = "annex", .line = line};
    const accord::AccordLine* agreed = ground.accord.line(line);
    if (!agreed || agreed->annex != accord::annex_digest(text) || annex.line != line) {
      finding.result = CheckResult::kFailed;
      finding.why = "it is not the annex that the accord names for this line";
    }
    checks.push_back(std::move(finding));
    ground.annexes.emplace(line, std::move(annex));
  }
  return {};
}

Result<GroundAccord> read_accord(const ExtractAccord& part, AccordFindings& findings) {
  DETENTE_TRY(note, accord::parse_note(as_bytes(part.note)));
  DETENTE_TRY(terms, accord::parse_accord(note.text));
  std::vector<std::string> signers{terms.first().name, terms.second().name};
  for (const accord::AccordSide& side : terms.sides)
    if (side.retired) signers.push_back(side.name);
  if (!std::equal(signers.begin(), signers.end(), note.signatures.begin(), note.signatures.end(),
                  [](const std::string& name, const accord::NoteSignature& line) { return name == line.name; }))
    return bad_ground("an accord without exactly both sides' signature lines in their order, and behind them one of each root key that it replaces");
  GroundAccord out{std::move(terms), std::move(note), {}, {}};
  out.digest = accord::accord_digest(out.note.text);
  findings.digest = out.digest;
  findings.version = out.accord.version;
  findings.checks.push_back(check_signatures(out.note, out.accord));
  DETENTE_TRY_VOID(read_annexes(part, out, findings.checks));
  return out;
}

Digest lineage_of(const GroundAccord& accord) {
  return accord.accord.lineage.value_or(accord.digest);
}

// A root key is another one than before only where the accord says so, and right after the one that names the former.
Result<void> check_roots(const GroundAccord& next, const GroundAccord* old) {
  for (std::size_t side = 0; side < 2; ++side) {
    const accord::AccordSide& now = next.accord.sides[side];
    if (old == nullptr || old->accord.version + 1 != next.accord.version) {
      if (now.retired) return bad_ground("an accord that renews a root key, without the one before it");
      if (old == nullptr) continue;
    }
    if ((now.root != old->accord.sides[side].root) != now.retired.has_value())
      return bad_ground("accords of one lineage with different root keys, and none that renews one");
  }
  return {};
}

Result<void> check_chain(const std::vector<GroundAccord>& accords) {
  DETENTE_TRY_VOID(check_roots(accords.front(), nullptr));
  for (std::size_t i = 1; i < accords.size(); ++i) {
    const GroundAccord& old = accords[i - 1];
    const GroundAccord& next = accords[i];
    if (next.accord.version <= old.accord.version)
      return bad_ground("the accords are not in the order of their versions");
    if (lineage_of(next) != lineage_of(old)) return bad_ground("accords of two lineages");
    for (std::size_t side = 0; side < 2; ++side)
      if (next.accord.sides[side].name != old.accord.sides[side].name)
        return bad_ground("accords of one lineage with different sides");
    DETENTE_TRY_VOID(check_roots(next, &old));
    if (next.accord.version == old.accord.version + 1 && next.accord.predecessor != old.digest)
      return bad_ground("an accord that does not follow the one before it");
  }
  return {};
}

// The key that is replaced vouches for the one that replaces it.
void check_renewals(const std::vector<GroundAccord>& accords, std::vector<AccordFindings>& findings) {
  for (std::size_t i = 1; i < accords.size(); ++i) {
    const accord::Note& note = accords[i].note;
    for (std::size_t line = 2; line < note.signatures.size(); ++line) {
      const accord::NoteSignature& signature = note.signatures[line];
      const accord::AccordSide* former = accords[i - 1].accord.side(signature.name);
      const auto key = accord::NoteVerifier::make(former->name, accord::NoteKeyType::kEd25519, former->root);
      if (key && key->key_id() == signature.key_id && key->verify(note.text, signature.signature)) continue;
      Finding& finding = findings[i].checks.front();
      finding.result = CheckResult::kFailed;
      finding.why = "it renews the root key of " + former->name + ", and the signature of the one before does not fit";
    }
  }
}

Result<void> check_lines(const Extract& extract, const std::vector<GroundAccord>& accords) {
  std::set<LineId> lines;
  const Digest lineage = lineage_of(accords.front());
  for (const ExtractItem& item : extract.items) {
    DETENTE_TRY(log, parse_log_origin(item.origin));
    if (log.lineage != lineage) return bad_ground("an entry of another accord's lineage");
    if (!accords.front().accord.side(log.side)) return bad_ground("an entry of a third side");
    lines.insert(log.line);
  }
  std::set<LineId> opened;
  for (const GroundAccord& accord : accords)
    for (const auto& [line, annex] : accord.annexes) opened.insert(line);
  if (lines != opened) return bad_ground("annexes of other lines than the entries'");
  return {};
}

Finding read_credential(const Bytes& bytes, Ground& ground) {
  Finding finding{.check = "credential"};
  for (const accord::AccordSide& side : ground.terms().sides) {
    auto signed_by = accord::read_credential(bytes, ground.roots(side.name), side.name);
    if (!signed_by && signed_by.error().fault == Fault::kDenied) {
      finding.result = CheckResult::kFailed;
      finding.side = side.name;
      finding.why = signed_by.error().message;
      return finding;
    }
    if (!signed_by) continue;
    accord::Credential& credential = signed_by->credential;
    finding.side = credential.side;
    finding.post = credential.post;
    finding.number = credential.number;
    finding.role = credential.role;
    finding.person_closed = credential.person.has_value();
    if (ground.credential(credential.side, credential.number)) {
      finding.result = CheckResult::kFailed;
      finding.why = "a second credential of the same number; a number is never used again";
    } else {
      ground.credentials.emplace(std::pair(credential.side, credential.number),
                                 std::move(credential));
    }
    return finding;
  }
  finding.result = CheckResult::kFailed;
  finding.why = "neither side's root key signed it";
  return finding;
}

}  // namespace

accord::SideRoots Ground::roots(std::string_view side) const {
  std::vector<const accord::Accord*> lineage;
  for (const GroundAccord& one : accords) lineage.push_back(&one.accord);
  return accord::roots_of(side, lineage);
}

const GroundAccord* Ground::version(std::uint32_t number) const {
  for (const GroundAccord& accord : accords)
    if (accord.accord.version == number) return &accord;
  return nullptr;
}

const accord::Credential* Ground::credential(std::string_view side, OfficerId number) const {
  const auto found = credentials.find({std::string(side), number});
  return found == credentials.end() ? nullptr : &found->second;
}

bool Ground::deniable(LineId line) const {
  for (const GroundAccord& accord : accords)
    if (const auto annex = accord.annexes.find(line);
        annex != accord.annexes.end() && annex->second.provable())
      return false;
  return true;
}

bool is_anchored(const Ground& ground, const TrustAnchor& anchor) {
  if (!contradiction(ground.accords, anchor).empty()) return false;
  return anchor.accord || (anchor.roots.contains(ground.terms().first().name) &&
                           anchor.roots.contains(ground.terms().second().name));
}

Result<Ground> read_ground(const Extract& extract, const TrustAnchor& anchor,
                           ExtractFindings& findings) {
  Ground out;
  for (const ExtractAccord& part : extract.accords) {
    AccordFindings& checked = findings.accords.emplace_back();
    DETENTE_TRY(accord, read_accord(part, checked));
    findings.terms.push_back(accord.accord);
    out.accords.push_back(std::move(accord));
  }
  DETENTE_TRY_VOID(check_chain(out.accords));
  check_renewals(out.accords, findings.accords);
  DETENTE_TRY_VOID(check_lines(extract, out.accords));
  if (std::string why = contradiction(out.accords, anchor); !why.empty()) {
    for (AccordFindings& accord : findings.accords) {
      accord.checks.front().result = CheckResult::kFailed;
      accord.checks.front().why = why;
    }
  }
  for (const Bytes& bytes : extract.credentials)
    findings.credentials.push_back(read_credential(bytes, out));
  return out;
}

}  // namespace detente::record
