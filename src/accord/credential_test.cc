#include "accord/credential.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "accord/accord_for_test.h"
#include "accord/cose.h"
#include "wire/cbor.h"

namespace detente::accord {
namespace {

const crypto::SignKey kRoot = test::south();
const crypto::VerifyKey kRootPublic = kRoot.verify_key();

// What an own root would sign over any payload: only the payload's own checks can refuse it.
Bytes signed_payload(ByteView payload, std::string_view purpose = "detente/1 credential") {
  CoseHeaders headers;
  headers.algorithm = kCoseEdDsa;
  const Kid kid = kid_of(kRootPublic);
  headers.key_id = Bytes(kid.begin(), kid.end());
  return encode_sign1(sign1(headers, {}, payload, CosePayload::kAttached, as_bytes(purpose), kRoot),
                      CoseTag::kTagged);
}

// A good station's map, with what `change` makes of the values by key (empty: the key is left out).
Bytes payload_with(std::map<std::uint64_t, Bytes> change) {
  const Credential c = test::station(3);
  using wire::CborWriter;
  std::map<std::uint64_t, Bytes> fields = {
      {1, CborWriter().uint(1).take()},
      {2, CborWriter().uint(1).take()},
      {3, CborWriter().text("south").take()},
      {4, CborWriter().text("main").take()},
      {5, CborWriter().uint(3).take()},
      {6, CborWriter().bytes(c.sign_key.bytes()).take()},
      {7, CborWriter().bytes(c.agree_key).take()},
      {8, CborWriter().bytes(c.cosign_key->bytes()).take()},
      {10, CborWriter().uint(c.not_before.seconds).take()},
      {11, CborWriter().uint(c.not_after.seconds).take()},
  };
  for (auto& [key, value] : change) {
    if (value.empty())
      fields.erase(key);
    else
      fields[key] = value;
  }
  CborWriter out;
  out.map(fields.size());
  for (const auto& [key, value] : fields) out.uint(key).raw(value);
  return out.take();
}

TEST(Credential, GivesBackWhatWasPutIn) {
  for (const Credential& credential : {test::station(1), test::officer(2)}) {
    const Bytes bytes = issue_credential(credential, kRoot).value();
    const auto read = parse_credential(bytes, kRootPublic, "south");
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->credential, credential);
    EXPECT_EQ(read->bytes, bytes);
    EXPECT_EQ(read->id(), crypto::sha256(bytes));
    EXPECT_EQ(issue_credential(read->credential, kRoot).value(), bytes);
  }
}

TEST(Credential, IsTheMapThatTheSpecificationWrites) {
  EXPECT_EQ(signed_payload(payload_with({})), issue_credential(test::station(3), kRoot).value());
}

RC_GTEST_PROP(Credential, AnyValuesSurvive, ()) {
  Credential c = test::officer(2);
  c.role = *rc::gen::element(CredentialRole::kOfficer, CredentialRole::kPrincipal);
  c.number.value = *rc::gen::inRange<std::uint16_t>(1, 65535);
  c.not_before.seconds = *rc::gen::arbitrary<std::uint32_t>();
  c.not_after.seconds = std::max(*rc::gen::arbitrary<std::uint32_t>(), c.not_before.seconds);
  c.lines = std::nullopt;
  if (*rc::gen::arbitrary<bool>()) {
    const auto numbers = *rc::gen::nonEmpty(
        rc::gen::container<std::set<std::uint16_t>>(rc::gen::arbitrary<std::uint16_t>()));
    c.lines.emplace();
    for (const std::uint16_t number : numbers)
      if (c.lines->size() < kCredentialLinesMax) c.lines->push_back({number});
  }
  if (*rc::gen::arbitrary<bool>()) c.person = std::nullopt;
  const Bytes bytes = issue_credential(c, kRoot).value();
  RC_ASSERT(parse_credential(bytes, kRootPublic, "south").value().credential == c);
}

TEST(Credential, EveryChangedBitIsNoticed) {
  const Bytes good = issue_credential(test::station(1), kRoot).value();
  for (std::size_t i = 0; i < good.size(); ++i)
    for (int bit = 0; bit < 8; ++bit) {
      Bytes changed = good;
      changed[i] = static_cast<std::uint8_t>(changed[i] ^ (1 << bit));
      ASSERT_FALSE(parse_credential(changed, kRootPublic, "south")) << i;
    }
  for (std::size_t size = 0; size < good.size(); ++size)
    ASSERT_FALSE(parse_credential(ByteView(good).first(size), kRootPublic, "south"));
  Bytes longer = good;
  longer.push_back(0);
  EXPECT_FALSE(parse_credential(longer, kRootPublic, "south"));
}

TEST(Credential, RefusesAnotherRootSideAndPurpose) {
  const Bytes by_north = issue_credential(test::station(1), test::north()).value();
  auto read = parse_credential(by_north, kRootPublic, "south");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().fault, Fault::kAuthentication);
  const Bytes good = issue_credential(test::station(1), kRoot).value();
  read = parse_credential(good, kRootPublic, "north");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().fault, Fault::kConflict);
  read = parse_credential(signed_payload(payload_with({}), "detente/1 bulletin"), kRootPublic,
                          "south");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().fault, Fault::kAuthentication);
}

