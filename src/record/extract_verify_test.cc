// What an extract proves, and that nothing in it can be changed unseen.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "record/extract_fixture_for_test.h"

namespace detente::record::test {
namespace {

class ExtractProof : public ::testing::Test {
 protected:
  ExtractProof() { world.talk(); }
  ExtractChoice west(std::uint64_t index, ItemForm form = ItemForm::kWhole, bool own = true) const {
    return {world.log(kWest, own), index, form};
  }
  Bytes made(const std::vector<ExtractChoice>& choices) { return world.extract(choices).value(); }
  ExtractFindings verified(const Bytes& bytes) { return verify_extract(bytes, world.anchor()); }
  ExtractFindings verified(const Extract& extract) {
    return verified(encode_extract(extract).value());
  }
  // The item's checks as "name result", one after the other.
  static std::string results(const ItemFindings& item) {
    std::string out;
    for (const Finding& f : item.checks) out += f.check + " " + to_string(f.result) + "; ";
    return out;
  }

  World world;
};

TEST_F(ExtractProof, ProvesAWholeEntryWithWhoAndWhen) {
  const ExtractFindings findings = verified(made({west(1)}));
  EXPECT_EQ(findings.verdict, Verdict::kProved) << findings.error;
  ASSERT_EQ(findings.items.size(), 1u);
  EXPECT_EQ(results(findings.items[0]),
            "inclusion proved; checkpoint proved; cosignature proved; officer proved; ");
  const std::vector<Finding>& checks = findings.items[0].checks;
  EXPECT_EQ(checks[1].side + "/" + checks[1].post, "south/main");
  EXPECT_EQ(checks[2].side + "/" + checks[2].post, "north/main");
  EXPECT_EQ(checks[2].time, WallTime{kBegin + 182});
  EXPECT_EQ(checks[3].post, "duty-officer");
  EXPECT_EQ(checks[3].person_closed, true);
  EXPECT_EQ(checks[3].counter, kBegin);
}

TEST_F(ExtractProof, ProvesRedactedFormsWithoutTheOfficer) {
  const auto findings =
      verified(made({west(0, ItemForm::kLeaf), west(1, ItemForm::kHeader), west(2)}));
  EXPECT_EQ(findings.verdict, Verdict::kProved);
  EXPECT_EQ(results(findings.items[0]),
            "inclusion proved; checkpoint proved; cosignature proved; officer unchecked; ");
  EXPECT_EQ(results(findings.items[1]), results(findings.items[0]));
  EXPECT_EQ(results(findings.items[2]),
            "inclusion proved; checkpoint proved; cosignature proved; ");
}

TEST_F(ExtractProof, TakesTheStationsCredentialThatWasValidThen) {
  world.renew_stations();
  EXPECT_EQ(verified(made({west(0)})).items[0].checks[1].number, kMain);
  world.pass(2'000'000);
  world.append(kWest, true, world.message(kWest, "Years later."));
  world.close(kWest, true, true);
  const ExtractFindings findings = verified(made({west(3)}));
  EXPECT_EQ(findings.verdict, Verdict::kProved) << findings.error;
  EXPECT_EQ(findings.items[0].checks[1].number, OfficerId{9});
  EXPECT_EQ(findings.items[0].checks[2].number, OfficerId{9});
}

TEST_F(ExtractProof, SaysThatADeniableLineProvesNothing) {
  const auto findings = verified(made({{world.log(kQuiet, true), 0, ItemForm::kWhole}}));
  EXPECT_EQ(findings.verdict, Verdict::kUnattested) << findings.error;
  EXPECT_FALSE(findings.items[0].attested);
  EXPECT_EQ(results(findings.items[0]),
            "inclusion absent; checkpoint absent; cosignature absent; ");
}

TEST_F(ExtractProof, AnUnsignedEntryOfAProvableLineFails) {
  Extract extract = decode_extract(made({west(2)})).value();
  extract.items[0].checkpoint.reset();
  extract.items[0].cosignature.reset();
  EXPECT_EQ(verified(extract).verdict, Verdict::kFailed);
}

TEST_F(ExtractProof, KnowsWhoseKeysTheyAreOnlyFromTheUser) {
  const Bytes bytes = made({west(1)});
  EXPECT_EQ(verify_extract(bytes, {}).verdict, Verdict::kUnanchored);
  TrustAnchor half = world.anchor();
  half.roots.erase("north");
  EXPECT_EQ(verify_extract(bytes, half).verdict, Verdict::kUnanchored);
  EXPECT_EQ(verify_extract(bytes, {{}, world.in_force.digest}).verdict, Verdict::kProved);
  EXPECT_EQ(verify_extract(bytes, {{}, Digest{}}).verdict, Verdict::kFailed);
  TrustAnchor wrong = world.anchor();
  wrong.roots.at("north") = World(8).anchor().roots.at("north");
  EXPECT_EQ(verify_extract(bytes, wrong).verdict, Verdict::kFailed);
  TrustAnchor third = world.anchor();
  third.roots.emplace("east", third.roots.at("north"));
  EXPECT_EQ(verify_extract(bytes, third).verdict, Verdict::kFailed);
}

TEST_F(ExtractProof, RefusesAForgersWholeWorld) {
  World forger(8);
  forger.talk();
  const Bytes bytes = forger.extract({{forger.log(kWest, true), 1, ItemForm::kWhole}}).value();
  EXPECT_EQ(verify_extract(bytes, forger.anchor()).verdict, Verdict::kProved);
  EXPECT_EQ(verify_extract(bytes, {}).verdict, Verdict::kUnanchored);
  EXPECT_EQ(verified(bytes).verdict, Verdict::kFailed);
  // The true accord above the forger's log.
  Extract mixed = decode_extract(bytes).value();
  mixed.accords = decode_extract(made({west(1)})).value().accords;
  EXPECT_EQ(verified(mixed).verdict, Verdict::kFailed);
}

TEST_F(ExtractProof, ASwappedCosignatureFails) {
  Extract extract = decode_extract(made({west(1), west(0, ItemForm::kWhole, false)})).value();
  Extract swapped = extract;
  std::swap(swapped.items[0].cosignature, swapped.items[1].cosignature);
  EXPECT_EQ(verified(swapped).verdict, Verdict::kFailed);
  swapped = extract;
  swapped.items[0].cosignature->time.seconds += 1;
  EXPECT_EQ(verified(swapped).verdict, Verdict::kFailed);
  // The author cannot be his own receiver.
  swapped = extract;
  const ExtractItem& item = swapped.items[1];
  const Digest root = root_at(*world.reader.tiles(world.log(kWest, true)), item.size).value();
  swapped.items[1].cosignature->signature =
      cosign({item.origin, item.size, root}, item.cosignature->time.seconds,
             world.keys(true).cosign)
          .signature;
  EXPECT_EQ(verified(swapped).verdict, Verdict::kFailed);
}

TEST_F(ExtractProof, AMissingCredentialFails) {
  const Extract extract = decode_extract(made({west(1)})).value();
  for (std::size_t i = 0; i < extract.credentials.size(); ++i) {
    Extract less = extract;
    less.credentials.erase(less.credentials.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_EQ(verified(less).verdict, Verdict::kFailed) << i;
  }
}

TEST_F(ExtractProof, ASignatureThatTheStationUsedAgainFails) {
  Entry again = decode_entry(world.reader.log_by_key[world.log(kWest, true)].entries[1].bytes).value();
  world.append(kWest, true, again);
  world.close(kWest, true, true);
  EXPECT_EQ(verified(made({west(3)})).verdict, Verdict::kProved);  // alone it cannot be seen
  const auto findings = verified(made({west(1), west(3)}));
  EXPECT_EQ(findings.verdict, Verdict::kFailed);
  EXPECT_EQ(findings.items[0].checks[3].result, CheckResult::kProved);
  EXPECT_EQ(findings.items[1].checks[3].result, CheckResult::kFailed);
}

TEST_F(ExtractProof, AnotherAccordVersionIsNotChecked) {
  world.append(kWest, true, world.signed_message(kWest, true, "Under another.", kBegin + 50, 2));
  Entry claimed = world.message(kWest, "The station says that he wrote this.");
  claimed.header.author = kDuty;
  world.append(kWest, true, claimed);
  world.close(kWest, true, true);
  const auto findings = verified(made({west(3), west(4)}));
  EXPECT_EQ(findings.verdict, Verdict::kProved);
  EXPECT_EQ(findings.items[0].checks[3].result, CheckResult::kUnchecked);
  EXPECT_EQ(findings.items[1].checks[3].result, CheckResult::kAbsent);
}

TEST_F(ExtractProof, FollowsTheAccordThroughItsVersions) {
  world.append(kWest, true, world.signed_message(kWest, true, "Before.", kBegin + 70));
  world.succeed();
  world.append(kWest, true, world.signed_message(kWest, true, "After.", kBegin + 71, 2));
  world.close(kWest, true, true);
  const Bytes both = made({west(3), west(4)});
  const auto findings = verified(both);
  EXPECT_EQ(findings.verdict, Verdict::kProved) << findings.error;
  ASSERT_EQ(findings.accords.size(), 2u);
  EXPECT_EQ(findings.items[1].checks[3].result, CheckResult::kProved);
  for (const AccordFindings& accord : findings.accords)
    EXPECT_EQ(verify_extract(both, {{}, accord.digest}).verdict, Verdict::kProved);
  Extract extract = decode_extract(both).value();
  std::swap(extract.accords[0], extract.accords[1]);
  EXPECT_NE(verified(extract).error, "");
  extract.accords.erase(extract.accords.begin() + 1);  // version 2 alone
  const auto alone = verified(extract);
  EXPECT_EQ(alone.verdict, Verdict::kProved);
  EXPECT_EQ(alone.items[0].checks[3].result, CheckResult::kUnchecked);
  extract.accords.push_back(extract.accords[0]);
  EXPECT_NE(verified(extract).error, "");  // the same version twice
}

TEST_F(ExtractProof, ToldApartCheckByCheck) {
  world.talk_badly();
  std::vector<ExtractChoice> all;
  for (std::uint64_t index = 3; index < 12; ++index) all.push_back(west(index));
  const auto findings = verified(made(all));
  EXPECT_EQ(findings.verdict, Verdict::kFailed) << findings.error;
  std::string officers, checkpoints;
  for (const ItemFindings& item : findings.items) {
    checkpoints += to_string(item.checks[1].result)[0];
    officers += item.checks.size() > 3 ? to_string(item.checks[3].result)[0] : '-';
  }
  EXPECT_EQ(officers, "pfuafff--");
  EXPECT_EQ(checkpoints, "pppppppfp");
  EXPECT_EQ(findings.items.back().checks[2].result, CheckResult::kAbsent);
}

TEST_F(ExtractProof, EveryFlippedBitIsSeen) {
  const Bytes whole = made({west(1)});
  ASSERT_EQ(verified(whole).verdict, Verdict::kProved);
  std::size_t changed = 0;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    Bytes bytes = whole;
    bytes[i] = static_cast<std::uint8_t>(bytes[i] ^ (1u << (i * 5 % 8)));
    ASSERT_EQ(verified(bytes).verdict, Verdict::kFailed) << "byte " << i;
    ++changed;
  }
  std::printf("extract: %zu changed bytes, all seen\n", changed);
}

// ---- golden files ----

std::string golden_folder() {
  const char* source = std::getenv("DETENTE_SOURCE");
  return std::string(source ? source : ".") + "/tests/golden/extract/";
}

Bytes read_golden(const std::string& name) {
  std::ifstream in(golden_folder() + name, std::ios::binary);
  EXPECT_TRUE(in) << "cannot read " << golden_folder() << name;
  return {std::istreambuf_iterator<char>(in), {}};
}

// $DETENTE_WRITE_GOLDEN: a folder for new files; those of an older version are never replaced.
void write_golden(const std::string& name, const Bytes& bytes) {
  const char* folder = std::getenv("DETENTE_WRITE_GOLDEN");
  if (!folder) return;
  std::ofstream out(std::string(folder) + "/" + name, std::ios::binary);
  out.write(reinterpret_cast<const char*>(bytes.data()),
            static_cast<std::streamsize>(bytes.size()));
  EXPECT_TRUE(out) << "cannot write " << name;
}

Bytes failing() {
  World world;
  world.talk();
  world.talk_badly();
  std::vector<ExtractChoice> all;
  for (std::uint64_t index = 3; index < 12; ++index)
    all.push_back({world.log(kWest, true), index, ItemForm::kWhole});
  return world.extract(all).value();
}

Bytes two_versions() {
  World world;
  world.append(kWest, false, world.signed_message(kWest, false, "Before.", kBegin + 70));
  world.succeed();
  world.append(kWest, false, world.signed_message(kWest, false, "After.", kBegin + 71, 2));
  world.close(kWest, false, true);
  return world
      .extract({{world.log(kWest, false), 0, ItemForm::kWhole},
                {world.log(kWest, false), 1, ItemForm::kWhole}})
      .value();
}

TEST_F(ExtractProof, GoldenFilesOpenForEver) {
  // Entries were made by the same talk; the accord's text may since have got other comments.
  const std::vector<std::pair<std::string, Bytes>> fresh = {
      {"v1-whole.dex", made({west(1), west(2), west(0, ItemForm::kWhole, false)})},
      {"v1-redacted.dex", made({west(0, ItemForm::kLeaf), west(1, ItemForm::kHeader), west(2)})},
      {"v1-deniable.dex", made({{world.log(kQuiet, true), 0, ItemForm::kWhole}})},
      {"v1-failing.dex", failing()},
      {"v1-versions.dex", two_versions()}};
  for (const auto& [name, bytes] : fresh) write_golden(name, bytes);
  for (const auto& [name, bytes] : fresh) {
    const Bytes golden = read_golden(name);
    const Verdict expected = name == "v1-deniable.dex"  ? Verdict::kUnattested
                             : name == "v1-failing.dex" ? Verdict::kFailed
                                                        : Verdict::kProved;
    EXPECT_EQ(verified(golden).verdict, expected) << name << verified(golden).error;
    const auto decoded = decode_extract(golden);
    ASSERT_TRUE(decoded) << name;
    EXPECT_EQ(encode_extract(*decoded).value(), golden) << name;
  }
  const auto whole = decode_extract(read_golden("v1-whole.dex")).value();
  const auto& first = std::get<ShownWhole>(whole.items.back().shown);
  EXPECT_EQ(as_string(decode_entry(first.bytes).value().body), "Weather is fair.");
}

}  // namespace
}  // namespace detente::record::test
