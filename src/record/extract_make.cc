// Makes an extract from a store. spec/record.md section 9.
#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "record/extract.h"

namespace detente::record {
namespace {

tl::unexpected<Error> missing(std::string what) {
  return fail(Fault::kNotFound, "extract: " + std::move(what));
}

// A key that is not here and a signature that a disk changed look alike.
tl::unexpected<Error> not_verified(const std::string& what, const std::string& side) {
  return missing(what + ", nor any newer one: either its credential is not here (import the bulletins of " + side +
                 " first), or the record is damaged (detente backup checks it; take the record from a backup then)");
}

// What one entry may cost where many signatures in a row verify under no key.
constexpr std::size_t kSignedTriedMax = 4096;

std::string origin_of(const LogKey& log) { return log_origin(log.line.lineage, log.line.line, log.station_id, log.epoch); }

// A size that author and receiver both signed for, and what they signed.
struct Signed {
  StoredCheckpoint checkpoint;
  std::optional<StoredCosignature> cosignature;
};

// Of a station's credentials that fit, the first that was valid at `time`: a renewal has the same keys, and
// a verifier refuses the one that had ended. Without such a one any that fits; without a time the first.
template <typename Fits>
const accord::SignedCredential* station_that_signed(const accord::Roster& roster,
                                                    std::optional<WallTime> time, Fits fits) {
  const accord::SignedCredential* any = nullptr;
  for (const auto* credential : roster.all()) {
    const accord::Credential& station = credential->credential;
    if (!station.is_station() || !fits(station)) continue;
    if (!time || station.valid_at(*time)) return credential;
    if (any == nullptr) any = credential;
  }
  return any;
}

class Maker {
 public:
  Maker(const Reader& store, const ExtractSources& sources) : store_(store), sources_(sources) {}

  Result<void> add(const ExtractChoice& choice);
  Result<void> add(const SignedLeaf& leaf);
  Result<Bytes> finish();

 private:
  Result<Signed> signed_over(const LogKey& log, std::uint64_t size) const;
  const accord::SignedCredential* author_of(const LogKey& log, const StoredCheckpoint& by, std::optional<WallTime> written) const;
  const accord::SignedCredential* receiver_of(const LogKey& log, const StoredCosignature& by) const;
  Result<Shown> show(const StoredEntry& entry, const ExtractChoice& choice, bool own);
  Result<void> add_checkpoint(ExtractItem& item, const ExtractChoice& choice, const Signed& by,
                              std::optional<WallTime> written);
  Result<void> add_cosignature(ExtractItem& item, const ExtractChoice& choice, const Signed& by);
  const accord::Roster& roster(bool own) const { return own ? *sources_.own : *sources_.their; }
  bool wanted(const accord::AccordInForce& accord) const;
  void take(const accord::SignedCredential& credential) { credentials_.insert(credential.bytes); }