TEST(Credential, RefusesOtherHeaders) {
  const auto with = [](CoseHeaders more_protected, CoseHeaders open, CoseTag tag) {
    const Kid kid = kid_of(kRootPublic);
    if (!more_protected.key_id) more_protected.key_id = Bytes(kid.begin(), kid.end());
    return encode_sign1(sign1(more_protected, open, payload_with({}), CosePayload::kAttached,
                              as_bytes("detente/1 credential"), kRoot),
                        tag);
  };
  CoseHeaders extra;
  extra.content_type = wire::CborWriter().uint(0).take();
  CoseHeaders other_kid;
  other_kid.key_id = Bytes(8, 1);
  EXPECT_TRUE(parse_credential(with({}, {}, CoseTag::kTagged), kRootPublic, "south"));
  EXPECT_FALSE(parse_credential(with({}, {}, CoseTag::kUntagged), kRootPublic, "south"));
  EXPECT_FALSE(parse_credential(with(extra, {}, CoseTag::kTagged), kRootPublic, "south"));
  EXPECT_FALSE(parse_credential(with({}, extra, CoseTag::kTagged), kRootPublic, "south"));
  EXPECT_FALSE(parse_credential(with(other_kid, {}, CoseTag::kTagged), kRootPublic, "south"));
}

