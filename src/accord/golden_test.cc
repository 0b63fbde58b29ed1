// Golden files: what version 1 wrote must open for ever, and today's code must
// still write the same bytes.
#include <gtest/gtest.h>

#include <sstream>

#include "../../tests/support/golden.h"
#include "accord/accord_for_test.h"
#include "accord/fingerprint.h"
#include "base/civil.h"

namespace detente::accord {
namespace {

using support::golden;

TEST(Golden, Cards) {
  const auto south = parse_card(golden("card/v1-south.note", as_bytes(test::south_card())));
  const auto north = parse_card(golden("card/v1-north.note", as_bytes(test::north_card())));
  EXPECT_EQ(south.value().root, test::south().verify_key());
  EXPECT_EQ(north.value().side, "north");
}

TEST(Golden, AccordAndAnnexes) {
  const AccordNote note = test::sign_by_both(test::accord());
  const Bytes accord = golden("accord/v1-first.note", as_bytes(note.encode()));
  const std::vector<std::string> made = test::annex_texts();
  const char* names[] = {"annex/v1-accord.toml", "annex/v1-military-west.toml",
                         "annex/v1-back-channel.toml"};
  std::vector<std::string> annexes;
  for (std::size_t i = 0; i < made.size(); ++i)
    annexes.push_back(as_string(golden(names[i], as_bytes(made[i]))));
  EXPECT_EQ(assemble_accord(accord, annexes).value().digest, note.digest);
  const AccordNote next = test::sign_by_both(test::successor_of(note));
  const auto read =
      parse_accord_note(golden("accord/v1-second.note", as_bytes(next.encode()))).value();
  EXPECT_TRUE(check_successor(read, parse_accord_note(accord).value()));
}

TEST(Golden, AnnexWithHours) {
  const Annex annex = test::annex_with_hours();
  const Bytes text = golden("annex/v1-hours.toml", as_bytes(write_annex(annex).value()));
  EXPECT_EQ(parse_annex(as_string(text)).value(), annex);
}

// Everything that follows from the hand keys, one value a line: "name hex".
TEST(Golden, Secrets) {
  const AccordNote note = test::sign_by_both(test::accord());
  const HandKey south = test::hand_key("south", note.lineage);
  const HandKey north = test::hand_key("north", note.lineage);
  EXPECT_TRUE(parse_hand_key(golden("accord/v1-south.handkey", encode_hand_key(south).view())));
  EXPECT_TRUE(parse_hand_key(golden("accord/v1-north.handkey", encode_hand_key(north).view())));
  const SharedRoot root = test::shared_root(note.lineage);
  const SecretBytes psk_0 = root.psk_0("south/main", "north/main");
  const SaltChain salts = SaltChain::from_psk_0(psk_0.view());
  std::ostringstream out;
  out << "digest " << to_hex(note.digest) << "\ntag " << to_hex(root.tag()) << "\npsk_0 "
      << to_hex(psk_0.view()) << "\npsk_1 " << to_hex(PskChain(0, psk_0.clone()).at(1)->view())
      << "\nsalt_0 " << to_hex(salts.period_key(0)->view()) << "\nsalt_82 "
      << to_hex(salts.period_key(month_index(test::kMorning))->view()) << "\nfingerprint "
      << to_hex(fingerprint_of(note.accord, note.digest, root)) << "\n";
  golden("accord/v1-secrets.txt", as_bytes(out.str()));
  std::string page;
  for (const std::string& line :
       ceremony_lines(note, fingerprint_of(note.accord, note.digest, root)))
    page += line + "\n";
  golden("accord/v1-ceremony.txt", as_bytes(page));
  golden("accord/v1-south-words.txt", hand_key_words(south).view());
}

TEST(Golden, CredentialsAndBulletin) {
  const crypto::SignKey root = test::south();
  Credential principal = test::officer(3);
  principal.role = CredentialRole::kPrincipal;
  principal.post = "principal";
  principal.lines = std::nullopt;
  principal.person = std::nullopt;
  std::vector<Bytes> made;
  const std::pair<const char*, Credential> all[] = {
      {"credential/v1-station.cbor", test::station(1)},
      {"credential/v1-officer.cbor", test::officer(2)},
      {"credential/v1-principal.cbor", principal}};
  for (const auto& [name, credential] : all) {
    made.push_back(golden(name, issue_credential(credential, root).value()));
    EXPECT_EQ(parse_credential(made.back(), root.verify_key(), "south")->credential, credential);
  }
  const std::vector<Revocation> revocations = {
      {{4}, std::nullopt}, {{5}, LastValid{{1}, ByteArray<16>{1}, 300, Digest{2}}}};
  const Bytes bytes =
      golden("bulletin/v1-first.cbor",
             issue_bulletin("south", 1, test::kMorning, made, revocations, root).value());
  Roster roster("south", root.verify_key());
  EXPECT_TRUE(roster.apply(bytes).value());
  EXPECT_EQ(roster.all().size(), 3u);
  EXPECT_TRUE(roster.revoked({5}));
}

}  // namespace
}  // namespace detente::accord
