// age files: header, payload, and a whole sealed key. What opens is what was sealed.
#include "base/random.h"
#include "crypto/age.h"
#include "crypto/seal.h"
#include "fuzz.h"

namespace detente::fuzz {

namespace {

constexpr std::string_view kPassphrase = "correct horse";
constexpr int kCheapest = 1;

struct Ground {
  Bytes plain = {'s', 'e', 'e', 'd', 0, 1, 2, 3};
  Bytes file_key = Bytes(crypto::kAgeFileKeySize, 3);
  Bytes payload = crypto::seal_age_payload(plain, file_key, Bytes(crypto::kAgeNonceSize, 4));
  Bytes file;
  Bytes other_header;  // of several stanzas, under file_key

  Ground() {
    SeededRandom random(1);
    file = crypto::seal_with_passphrase(plain, kPassphrase, kCheapest, random);
    other_header = crypto::write_age_stanzas(
        {{{"X25519", "argument"}, Bytes(32, 5)}, {{"other"}, Bytes(70, 6)}, {{"empty"}, {}}});
    append(other_header, crypto::write_age_mac(Bytes(other_header), file_key));
  }
};

const Ground& ground() {
  static const Ground* const out = new Ground;
  return *out;
}

// Deriving a passphrase's key may take a gigabyte as a file says; here only cheap files go on.
bool cheap(const crypto::AgeHeader& header) {
  return header.stanzas.size() != 1 || header.stanzas[0].arguments.size() != 3 ||
         header.stanzas[0].arguments[2] == std::to_string(kCheapest);
}

}  // namespace

void run(ByteView input) {
  const Ground& g = ground();
  const auto header = crypto::parse_age_header(input);
  if (header) {
    Bytes again = crypto::write_age_stanzas(header->stanzas);
    FUZZ_EXPECT(equal(again, header->authenticated));
    again =
        concat(again, as_bytes(" "), as_bytes(crypto::to_age_base64(header->mac)), as_bytes("\n"));
    FUZZ_EXPECT(equal(again, input.first(header->size)));
    if (crypto::check_age_mac(*header, g.file_key)) FUZZ_EXPECT(equal(again, g.other_header));
  }
  if (!header || cheap(*header)) {
    const auto opened = crypto::open_with_passphrase(input, kPassphrase);
    if (opened) FUZZ_EXPECT(equal(input, g.file) && equal(opened->view(), g.plain));
  }
  const auto payload = crypto::open_age_payload(input, g.file_key);
  if (payload) FUZZ_EXPECT(equal(input, g.payload) && equal(payload->view(), g.plain));
  const std::string text = text_of(input);
  if (const auto bytes = crypto::from_age_base64(text))
    FUZZ_EXPECT(crypto::to_age_base64(*bytes) == text);
}

Seeds seeds() {
  const Ground& g = ground();
  return {{"file", g.file},
          {"payload", g.payload},
          {"header", g.other_header},
          {"base64", to_bytes(as_bytes("AAEC/w"))}};
}

}  // namespace detente::fuzz
