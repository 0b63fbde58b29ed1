// COSE_Sign1, tagged and untagged: byte for byte back, and nothing verifies but what was signed.
// spec/credential.md.
#include "accord/accord_for_test.h"
#include "accord/cose.h"
#include "fuzz.h"

namespace detente::fuzz {

namespace {

const Bytes kAad = {'f', 'u', 'z', 'z'};
const Bytes kPayload = {'p', 'a', 'y', 'l', 'o', 'a', 'd'};

struct Ground {
  crypto::SignKey key = accord::test::sign_key(9);
  accord::CoseSign1 attached = make(accord::CosePayload::kAttached);
  accord::CoseSign1 detached = make(accord::CosePayload::kDetached);

  accord::CoseSign1 make(accord::CosePayload attach) const {
    accord::CoseHeaders headers;
    headers.key_id = Bytes{1, 2};
    headers.content_type = Bytes{0x18, 0x3c};
    accord::CoseHeaders open;
    open.other = {{{0x18, 0x2a}, {0x01}}, {{0x61, 'x'}, {0x80}}};
    return accord::sign1(headers, open, kPayload, attach, kAad, key);
  }
};

const Ground& ground() {
  static const Ground* const out = new Ground;
  return *out;
}

void check(ByteView input, accord::CoseTag tag) {
  const Ground& g = ground();
  const auto message = accord::parse_sign1(input, tag);
  if (!message) return;
  FUZZ_EXPECT(equal(accord::encode_sign1(*message, tag), input));
  // The unprotected header may be anything: nobody signs it.
  const auto genuine = [&](const accord::CoseSign1& good) {
    return message->protected_bytes == good.protected_bytes && message->signature == good.signature;
  };
  if (accord::verify_sign1(*message, kAad, g.key.verify_key()))
    FUZZ_EXPECT(genuine(g.attached) && message->payload == kPayload);
  if (accord::verify_sign1_detached(*message, kPayload, kAad, g.key.verify_key()))
    FUZZ_EXPECT(genuine(g.detached) && !message->payload);
  FUZZ_EXPECT(!accord::verify_sign1(*message, {}, g.key.verify_key()));
}

}  // namespace

void run(ByteView input) {
  check(input, accord::CoseTag::kTagged);
  check(input, accord::CoseTag::kUntagged);
  if (const auto headers = accord::decode_headers(input))
    FUZZ_EXPECT(equal(accord::encode_headers(*headers), input));
}

Seeds seeds() {
  const Ground& g = ground();
  return {{"tagged", accord::encode_sign1(g.attached, accord::CoseTag::kTagged)},
          {"untagged", accord::encode_sign1(g.attached, accord::CoseTag::kUntagged)},
          {"detached", accord::encode_sign1(g.detached, accord::CoseTag::kTagged)},
          {"headers", g.attached.protected_bytes}};
}

}  // namespace detente::fuzz