TEST(Credential, RefusesWrongFieldsUnderAGoodSignature) {
  using wire::CborWriter;
  const auto uint = [](std::uint64_t value) { return CborWriter().uint(value).take(); };
  const auto text = [](std::string_view value) { return CborWriter().text(value).take(); };
  const auto bytes = [](ByteView value) { return CborWriter().bytes(value).take(); };
  const auto lines = [](std::vector<std::uint64_t> values) {
    CborWriter out;
    out.array(values.size());
    for (const std::uint64_t value : values) out.uint(value);
    return out.take();
  };
  const Credential c = test::station(3);
  ByteArray<32> not_canonical{};
  not_canonical.fill(0xff);
  const std::map<std::uint64_t, Bytes> cases[] = {
      {{1, uint(2)}},
      {{2, uint(0)}},
      {{2, uint(4)}},
      {{2, uint(256)}},
      {{3, text("")}},
      {{4, text("Main")}},
      {{5, uint(0)}},
      {{5, uint(65536)}},
      {{8, {}}},                       // a station without a cosigning key
      {{2, uint(2)}},                  // an officer with one
      {{6, bytes(ByteArray<32>{1})}},  // the identity point
      {{8, bytes(ByteArray<32>{1})}},
      {{6, bytes(ByteArray<31>{})}},
      {{7, bytes(ByteArray<31>{})}},
      {{7, bytes(ByteArray<32>{})}},   // u = 0
      {{7, bytes(ByteArray<32>{1})}},  // u = 1
      {{7, bytes(not_canonical)}},
      {{7, bytes(c.sign_key.bytes())}},  // one key for two uses
      {{8, bytes(c.sign_key.bytes())}},
      {{6, bytes(kRootPublic.bytes())}},  // the root itself
      {{8, bytes(kRootPublic.bytes())}},
      {{9, lines({})}},
      {{9, lines({2, 1})}},
      {{9, lines({1, 1})}},
      {{9, lines({65536})}},
      {{9, uint(1)}},
      {{10, uint(9)}, {11, uint(8)}},  // ends before it begins
      {{11, uint(0x100000000)}},
      {{12, bytes(ByteArray<32>{})}},  // a station is no person
      {{13, uint(1)}},
      {{0, uint(1)}},
      {{70, uint(1)}},
      {{1, {}}},
      {{2, {}}},
      {{3, {}}},
      {{4, {}}},
      {{5, {}}},
      {{6, {}}},
      {{7, {}}},
      {{10, {}}},
      {{11, {}}},
  };
  ASSERT_TRUE(parse_credential(signed_payload(payload_with({})), kRootPublic, "south"));
  std::size_t number = 0;
  for (const auto& change : cases) {
    const auto read = parse_credential(signed_payload(payload_with(change)), kRootPublic, "south");
    ASSERT_FALSE(read) << "case " << number << ", key " << change.begin()->first;
    EXPECT_TRUE(read.error().message.starts_with("credential: ")) << read.error().message;
    ++number;
  }
  for (const Bytes& payload : {Bytes{}, Bytes{0xa0}, Bytes{0x80}, Bytes{0xf6}})
    EXPECT_FALSE(parse_credential(signed_payload(payload), kRootPublic, "south"));
}

TEST(Credential, EveryX25519PointOfSmallOrderIsRefused) {
  for (const char* hex : {"0000000000000000000000000000000000000000000000000000000000000000",
                          "0100000000000000000000000000000000000000000000000000000000000000",
                          "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
                          "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
                          "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                          "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                          "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"}) {
    Credential c = test::station(1);
    c.agree_key = *to_array<32>(*from_hex(hex));
    EXPECT_FALSE(issue_credential(c, kRoot)) << hex;
  }
}

TEST(Credential, ValidityAndLinesArePolicy) {
  const Credential c = test::officer(2);
  EXPECT_TRUE(c.valid_at(c.not_before));
  EXPECT_TRUE(c.valid_at(c.not_after));
  EXPECT_FALSE(c.valid_at({c.not_before.seconds - 1}));
  EXPECT_FALSE(c.valid_at({c.not_after.seconds + 1}));
  EXPECT_TRUE(c.allows(LineId{1}));
  EXPECT_FALSE(c.allows(LineId{2}));
  EXPECT_TRUE(test::station(1).allows(LineId{2}));
  EXPECT_EQ(test::station(1).station_id(), "south/main");
}

TEST(Credential, PersonIsOpenedByNameAndSaltOnly) {
  SeededRandom random(1);
  const PersonOpening kim = open_person("Kim", random);
  PersonOpening other = kim;
  other.name = "Lee";
  EXPECT_NE(person_digest(kim), person_digest(other));
  other = open_person("Kim", random);
  EXPECT_NE(person_digest(kim), person_digest(other));
  Bytes written = to_bytes(as_bytes("detente/1 person"));
  written.push_back(0);
  append(written, kim.salt);
  append(written, "Kim");
  EXPECT_EQ(person_digest(kim), crypto::sha256(written));
}

}  // namespace
}  // namespace detente::accord
