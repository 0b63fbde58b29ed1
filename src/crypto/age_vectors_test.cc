// The age format's public test kit: every file of the folder that is about a
// passphrase, the header, its MAC, stanzas or the payload stream.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "../../tests/support/vectors.h"
#include "crypto/age.h"
#include "crypto/hash.h"
#include "crypto/inflate_for_test.h"
#include "crypto/seal.h"

namespace detente::crypto {
namespace {

struct KitFile {
  std::string name;
  std::multimap<std::string, std::string> fields;
  Bytes file;

  bool has(const std::string& key) const { return fields.contains(key); }
  std::string get(const std::string& key) const {
    const auto found = fields.find(key);
    return found == fields.end() ? "" : found->second;
  }
};

KitFile parse(const std::string& name, const std::string& text) {
  KitFile out;
  out.name = name;
  std::size_t at = 0;
  for (;;) {
    const std::size_t end = text.find('\n', at);
    if (end == std::string::npos || end == at) {
      at = end + 1;
      break;
    }
    const std::string line = text.substr(at, end - at);
    const std::size_t colon = line.find(": ");
    out.fields.emplace(line.substr(0, colon), line.substr(colon + 2));
    at = end + 1;
  }
  out.file = to_bytes(as_bytes(std::string_view(text).substr(at)));
  if (out.get("compressed") == "zlib") out.file = support::Inflate::zlib(out.file);
  return out;
}

std::vector<KitFile> kit() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(support::vectors_folder() + "/age")) {
    const std::string name = entry.path().filename().string();
    if (entry.is_regular_file() && !name.ends_with(".md")) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  std::vector<KitFile> out;
  for (const std::string& name : names) {
    KitFile file = parse(name, support::read_vector_file("age/" + name));
    if (file.has("expect") && !file.has("armored")) out.push_back(std::move(file));
  }
  return out;
}

// What came out, in the kit's words.
std::string with_passphrase(const KitFile& file, const std::string& passphrase, std::string& hash) {
  const auto opened = open_with_passphrase(file.file, passphrase);
  if (opened) {
    hash = to_hex(sha256(opened->view()));
    return "success";
  }
  return to_string(opened.error().fault);
}

TEST(AgeVectors, Passphrase) {
  support::CaseCount count("age (passphrase)");
  for (const KitFile& file : kit()) {
    if (!file.has("passphrase")) continue;
    count.add();
    std::string hash;
    const std::string outcome = with_passphrase(file, file.get("passphrase"), hash);
    const std::string expected = file.get("expect");
    if (expected == "success") {
      EXPECT_EQ(outcome, "success") << file.name;
      EXPECT_EQ(hash, file.get("payload")) << file.name;
    } else if (expected == "no match") {
      // Not for this passphrase, or (a stanza of another type) for none at all.
      EXPECT_TRUE(outcome == "denied" || outcome == "malformed") << file.name << ": " << outcome;
    } else {
      EXPECT_TRUE(outcome == "malformed" || outcome == "limit") << file.name << ": " << outcome;
    }
  }
}

// The same code below the passphrase, with the file key that the kit names.
std::string with_file_key(const KitFile& file, ByteView file_key, std::string& hash) {
  const auto header = parse_age_header(file.file);
  if (!header) return "header failure";
  if (!check_age_mac(*header, file_key)) return "HMAC failure";
  const ByteView payload = ByteView(file.file).subspan(header->size);
  const auto opened = open_age_payload(payload, file_key);
  if (opened) {
    hash = to_hex(sha256(opened->view()));
    return "success";
  }
  return payload.size() < kAgeNonceSize ? "header failure" : "payload failure";
}

bool about_the_format(const std::string& name) {
  const char* const kinds[] = {"header", "hmac", "stanza", "stream", "version", "empty"};
  return std::any_of(std::begin(kinds), std::end(kinds),
                     [&](const char* kind) { return name.starts_with(kind); });
}

TEST(AgeVectors, HeaderAndPayload) {
  support::CaseCount count("age (header and payload)");
  for (const KitFile& file : kit()) {
    if (file.has("passphrase") || !about_the_format(file.name)) continue;
    count.add();
    const auto file_key = from_hex(file.get("file key"));
    ASSERT_TRUE(file_key) << file.name;
    std::string hash;
    EXPECT_EQ(with_file_key(file, *file_key, hash), file.get("expect")) << file.name;
    if (!hash.empty()) {
      EXPECT_EQ(hash, file.get("payload")) << file.name;
    }
  }
}

// One spelling a header: what was read, written again, is the same bytes.
TEST(AgeVectors, HeadersHaveOneSpelling) {
  support::CaseCount count("age (spelling)");
  for (const KitFile& file : kit()) {
    const auto header = parse_age_header(file.file);
    if (!header) continue;
    count.add();
    EXPECT_EQ(write_age_stanzas(header->stanzas), to_bytes(header->authenticated)) << file.name;
  }
}

}  // namespace
}  // namespace detente::crypto
