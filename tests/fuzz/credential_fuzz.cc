// Credentials and bulletins: as they come, and with the input signed by the right root, so that the
// payload's parser is reached. spec/credential.md.
#include "accord/accord_for_test.h"
#include "accord/root_signed.h"
#include "fuzz.h"
#include "wire/cbor.h"

namespace detente::fuzz {

namespace {

constexpr std::string_view kCredentialPurpose = "detente/1 credential";
constexpr std::string_view kBulletinPurpose = "detente/1 bulletin";

struct Ground {
  crypto::SignKey root = accord::test::south();
  Bytes station = accord::issue_credential(accord::test::station(1), root).value();
  Bytes reserve = accord::issue_credential(accord::test::station(2, "reserve"), root).value();
  Bytes officer = accord::issue_credential(accord::test::officer(3), root).value();
  Bytes bulletin = issue(1, {reserve, officer});
  Bytes second = issue(2, {});

  Bytes issue(std::uint64_t number, std::vector<Bytes> credentials) const {
    const std::vector<accord::Revocation> gone = {
        {OfficerId{9}, {}}, {OfficerId{7}, accord::LastValid{LineId{1}, {1}, 5, {2}}}};
    return accord::issue_bulletin("south", number, accord::test::kMorning, credentials, gone, root)
        .value();
  }
};

const Ground& ground() {
  static const Ground* const out = new Ground;
  return *out;
}

// Those that were signed with the root; or those that the fuzzer had signed just now.
void check_credential(ByteView input, bool signed_here) {
  const Ground& g = ground();
  const auto parsed = accord::parse_credential(input, g.root.verify_key(), "south");
  if (!parsed) return;
  FUZZ_EXPECT(equal(parsed->bytes, input));
  const auto again = accord::issue_credential(parsed->credential, g.root);
  FUZZ_EXPECT(again && equal(*again, input));
  if (!signed_here)
    FUZZ_EXPECT(equal(input, g.station) || equal(input, g.reserve) || equal(input, g.officer));
}

void check_bulletin(ByteView input, bool signed_here) {
  const Ground& g = ground();
  const auto parsed = accord::parse_bulletin(input, g.root.verify_key(), "south");
  if (!parsed) return;
  std::vector<Bytes> credentials;
  for (const accord::SignedCredential& one : parsed->credentials) credentials.push_back(one.bytes);
  const auto again = accord::issue_bulletin("south", parsed->number, parsed->issued, credentials,
                                            parsed->revocations, g.root);
  FUZZ_EXPECT(again && equal(*again, input));
  if (!signed_here) FUZZ_EXPECT(equal(input, g.bulletin) || equal(input, g.second));
}

void check_file(ByteView input) {
  const auto file = accord::parse_bulletin_file(input);
  if (!file) return;
  if (file->side.empty()) {
    FUZZ_EXPECT(file->bulletins.size() == 1 && equal(file->bulletins.front(), input));
    return;
  }
  wire::CborWriter writer;
  writer.array(3).text(accord::kBulletinFileFormat).text(file->side).array(file->bulletins.size());
  for (const Bytes& one : file->bulletins) writer.bytes(one);
  FUZZ_EXPECT(equal(writer.take(), input));
}

// In any order and any number of times; what is refused changes nothing.
void check_roster(ByteView bulletin) {
  const Ground& g = ground();
  accord::Roster roster("south", g.root.verify_key());
  FUZZ_EXPECT(roster.add(g.station).value_or(false) && roster.apply(g.second).value_or(false));
  const auto taken = roster.apply(bulletin);
  if (!taken) {
    FUZZ_EXPECT(roster.all().size() == 1 && roster.highest_bulletin() == 2);
    return;
  }
  FUZZ_EXPECT(!roster.apply(bulletin).value_or(true));
  FUZZ_EXPECT(roster.missing_bulletins().size() <= 64);
}

}  // namespace

void run(ByteView input) {
  const Ground& g = ground();
  check_credential(input, false);
  check_bulletin(input, false);
  check_file(input);
  const Bytes credential = accord::sign_by_root(input, kCredentialPurpose, g.root);
  check_credential(credential, true);
  FUZZ_EXPECT(!accord::parse_bulletin(credential, g.root.verify_key(), "south"));
  const Bytes bulletin = accord::sign_by_root(input, kBulletinPurpose, g.root);
  check_bulletin(bulletin, true);
  check_roster(bulletin);
}

Seeds seeds() {
  const Ground& g = ground();
  const auto payload = [&](const Bytes& bytes, std::string_view purpose) {
    return accord::open_by_root(bytes, accord::kBulletinSizeMax, purpose, "seed",
                                g.root.verify_key())
        .value();
  };
  wire::CborWriter file;
  file.array(3).text(accord::kBulletinFileFormat).text("south").array(2).bytes(g.bulletin).bytes(g.second);
  return {{"file", file.take()},
          {"station", g.station},
          {"reserve", g.reserve},
          {"officer", g.officer},
          {"bulletin", g.bulletin},
          {"bulletin-second", g.second},
          {"payload-station", payload(g.station, kCredentialPurpose)},
          {"payload-officer", payload(g.officer, kCredentialPurpose)},
          {"payload-bulletin", payload(g.bulletin, kBulletinPurpose)},
          {"payload-second", payload(g.second, kBulletinPurpose)}};
}

}  // namespace detente::fuzz
