#include "station/side_dir_officer.h"

#include <algorithm>

#include "accord/toml_reader.h"
#include "accord/toml_writer.h"
#include "wire/text.h"

namespace detente::station {
namespace {

constexpr std::string_view kFormat = "detente-officer/1";
constexpr std::size_t kFileMax = 4096;
constexpr std::uint32_t kMax32 = 0xffffffff;

Result<accord::CredentialRole> parse_role(std::string_view text) {
  for (const auto role : {accord::CredentialRole::kOfficer, accord::CredentialRole::kPrincipal})
    if (text == to_string(role)) return role;
  return fail(Fault::kMalformed, "officer: \"role\" must be \"officer\" or \"principal\"");
}

Result<void> check(const OfficerFile& officer) {
  for (const std::string& name : {officer.name, officer.post}) {
    auto good = wire::check_name(name);
    if (!good) return fail_at("officer", good.error());
  }
  if (!officer.person) return {};
  auto good = wire::check_text(officer.person->name, accord::kPersonBytesMax);
  if (!good) return fail_at("officer: person", good.error());
  if (officer.person->name.empty() ||
      officer.person->name.find_first_of("\n\t") != std::string::npos)
    return fail(Fault::kMalformed, "officer: person: must be one line, and not empty");
  return {};
}

}  // namespace

Result<std::string> write_officer(const OfficerFile& officer) {
  DETENTE_TRY_VOID(check(officer));
  accord::TomlWriter writer;
  writer.comment(
      "An officer of this side. The keys are sealed in the .age file beside it. Stays at home: "
      "the\n"
      "person's name opens the closed field of the credential. last_counter only grows.");
  writer.blank()
      .text("format", kFormat)
      .text("name", officer.name)
      .integer("number", officer.number.value)
      .text("post", officer.post)
      .text("role", to_string(officer.role))
      .text("person", officer.person ? officer.person->name : "")
      .text("person_salt", officer.person ? to_hex(officer.person->salt) : "")
      .integer("last_counter", officer.last_counter);
  return writer.take();
}

Result<OfficerFile> parse_officer(std::string_view text) {
  DETENTE_TRY(document, accord::TomlDocument::parse(text, "officer", kFileMax));
  auto root = document.root();
  root.expect("format", kFormat, "this program reads no other version of it");
  OfficerFile officer;
  officer.name = root.text("name");
  officer.number = OfficerId{static_cast<std::uint16_t>(root.integer("number", 1, 0xffff))};
  officer.post = root.text("post");
  const std::string role = root.text("role");
  const std::string person = root.text("person");
  if (person.empty())
    root.expect("person_salt", "", "there is no person");
  else
    officer.person = {*to_array<16>(root.hex("person_salt", 16)), person};
  officer.last_counter = root.integer("last_counter", 0, kMax32);
  root.close();
  DETENTE_TRY_VOID(document.result());
  DETENTE_TRY(parsed_role, parse_role(role));
  officer.role = parsed_role;
  DETENTE_TRY_VOID(check(officer));
  return officer;
}

OfficerKeys make_officer_keys(KeyRandom& random) {
  auto sign = crypto::SignKey::generate(random);
  auto agree = crypto::AgreeKey::generate(random);
  return {std::move(sign), std::move(agree)};
}

SecretBytes encode_officer_keys(const OfficerKeys& keys) {
  SecretBytes out(64);
  const ByteView seed = keys.sign.seed(), agree = keys.agree.private_bytes();
  std::copy(seed.begin(), seed.end(), out.mutable_view().begin());
  std::copy(agree.begin(), agree.end(), out.mutable_view().begin() + 32);
  return out;
}

Result<OfficerKeys> parse_officer_keys(ByteView plain) {
  if (plain.size() != 64)
    return fail(Fault::kMalformed, "holds no officer's keys; is it another sealed file?");
  DETENTE_TRY(sign, crypto::SignKey::from_seed(plain.first(32)));
  DETENTE_TRY(agree, crypto::AgreeKey::from_private(plain.subspan(32)));
  return OfficerKeys{std::move(sign), std::move(agree)};
}

}  // namespace detente::station
