// Bulletin: its bytes. What follows from one is in roster.cc.
#include <algorithm>

#include "accord/fields.h"
#include "accord/root_signed.h"
#include "accord/roster.h"
#include "wire/cbor.h"

namespace detente::accord {
namespace {

constexpr std::string_view kBulletinPurpose = "detente/1 bulletin";
constexpr std::string_view kBulletin = "bulletin";
constexpr std::uint64_t kBulletinFormat = 1;
constexpr std::size_t kBulletinFileMax = 4096;

void write_revocation(wire::CborWriter& out, const Revocation& revocation) {
  out.array(2).uint(revocation.number.value);
  if (!revocation.last_valid) {
    out.null();
    return;
  }
  const LastValid& last = *revocation.last_valid;
  out.array(4).uint(last.line.value).bytes(last.epoch).uint(last.size).bytes(last.root);
}

Result<std::uint16_t> read_u16(wire::CborReader& reader) {
  DETENTE_TRY(value, reader.uint());
  if (value > 0xffff) return fail(Fault::kMalformed, "a number above 65535");
  return static_cast<std::uint16_t>(value);
}

template <std::size_t N>
Result<ByteArray<N>> read_array(wire::CborReader& reader) {
  DETENTE_TRY(value, reader.bytes());
  const auto out = to_array<N>(value);
  if (!out) return fail(Fault::kMalformed, "not " + std::to_string(N) + " bytes");
  return *out;
}

Result<Revocation> read_revocation(wire::CborReader& reader) {
  DETENTE_TRY_VOID(reader.array(2));
  DETENTE_TRY(number, read_u16(reader));
  if (number == 0) return fail(Fault::kMalformed, "a revocation of number 0");
  Revocation out{{number}, std::nullopt};
  DETENTE_TRY(type, reader.peek());
  if (type == wire::CborType::kNull) {
    DETENTE_TRY_VOID(reader.null());
    return out;
  }
  DETENTE_TRY_VOID(reader.array(4));
  DETENTE_TRY(line, read_u16(reader));
  DETENTE_TRY(epoch, read_array<16>(reader));
  DETENTE_TRY(size, reader.uint());
  DETENTE_TRY(root, read_array<32>(reader));
  out.last_valid = LastValid{{line}, epoch, size, root};
  return out;
}

// Credentials by number, revocations by number and line: one set, one byte string.
template <typename T, typename Before>
bool ascend(const std::vector<T>& items, Before before) {
  for (std::size_t i = 1; i < items.size(); ++i)
    if (!before(items[i - 1], items[i])) return false;
  return true;
}

bool revocation_before(const Revocation& a, const Revocation& b) {
  const auto key = [](const Revocation& r) {
    return std::pair(r.number, r.last_valid ? std::optional(r.last_valid->line) : std::nullopt);
  };
  // With nil no line may stand beside it.
  if (a.number == b.number && !a.last_valid) return false;
  return key(a) < key(b);
}

Result<void> check_bulletin(const Bulletin& bulletin) {
  DETENTE_TRY_VOID(check_name_of("side", bulletin.side));
  if (bulletin.number == 0) return fail(Fault::kMalformed, "numbers are counted from 1");
  if (bulletin.credentials.size() > kBulletinCredentialsMax ||
      bulletin.revocations.size() > kBulletinRevocationsMax)
    return fail(Fault::kLimit, "more than 256 credentials or revocations; issue several");
  const auto credential_before = [](const SignedCredential& a, const SignedCredential& b) {
    return a.credential.number < b.credential.number;
  };
  if (!ascend(bulletin.credentials, credential_before))
    return fail(Fault::kMalformed, "credentials must ascend by their numbers, each once");
  if (!ascend(bulletin.revocations, revocation_before))
    return fail(Fault::kMalformed,
                "revocations must ascend by number and line, each once, nil alone for its number");
  return {};
}

Result<Bulletin> read_payload(ByteView payload, const crypto::VerifyKey& root) {
  wire::CborReader reader(payload);
  DETENTE_TRY_VOID(reader.array(6));
  DETENTE_TRY(version, reader.uint());
  if (version != kBulletinFormat)
    return fail(Fault::kUnsupported,
                "format version " + std::to_string(version) + "; a newer program reads it");
  Bulletin out;
  DETENTE_TRY(side, reader.text());
  DETENTE_TRY(number, reader.uint());
  DETENTE_TRY(issued, reader.uint());
  if (issued > 0xffffffff) return fail(Fault::kMalformed, "issued after 2106");
  out.side = side;
  out.number = number;
  out.issued = {static_cast<std::uint32_t>(issued)};
  DETENTE_TRY(credentials, reader.array());
  for (std::size_t i = 0; i < credentials; ++i) {
    DETENTE_TRY(bytes, reader.bytes());
    DETENTE_TRY(credential, parse_credential(bytes, root, out.side));
    out.credentials.push_back(std::move(credential));
  }
  DETENTE_TRY(revocations, reader.array());
  for (std::size_t i = 0; i < revocations; ++i) {
    DETENTE_TRY(revocation, read_revocation(reader));
    out.revocations.push_back(revocation);
  }
  DETENTE_TRY_VOID(reader.expect_end());
  DETENTE_TRY_VOID(check_bulletin(out));
  return out;
}

}  // namespace

Result<Bytes> issue_bulletin(std::string_view side, std::uint64_t number, WallTime issued,
                             std::span<const Bytes> credentials,
                             std::span<const Revocation> revocations, const crypto::SignKey& root) {
  Bulletin bulletin{
      std::string(side), number, issued, {}, {revocations.begin(), revocations.end()}};
  for (const Bytes& bytes : credentials) {
    DETENTE_TRY(credential, parse_credential(bytes, root.verify_key(), side));
    bulletin.credentials.push_back(std::move(credential));
  }
  std::ranges::sort(bulletin.credentials, {},
                    [](const SignedCredential& c) { return c.credential.number; });
  std::ranges::sort(bulletin.revocations);
  auto good = check_bulletin(bulletin);
  if (!good) return fail_at(std::string(kBulletin), good.error());
  wire::CborWriter out;
  out.array(6).uint(kBulletinFormat).text(side).uint(number).uint(issued.seconds);
  out.array(bulletin.credentials.size());
  for (const SignedCredential& credential : bulletin.credentials) out.bytes(credential.bytes);
  out.array(bulletin.revocations.size());
  for (const Revocation& revocation : bulletin.revocations) write_revocation(out, revocation);
  Bytes bytes = sign_by_root(out.take(), kBulletinPurpose, root);
  if (bytes.size() > kBulletinSizeMax)
    return fail(Fault::kLimit, "bulletin: above 64 KiB; issue several");
  return bytes;
}

Result<Bulletin> parse_bulletin(ByteView bytes, const crypto::VerifyKey& root,
                                std::string_view side) {
  DETENTE_TRY(payload, open_by_root(bytes, kBulletinSizeMax, kBulletinPurpose, kBulletin, root));
  auto bulletin = read_payload(payload, root);
  if (!bulletin) return fail_at(std::string(kBulletin), bulletin.error());
  if (bulletin->side != side)
    return fail(Fault::kConflict, "bulletin: it is of side \"" + shown(bulletin->side) +
                                      "\", not \"" + shown(side) + "\"; take the other side's");
  return bulletin;
}

Result<BulletinFile> parse_bulletin_file(ByteView bytes) {
  wire::CborReader reader(bytes);
  if (const auto type = reader.peek(); !type || *type != wire::CborType::kArray) return BulletinFile{"", {to_bytes(bytes)}};
  DETENTE_TRY_VOID(reader.array(3));
  DETENTE_TRY(format, reader.text());
  if (format != kBulletinFileFormat)
    return fail(Fault::kUnsupported,
                "is no file of bulletins that this program can read; ask for "
                "the file that detente bulletin export made");
  BulletinFile file;
  DETENTE_TRY(side, reader.text());
  file.side = side;
  DETENTE_TRY_VOID(check_name_of("side", file.side));
  DETENTE_TRY(count, reader.array());
  if (count > kBulletinFileMax)
    return fail(Fault::kLimit, "more than 4096 bulletins; is it the right file?");
  for (std::size_t i = 0; i < count; ++i) {
    DETENTE_TRY(bulletin, reader.bytes());
    file.bulletins.push_back(to_bytes(bulletin));
  }
  DETENTE_TRY_VOID(reader.expect_end());
  return file;
}

}  // namespace detente::accord
