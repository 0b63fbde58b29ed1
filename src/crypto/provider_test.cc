// A side's own cipher from a provider module, as tests/toy_provider has it.
#include <gtest/gtest.h>

#include "../../tests/support/vectors.h"
#include "crypto/aead.h"

namespace detente::crypto {
namespace {

std::string module_path() {
  if (const char* path = std::getenv("DETENTE_TOY_PROVIDER")) return path;
  const char* bin = std::getenv("DETENTE_BIN");
  return std::string(bin ? bin : ".") + "/../tests/toy_provider.so";
}

std::string toy_vectors() {
  const char* source = std::getenv("DETENTE_SOURCE");
  std::ifstream in(std::string(source ? source : ".") + "/tests/toy_provider/toy.vectors.txt");
  EXPECT_TRUE(in) << "tests/toy_provider/toy.vectors.txt is missing";
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

TEST(Provider, RefusesWhatIsNoModule) {
  EXPECT_EQ(load_provider("").error().fault, Fault::kMalformed);
  EXPECT_EQ(load_provider("toy_provider.so").error().fault, Fault::kMalformed);
  const auto missing = load_provider("/no/such/module.so");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().fault, Fault::kIo);
  EXPECT_NE(missing.error().message.find("/no/such/module.so"), std::string::npos);
}

// One test, in order: what is loaded stays loaded for the whole process.
TEST(Provider, BringsACipherByName) {
  const Bytes key(32, 1), nonce(12, 2), text = {3, 4, 5};
  const Bytes before = AeadKey(*AeadAlgorithm::load("AES-256-GCM"), key).seal(nonce, {}, text);
  EXPECT_EQ(AeadAlgorithm::load("TOY-CTR-HMAC").error().fault, Fault::kNotFound);

  const auto loaded = load_provider(module_path());
  ASSERT_TRUE(loaded) << loaded.error().message << " (build the target toy_provider)";
  const auto toy = AeadAlgorithm::load("TOY-CTR-HMAC");
  ASSERT_TRUE(toy) << toy.error().message;
  const auto checked = toy->check_vectors(toy_vectors());
  EXPECT_TRUE(checked) << checked.error().message;

  const auto wrong = toy->check_vectors(shipped_vectors("AES-256-GCM"));
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().fault, Fault::kAuthentication);
  EXPECT_NE(wrong.error().message.find("TOY-CTR-HMAC"), std::string::npos);
  EXPECT_NE(wrong.error().message.find("not the cipher that the accord names"), std::string::npos);

  const AeadKey toy_key(*toy, key);
  const Bytes sealed = toy_key.seal(nonce, text, text);
  EXPECT_EQ(toy_key.open(nonce, text, sealed).value(), text);
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    Bytes changed = sealed;
    changed[i] ^= 1;
    EXPECT_FALSE(toy_key.open(nonce, text, changed));
  }

  // It has a cipher with a nonce of 8 bytes, and one under a name of OpenSSL's.
  EXPECT_EQ(AeadAlgorithm::load("TOY-SHORT-NONCE").error().fault, Fault::kUnsupported);
  EXPECT_EQ(AeadKey(*AeadAlgorithm::load("AES-256-GCM"), key).seal(nonce, {}, text), before);
  EXPECT_TRUE(load_provider(module_path())) << "loading it again does no harm";
}

}  // namespace
}  // namespace detente::crypto