  const Reader& store_;
  const ExtractSources& sources_;
  std::map<std::pair<std::string, std::uint64_t>, ExtractItem> items_;
  std::set<Bytes> credentials_;
  std::set<LineId> lines_;
  std::set<std::uint32_t> versions_;  // of accords under which officers signed what is shown
};

const accord::SignedCredential* Maker::author_of(const LogKey& log, const StoredCheckpoint& by, std::optional<WallTime> written) const {
  const Checkpoint checkpoint{origin_of(log), by.size, by.root};
  return station_that_signed(roster(log.own), written, [&](const accord::Credential& station) {
    return station.station_id() == log.station_id && verify_checkpoint(checkpoint, station.sign_key, *by.signature);
  });
}

const accord::SignedCredential* Maker::receiver_of(const LogKey& log, const StoredCosignature& by) const {
  const Checkpoint checkpoint{origin_of(log), by.size, by.root};
  const Cosignature cosignature{by.time.seconds, *by.signature};
  return station_that_signed(roster(!log.own), by.time, [&](const accord::Credential& station) {
    return station.cosign_key && verify_cosignature(checkpoint, cosignature, *station.cosign_key);
  });
}

// The smallest size at or above `size` for which there are both, and whose signatures verify: a disk may have changed some,
// and every later one holds the entry as well. Without a receipt the author's alone.
Result<Signed> Maker::signed_over(const LogKey& log, std::uint64_t size) const {
  std::optional<Signed> alone;
  std::optional<std::uint64_t> bad_checkpoint, bad_receipt;
  std::uint64_t at = size;
  for (std::size_t tried = 0; tried < kSignedTriedMax; ++tried) {
    const auto checkpoint = store_.checkpoint_covering(log, at);
    if (!checkpoint) break;
    at = checkpoint->size + 1;
    if (checkpoint->signature && author_of(log, *checkpoint, std::nullopt) == nullptr) {
      if (!bad_checkpoint) bad_checkpoint = checkpoint->size;
      continue;
    }
    if (!alone) alone = Signed{*checkpoint, std::nullopt};
    const auto receipt = store_.cosignature_covering(log, checkpoint->size);
    if (!receipt) break;
    at = std::max(at, receipt->size);
    if (receipt->size != checkpoint->size) continue;
    if (!receipt->signature || receiver_of(log, *receipt) != nullptr) return Signed{*checkpoint, *receipt};
    if (!bad_receipt) bad_receipt = receipt->size;
  }
  if (alone && bad_receipt)
    return not_verified("no station of " + roster(!log.own).side() + " fits the receipt over size " + std::to_string(*bad_receipt),
                        roster(!log.own).side());
  if (alone) return *alone;
  if (bad_checkpoint)
    return not_verified("no credential of station " + log.station_id + " fits the checkpoint of size " + std::to_string(*bad_checkpoint),
                        roster(log.own).side());
  return missing("no checkpoint covers entry " + std::to_string(size - 1) + " yet; try again when the line has moved on");
}

Result<Shown> Maker::show(const StoredEntry& entry, const ExtractChoice& choice, bool own) {
  if (choice.form == ItemForm::kLeaf) return ShownLeaf{entry.leaf};
  if (entry.bytes.header.empty() || entry.bytes.body.empty() || entry.bytes.signatures.empty())
    return fail(Fault::kState,
                "extract: entry " + std::to_string(entry.index) +
                    " is past its retention and only its leaf is kept; show the leaf alone");
  if (choice.form == ItemForm::kHeader)
    return ShownHeader{entry.bytes.header,
                       inner_hash(entry.salt, entry.bytes.body, entry.bytes.signatures)};
  DETENTE_TRY(decoded, decode_entry(entry.bytes));
  for (const OfficerSignature& signature : decoded.signatures) {
    const auto* credential = roster(own).by_number(signature.officer);
    if (!credential)
      return missing("entry " + std::to_string(entry.index) + " is signed by officer " +
                     std::to_string(signature.officer.value) + " of " + roster(own).side() +
                     ", whose credential is not here; import that side's bulletins first");
    take(*credential);
    versions_.insert(signature.accord_version);
  }
  return ShownWhole{entry.bytes, entry.salt};
}

Result<void> Maker::add_checkpoint(ExtractItem& item, const ExtractChoice& choice,
                                   const Signed& by, std::optional<WallTime> written) {
  if (!by.checkpoint.signature) return {};
  const auto* credential = author_of(choice.log, by.checkpoint, written);
  if (credential != nullptr) {
    item.checkpoint = ExtractCheckpoint{credential->credential.number, *by.checkpoint.signature};
    take(*credential);
    return {};
  }
  return not_verified("no credential of station " + choice.log.station_id + " fits the checkpoint of size " + std::to_string(by.checkpoint.size),
                      roster(choice.log.own).side());
}

Result<void> Maker::add_cosignature(ExtractItem& item, const ExtractChoice& choice,
                                    const Signed& by) {
  if (!item.checkpoint || !by.cosignature || !by.cosignature->signature) return {};
  const auto* credential = receiver_of(choice.log, *by.cosignature);
  if (credential != nullptr) {
    item.cosignature = ExtractCosignature{credential->credential.number, by.cosignature->time,
                                          *by.cosignature->signature};
    take(*credential);
    return {};
  }
  return not_verified("no station of " + roster(!choice.log.own).side() + " fits the receipt over size " + std::to_string(by.cosignature->size),
                      roster(!choice.log.own).side());
}

Result<void> Maker::add(const ExtractChoice& choice) {
  const auto entries = store_.entries(choice.log, choice.index, choice.index + 1, 1);
  if (entries.size() != 1 || entries.front().index != choice.index)
    return missing("no entry " + std::to_string(choice.index) + " in this log of " +
                   choice.log.station_id + "; see what the record holds");
  DETENTE_TRY(by, signed_over(choice.log, choice.index + 1));
  ExtractItem item;
  item.origin = origin_of(choice.log);
  item.index = choice.index;
  item.size = by.checkpoint.size;
  const auto tiles = store_.tiles(choice.log);
  auto proof = inclusion_proof(*tiles, item.index, item.size);
  if (!proof ||
      !verify_inclusion(entries.front().leaf, item.index, item.size, *proof, by.checkpoint.root))
    return fail(Fault::kIo, "extract: the store's tree does not hold entry " +
                                std::to_string(item.index) +
                                " as its checkpoint says; check the disk");
  item.inclusion = std::move(*proof);
  std::optional<WallTime> written;  // unknown where retention left the leaf alone
  if (const auto header = decode_header(entries.front().bytes.header)) written = header->time;
  DETENTE_TRY_VOID(add_checkpoint(item, choice, by, written));
  DETENTE_TRY_VOID(add_cosignature(item, choice, by));
  DETENTE_TRY(shown, show(entries.front(), choice, choice.log.own));
  item.shown = std::move(shown);
  lines_.insert(choice.log.line.line);
  auto& place = items_[{item.origin, item.index}];
  // The variant's order is from more to less.
  if (place.size == 0 || item.shown.index() < place.shown.index()) place = std::move(item);
  return {};
}

Result<void> Maker::add(const SignedLeaf& leaf) {
  const std::uint64_t size = leaf.checkpoint.size;
  if (size == 0 || !verify_inclusion(leaf.leaf, size - 1, size, leaf.inclusion, leaf.checkpoint.root))
    return fail(Fault::kIo, "extract: what was kept of entry " + std::to_string(size - 1) +
                                " does not fit its own checkpoint; check the disk");
  ExtractItem item;
  item.origin = leaf.checkpoint.origin;
  item.index = size - 1;
  item.size = size;
  item.inclusion = leaf.inclusion;
  item.shown = ShownLeaf{leaf.leaf};
  DETENTE_TRY_VOID(add_checkpoint(item, {leaf.log, size - 1, ItemForm::kLeaf},
                                  {{size, leaf.checkpoint.root, leaf.signature}, std::nullopt}, std::nullopt));
  lines_.insert(leaf.log.line.line);
  items_[{item.origin, item.index}] = std::move(item);
  return {};
}

// Sides sign in the order in which the text reaches them, and strangers may add
// lines; in an extract the two sides' lines stand in the accord's order, alone,
// and behind them those of the root keys that the accord replaces.
Result<std::string> signature_lines(const accord::AccordInForce& accord, const accord::AccordInForce* before) {
  DETENTE_TRY(note, accord::parse_note(as_bytes(accord.note)));
  std::vector<const accord::AccordSide*> signers{&accord.accord.first(), &accord.accord.second()};
  for (const accord::AccordSide& side : accord.accord.sides)
    if (side.retired && before != nullptr) signers.push_back(before->accord.side(side.name));
  accord::Note out{note.text, {}};
  for (const accord::AccordSide* side : signers)
    for (const accord::NoteSignature& signature : note.signatures)
      if (signature.name == side->name &&
          signature.key_id == accord::note_key_id(side->name, accord::NoteKeyType::kEd25519, side->root)) {
        out.signatures.push_back(signature);
        break;
      }
  return accord::encode_note(out);
}

// The newest, those under which something was signed, and of a retired line the last that had it: an accord's text tells
// more than an extract has to.
bool Maker::wanted(const accord::AccordInForce& accord) const {
  if (&accord == sources_.accords.back() || versions_.count(accord.accord.version) > 0) return true;
  // The accord that renews a root key and the one before it: whoever knows one key is led to the other.
  for (std::size_t i = 1; i < sources_.accords.size(); ++i)
    if ((sources_.accords[i] == &accord || sources_.accords[i - 1] == &accord) &&
        !accord::renewed_sides(sources_.accords[i]->accord, sources_.accords[i - 1]->accord).empty())
      return true;
  return std::any_of(lines_.begin(), lines_.end(), [&](LineId line) {
    const auto last = std::find_if(sources_.accords.rbegin(), sources_.accords.rend(),
                                   [&](const accord::AccordInForce* one) { return one->annex(line) != nullptr; });
    return last != sources_.accords.rend() && *last == &accord;
  });
}

Result<Bytes> Maker::finish() {
  Extract out;
  const accord::AccordInForce* before = nullptr;
  for (const accord::AccordInForce* accord : sources_.accords) {
    const accord::AccordInForce* former = std::exchange(before, accord);
    if (!wanted(*accord)) continue;
    DETENTE_TRY(note, signature_lines(*accord, former));
    ExtractAccord part{std::move(note), {}};
    for (const LineId line : lines_)
      if (const auto text = accord->annex_texts.find(line); text != accord->annex_texts.end())
        part.annexes.insert(*text);
    out.accords.push_back(std::move(part));
  }
  for (const LineId line : lines_)
    if (std::none_of(out.accords.begin(), out.accords.end(),
                     [&](const ExtractAccord& part) { return part.annexes.contains(line); }))
      return missing("no accord here has line " + std::to_string(line.value));
  out.credentials.assign(credentials_.begin(), credentials_.end());
  for (auto& [place, item] : items_) out.items.push_back(std::move(item));
  return encode_extract(out);
}

}  // namespace

Result<Bytes> make_extract(const Reader& store, const ExtractSources& sources,
                           std::span<const ExtractChoice> choices) {
  if (sources.accords.empty() || !sources.own || !sources.their)
    return missing("no accord or no credentials to make one from");
  if (choices.empty()) return missing("no entry was chosen");
  if (choices.size() > kExtractItemsMax)
    return fail(Fault::kLimit, "extract: more than 10000 entries; make several files");
  Maker maker(store, sources);
  for (const ExtractChoice& choice : choices) DETENTE_TRY_VOID(maker.add(choice));
  return maker.finish();
}

Result<Bytes> make_extract(const Reader& store, const ExtractSources& sources, const SignedLeaf& leaf) {
  if (sources.accords.empty() || !sources.own || !sources.their)
    return missing("no accord or no credentials to make one from");
  Maker maker(store, sources);
  DETENTE_TRY_VOID(maker.add(leaf));
  return maker.finish();
}

}  // namespace detente::record
