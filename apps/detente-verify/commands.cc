#include "commands.h"

#include <algorithm>
#include <fstream>
#include <set>

#include "accord/accord.h"
#include "json.h"
#include "report.h"
#include "wire/text.h"

namespace detente::verify {
namespace {

using record::CheckResult;
using record::Finding;
using record::Verdict;

// One answer for what is not an extract: `fields` are added to the JSON.
Answer answer(const Options& options, Verdict verdict, const std::string& error,
              const std::vector<std::string>& sentences, JsonObject fields) {
  Answer out;
  out.exit = exit_code(verdict);
  if (options.json) {
    out.text = fields.text("verdict", record::to_string(verdict)).text("error", error).str() + "\n";
    return out;
  }
  if (!error.empty()) out.text = unusable_sentence(error);
  for (const std::string& sentence : sentences) out.text += sentence + "\n";
  out.text += verdict_sentence(verdict);
  return out;
}

Answer refused(const Options& options, const Error& error) {
  return answer(options, Verdict::kFailed, error.message, {}, JsonObject().raw("checks", "[]"));
}

Result<void> add_root(record::TrustAnchor& anchor, const std::string& side,
                      const crypto::VerifyKey& root) {
  const auto [at, fresh] = anchor.roots.emplace(side, root);
  if (fresh || at->second == root) return {};
  return fail(Fault::kConflict, "two root keys are given for " + side + "; decide which you trust");
}

Result<std::pair<std::string, crypto::VerifyKey>> parse_root(const std::string& given) {
  const std::size_t equals = given.find('=');
  const auto key =
      equals == std::string::npos ? std::nullopt : from_base64(given.substr(equals + 1));
  if (!key || !wire::check_name(given.substr(0, equals)))
    return fail(Fault::kMalformed, "--root takes SIDE=BASE64, not " + wire::display_line(given));
  auto root = crypto::VerifyKey::from_bytes(*key);
  if (!root) return fail_at("--root " + given.substr(0, equals), root.error());
  return std::pair(given.substr(0, equals), *root);
}

// ---- accord ----

std::vector<Finding> check_sides(const accord::AccordNote& note,
                                 const record::TrustAnchor& anchor) {
  const auto given_fits = [&](const auto& given) {
    const accord::AccordSide* side = note.accord.side(given.first);
    if (!side || side->root == given.second) return side != nullptr;
    // The key that it replaces, which signed it, leads to the new one.
    const auto former = accord::NoteVerifier::make(side->name, accord::NoteKeyType::kEd25519, given.second);
    return side->retired && former && accord::verify_note({note.text, note.signatures}, {&*former, 1}).has_value();
  };
  const bool fits = std::all_of(anchor.roots.begin(), anchor.roots.end(), given_fits) &&
                    (!anchor.accord || *anchor.accord == note.digest);
  std::vector<Finding> out;
  for (std::size_t i = 0; i < 2; ++i) {
    Finding finding{.check = "accord", .side = note.accord.sides[i].name};
    if (!note.signed_by[i]) {
      finding.result = CheckResult::kFailed;
      finding.why = finding.side + " has not signed it";
    } else if (!fits) {
      finding.result = CheckResult::kFailed;
      finding.why = "it is not the accord, or not the root keys, that you gave";
    }
    out.push_back(std::move(finding));
  }
  return out;
}

bool annex_fits(const accord::Accord& accord, const accord::Annex& annex, const std::string& text) {
  const accord::AccordLine* line = accord.line(annex.line);
  return line && line->annex == accord::annex_digest(text) &&
         std::all_of(annex.paths.begin(), annex.paths.end(),
                     [&](const std::string& path) { return accord.path(path) != nullptr; }) &&
         (annex.line != kAccordLine || annex.paths.size() == accord.paths.size());
}

Result<void> check_annexes(const Options& options, const accord::Accord& accord,
                           std::vector<Finding>& checks, std::vector<std::string>& names) {
  std::map<std::string, LineId> lines;
  for (const std::string& path : options.annexes) {
    DETENTE_TRY(bytes, read_file(path, accord::kAnnexTextMax));
    const std::string text = as_string(bytes);
    DETENTE_TRY(annex, accord::parse_annex(text));
    Finding finding{.check = "annex", .line = annex.line};
    const auto [at, fresh] = lines.emplace(annex.name, annex.line);
    if (!annex_fits(accord, annex, text) || (!fresh && at->second != annex.line)) {
      finding.result = CheckResult::kFailed;
      finding.why = "it was altered, or belongs to another accord";
    }
    checks.push_back(std::move(finding));
    names.push_back(annex.name);
  }
  return {};
}

std::string accord_sentence(const Finding& finding, const std::string& name) {
  const std::string what =
      finding.check == "accord"
          ? "the signature of " + finding.side
          : "the annex of line " + std::to_string(finding.line->value) + " (" + name + ")";
  if (finding.result == CheckResult::kProved) return "  proved: " + what;
  return "  FAILED: " + what + ": " + finding.why;
}

Answer judge_accord(const Options& options, const accord::AccordNote& note,
                    const record::TrustAnchor& anchor, const std::vector<Finding>& checks,
                    const std::vector<std::string>& names) {
  const accord::Accord& terms = note.accord;
  std::vector<std::string> sentences = {"Accord \"" + wire::display_line(terms.title) +
                                            "\", version " + std::to_string(terms.version),
                                        "  digest " + to_hex(note.digest)};
  for (const accord::AccordSide& side : terms.sides)
    sentences.push_back("  " + side.name + " (" + wire::display_line(side.self) + "), root key " +
                        to_base64(side.root.bytes()));
  bool failed = false;
  for (std::size_t i = 0; i < checks.size(); ++i) {
    failed |= checks[i].result == CheckResult::kFailed;
    sentences.push_back(accord_sentence(checks[i], i < 2 ? "" : names[i - 2]));
  }
  const bool anchored = anchor.accord || (anchor.roots.contains(terms.first().name) &&
                                          anchor.roots.contains(terms.second().name));
  const Verdict verdict = failed     ? Verdict::kFailed
                          : anchored ? Verdict::kProved
                                     : Verdict::kUnanchored;
  JsonObject fields;
  fields.text("digest", to_hex(note.digest)).text("lineage", to_hex(note.lineage));
  fields.number("version", terms.version).raw("checks", findings_json(checks));
  return answer(options, verdict, "", sentences, fields);
}

}  // namespace

Result<Bytes> read_file(const std::string& path, std::size_t size_max) {
  std::ifstream in(path, std::ios::binary);
  Bytes out(size_max + 1);
  in.read(reinterpret_cast<char*>(out.data()), static_cast<std::streamsize>(out.size()));
  if (!in.is_open() || in.bad())  // bad: a folder, or the disk
    return fail(Fault::kIo,
                "cannot read " + wire::display_line(path) + "; check its name and rights");
  out.resize(static_cast<std::size_t>(in.gcount()));
  return out;
}

Result<record::TrustAnchor> read_anchor(const Options& options) {
  record::TrustAnchor anchor;
  for (const std::string& given : options.roots) {
    DETENTE_TRY(root, parse_root(given));
    DETENTE_TRY_VOID(add_root(anchor, root.first, root.second));
  }
  for (const std::string& path : options.cards) {
    DETENTE_TRY(bytes, read_file(path, accord::kCardSizeMax));
    const auto card = accord::parse_card(bytes);
    if (!card) return fail_at(wire::display_line(path), card.error());
    DETENTE_TRY_VOID(add_root(anchor, card->side, card->root));
  }
  if (!options.accord.empty()) {
    const auto bytes = from_hex(options.accord);
    const auto digest = bytes ? to_array<32>(*bytes) : std::nullopt;
    if (!digest || to_hex(*digest) != options.accord)
      return fail(Fault::kMalformed, "--accord takes a digest of 64 hex digits, in lower case");
    anchor.accord = digest;
  }
  return anchor;
}

Result<Answer> verify_accord(const Options& options) {
  DETENTE_TRY(anchor, read_anchor(options));
  DETENTE_TRY(bytes, read_file(options.file, accord::kAccordNoteMax));
  const auto note = accord::parse_accord_note(bytes);
  if (!note) return refused(options, note.error());
  std::vector<Finding> checks = check_sides(*note, anchor);
  std::vector<std::string> names;
  const auto annexes = check_annexes(options, note->accord, checks, names);
  if (!annexes && annexes.error().fault == Fault::kIo)
    return tl::unexpected<Error>(annexes.error());
  if (!annexes) return refused(options, annexes.error());
  return judge_accord(options, *note, anchor, checks, names);
}

Result<Answer> verify_card(const Options& options) {
  DETENTE_TRY(bytes, read_file(options.file, accord::kCardSizeMax));
  const auto card = accord::parse_card(bytes);
  if (!card) return refused(options, card.error());
  const std::string root = to_base64(card->root.bytes());
  const std::vector<std::string> sentences = {
      "Card of " + card->side + " (" + wire::display_line(card->display) + ")",
      "  root key " + root, "  proved: whoever made this card holds that root key",
      "  not proved by any card: whose key it is. Compare it with what you had from a hand you "
      "trust."};
  const Finding finding{.check = "card", .side = card->side};
  JsonObject fields;
  fields.text("side", card->side).text("root", root).raw("checks", findings_json({finding}));
  return answer(options, Verdict::kProved, "", sentences, fields);
}

Result<Answer> verify_note(const Options& options) {
  std::vector<accord::NoteVerifier> keys;
  for (const std::string& vkey : options.vkeys) {
    auto key = accord::parse_vkey(vkey);
    if (!key) return fail_at("--vkey", key.error());
    keys.push_back(std::move(*key));
  }
  DETENTE_TRY(bytes, read_file(options.file, std::size_t{2} << 20));
  const auto note = accord::parse_note(bytes);
  if (!note) return refused(options, note.error());
  std::vector<std::string> sentences, checks;
  bool failed = false;
  for (const accord::NoteVerifier& key : keys) {
    const auto verified = accord::verify_note(*note, {&key, 1});
    failed |= !verified;
    JsonObject check;
    check.text("check", "signature").text("result", verified ? "proved" : "failed");
    check.text("name", wire::display_line(key.name()));
    std::string sentence = "the signature of " + wire::display_line(key.name());
    if (verified && key.type() == accord::NoteKeyType::kCosignature) {
      check.number("time", verified->front().time);
      sentence += ", made at " + std::to_string(verified->front().time) + " seconds since 1970";
    }
    sentences.push_back(verified ? "  proved: " + sentence
                                 : "  FAILED: " + sentence + ": " + verified.error().message);
    checks.push_back(check.str());
  }
  return answer(options, failed ? Verdict::kFailed : Verdict::kProved, "", sentences,
                JsonObject().raw("checks", json_list(checks)));
}

Result<Answer> verify_signature(const Options& options) {
  const auto key_bytes = from_hex(options.key);
  const auto message = from_hex(options.message);
  const auto signature_bytes = from_hex(options.signature);
  if (!key_bytes || !message || !signature_bytes)
    return fail(Fault::kMalformed, "ed25519 takes key, message and signature in hex");
  const auto key = crypto::VerifyKey::from_bytes(*key_bytes);
  const auto signature = to_array<crypto::kSignatureSize>(*signature_bytes);
  const bool fits = key && signature && key->verify(*message, *signature);
  JsonObject fields;
  fields.truth("key_ok", key.has_value());
  std::vector<std::string> sentences;
  if (!key) sentences.push_back("  FAILED: " + key.error().message);
  return answer(options, fits ? Verdict::kProved : Verdict::kFailed, "", sentences, fields);
}

Result<void> add_bulletins(const Options& options, record::TrustAnchor& anchor) {
  constexpr std::size_t kFileMax = std::size_t{64} << 20;
  for (const std::string& path : options.bulletins) {
    DETENTE_TRY(bytes, read_file(path, kFileMax));
    auto file = accord::parse_bulletin_file(bytes);
    if (!file) return fail_at(wire::display_line(path), file.error());
    for (Bytes& bulletin : file->bulletins) anchor.bulletins.push_back(std::move(bulletin));
  }
  return {};
}

Result<Answer> verify_extract_file(const Options& options) {
  DETENTE_TRY(anchor, read_anchor(options));
  DETENTE_TRY_VOID(add_bulletins(options, anchor));
  DETENTE_TRY(bytes, read_file(options.file, record::kExtractBytesMax));
  const auto findings = record::verify_extract(bytes, anchor);
  Answer out;
  out.exit = exit_code(findings.verdict);
  out.text = options.json ? extract_json(findings) + "\n" : extract_sentences(findings);
  return out;
}

}  // namespace detente::verify
