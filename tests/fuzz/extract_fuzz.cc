// Extracts, and what a verifier concludes from them: whatever is proved under the two root keys
// stands in the two logs. spec/record.md section 9.
#include <set>

#include "crypto/hash.h"
#include "fuzz.h"
#include "record/extract_fixture_for_test.h"

namespace detente::fuzz {

namespace {

using record::ItemForm;

class Ground {
 public:
  Ground() {
    world_.talk();
    world_.talk_badly();
    for (const auto& [log, kept] : world_.reader.log_by_key)
      for (const record::StoredEntry& entry : kept.entries)
        stored_[{record::log_origin(log.line.lineage, log.line.line, log.station_id, log.epoch),
                 entry.index}] = entry;
  }

  record::TrustAnchor anchor() const { return world_.anchor(); }

  Bytes extract(LineId line, bool own,
                std::initializer_list<std::pair<int, ItemForm>> items) const {
    std::vector<record::ExtractChoice> choices;
    for (const auto& [index, form] : items)
      choices.push_back({world_.log(line, own), static_cast<std::uint64_t>(index), form});
    return world_.extract(choices).value();
  }

  bool holds(const record::ItemFindings& item) const {
    const auto found = stored_.find({item.origin, item.index});
    if (found == stored_.end()) return false;
    const record::StoredEntry& entry = found->second;
    if (const auto* whole = std::get_if<record::ShownWhole>(&item.shown))
      return whole->bytes == entry.bytes && whole->salt == entry.salt;
    if (const auto* header = std::get_if<record::ShownHeader>(&item.shown))
      return header->header == entry.bytes.header;
    return std::get<record::ShownLeaf>(item.shown).leaf == entry.leaf;
  }

 private:
  record::test::World world_;
  std::map<std::pair<std::string, std::uint64_t>, record::StoredEntry> stored_;
};

const Ground& ground() {
  static const Ground* const out = new Ground;
  return *out;
}

// One bit of one entry changed where chance would seldom meet it: then nothing is proved.
void check_altered(ByteView input, record::Extract extract) {
  if (extract.items.empty()) return;
  const Digest dice = crypto::sha256(input);
  record::Shown& shown = extract.items[dice[0] % extract.items.size()].shown;
  const std::uint8_t bit = static_cast<std::uint8_t>(1 << dice[1] % 8);
  if (auto* whole = std::get_if<record::ShownWhole>(&shown)) {
    whole->salt[dice[2] % whole->salt.size()] ^= bit;
  } else if (auto* header = std::get_if<record::ShownHeader>(&shown)) {
    header->inner[dice[2] % header->inner.size()] ^= bit;
  } else {
    std::get<record::ShownLeaf>(shown).leaf[dice[2] % sizeof(Digest)] ^= bit;
  }
  const auto altered = record::encode_extract(extract);
  FUZZ_EXPECT(altered.has_value());
  FUZZ_EXPECT(record::verify_extract(*altered, ground().anchor()).verdict !=
              record::Verdict::kProved);
}

}  // namespace

void run(ByteView input) {
  if (const auto extract = record::decode_extract(input)) {
    const auto again = record::encode_extract(*extract);
    FUZZ_EXPECT(again && equal(*again, input));
    check_altered(input, *extract);
  }
  const record::ExtractFindings findings = record::verify_extract(input, ground().anchor());
  FUZZ_EXPECT(findings.error.empty() || findings.verdict == record::Verdict::kFailed);
  for (const record::ItemFindings& item : findings.items) {
    if (findings.verdict == record::Verdict::kProved) FUZZ_EXPECT(item.attested);
    if (findings.verdict == record::Verdict::kProved) FUZZ_EXPECT(ground().holds(item));
  }
  if (findings.verdict == record::Verdict::kProved) FUZZ_EXPECT(!findings.items.empty());
}

Seeds seeds() {
  const Ground& g = ground();
  const ItemForm whole = ItemForm::kWhole, header = ItemForm::kHeader, leaf = ItemForm::kLeaf;
  return {{"whole", g.extract(record::test::kWest, true, {{0, whole}})},
          {"signed", g.extract(record::test::kWest, true, {{1, whole}})},
          {"forms", g.extract(record::test::kWest, true, {{0, header}, {1, leaf}, {2, whole}})},
          {"unreceipted", g.extract(record::test::kWest, true, {{11, whole}})},
          {"unreceipted-header", g.extract(record::test::kWest, true, {{11, header}})},
          {"far", g.extract(record::test::kWest, false, {{0, whole}})},
          {"deniable", g.extract(record::test::kQuiet, true, {{0, whole}})},
          {"failing", g.extract(record::test::kWest, true, {{6, whole}, {7, whole}, {8, header}})}};
}

}  // namespace detente::fuzz
