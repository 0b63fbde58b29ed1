// The accord's text as people read and sign it.
#include "accord/accord_text.h"
#include "accord/toml_writer.h"
#include "crypto/noise.h"

namespace detente::accord {
namespace {

std::string hex_or_empty(const std::optional<Digest>& digest) {
  return digest ? to_hex(*digest) : std::string();
}

void write_head(TomlWriter& out, const Accord& accord) {
  out.comment(
      "Accord between two sides. Both sign this text as it stands, comments included: a changed\n"
      "character makes it another accord. Its digest is SHA-256 of the text up to the empty line\n"
      "above the signatures.");
  out.blank().text("format", kAccordFormat);
  out.comment("1 for the first accord. A later one names its predecessor and the first by digest.")
      .integer("version", accord.version)
      .text("predecessor", hex_or_empty(accord.predecessor))
      .text("lineage", hex_or_empty(accord.lineage))
      .text("title", accord.title);
  out.comment("Not used before this time. It sets no hour at which anything changes.")
      .time("not_before", accord.not_before)
      .text("spec", kSpec)
      .text("suite", crypto::kStationSuite);
  out.comment("Drawn by lot. The first side's hand key, root key and session come first.")
      .texts("order", {accord.first().name, accord.second().name});
  out.comment("SHA-256 of the dictionary with which texts are compressed.")
      .text("dictionary", to_hex(accord.dictionary));
  out.comment(
         "\"both\": every packet is sealed under both sides' ciphers. A side's name: under its "
         "alone.")
      .text("seal", accord.seal);
  out.comment("What a station's cosignature says of the entries that it covers.")
      .text("receipt", kReceiptMeaning);
}

void write_terms(TomlWriter& out, const Accord& accord) {
  out.section("session")
      .integer("fresh_handshake_minutes", accord.session.fresh_handshake_minutes)
      .integer("rekey_packets", accord.session.rekey_packets)
      .integer("rekey_minutes", accord.session.rekey_minutes);
  out.comment("How often the hand-carried secret moves forward.")
      .integer("secret_step_hours", accord.session.secret_step_hours);
  out.comment("How often a station shows that it is there, when nothing else is sent.")
      .integer("heartbeat_seconds", accord.session.heartbeat_seconds);
  out.section("limits")
      .integer("entry_bytes", accord.limits.entry_bytes)
      .integer("queue_entries", accord.limits.queue_entries);
  if (accord.limits.document_mib != AccordLimits{}.document_mib)
    out.comment("Largest document, in 2^20 bytes.").integer("document_mib", accord.limits.document_mib);
}

void write_lists(TomlWriter& out, const Accord& accord) {
  out.blank().comment(
      "The sides, in the order above. root is the key that signs everything of a side; self and "
      "other\n"
      "are what the side calls itself and the other; aead is the cipher of its choice, proved by "
      "the\n"
      "test vectors with that SHA-256.");
  for (const AccordSide& side : accord.sides) {
    out.item_of("sides")
        .text("name", side.name)
        .text("root", to_base64(side.root.bytes()))
        .text("self", side.self)
        .text("other", side.other)
        .text("aead", side.aead)
        .text("aead_vectors", to_hex(side.aead_vectors));
    if (side.retired)
      out.comment("This accord renews the root key. What the one before it signed counts up to these numbers, and not beyond.")
          .integer("last_bulletin", side.retired->last_bulletin)
          .integer("last_credential", side.retired->last_credential);
  }
  out.blank().comment("Ways to the other side. Addresses are each side's own business.");
  for (const AccordPath& path : accord.paths) {
    out.item_of("paths")
        .integer("number", path.number.value)
        .text("name", path.name)
        .text("kind", to_string(path.kind));
  }
  out.blank().comment(
      "Lines. What is agreed for each stands in its annex, a file of its own with this SHA-256.\n"
      "Line 0 is the accord line.");
  for (const AccordLine& line : accord.lines)
    out.item_of("lines").integer("number", line.number.value).text("annex", to_hex(line.annex));
}

}  // namespace

Result<std::string> write_accord(const Accord& accord) {
  DETENTE_TRY_VOID(check_accord(accord));
  TomlWriter out;
  write_head(out, accord);
  write_terms(out, accord);
  write_lists(out, accord);
  std::string text = out.take();
  if (text.size() > kAccordTextMax)
    return fail(Fault::kLimit, "accord: the text is above 64 KiB; agree on fewer lines or paths");
  return text;
}

}  // namespace detente::accord
