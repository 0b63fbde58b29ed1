#include "accord/bundle.h"

#include <gtest/gtest.h>

#include "accord/accord_for_test.h"
#include "wire/cbor.h"

namespace detente::accord {
namespace {

Bundle sample() {
  Bundle out{"the text\n", {}};
  for (const std::string& text : test::annex_texts()) out.files.push_back(to_bytes(as_bytes(text)));
  return out;
}

TEST(Bundle, IsReadBackWithEachFileOnce) {
  Bundle twice = sample();
  twice.files.push_back(twice.files.front());
  const Bytes bytes = write_bundle(twice).value();
  EXPECT_EQ(bytes, write_bundle(sample()).value());
  const Bundle back = parse_bundle(bytes).value();
  EXPECT_EQ(back.note, "the text\n");
  EXPECT_EQ(back.files.size(), 3u);
  EXPECT_EQ(write_bundle(back).value(), bytes);
}

TEST(Bundle, NoPartOfItAndNothingLongerIsRead) {
  const Bytes bytes = write_bundle(sample()).value();
  for (std::size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(parse_bundle(ByteView(bytes).first(size)));
  Bytes longer = bytes;
  longer.push_back(0);
  EXPECT_FALSE(parse_bundle(longer));
}

TEST(Bundle, FilesStandInOneOrder) {
  const Bundle good = parse_bundle(write_bundle(sample()).value()).value();
  for (const bool twice : {false, true}) {
    wire::CborWriter out;
    out.array(3).text("detente-accord-files/1").text("t").array(2).bytes(good.files[1]).bytes(good.files[twice ? 1 : 0]);
    EXPECT_EQ(parse_bundle(out.take()).error().fault, Fault::kMalformed);
  }
}

TEST(Bundle, IsBounded) {
  Bundle large = sample();
  large.files.push_back(Bytes(kBundleBytesMax, 1));
  EXPECT_EQ(write_bundle(large).error().fault, Fault::kLimit);
  EXPECT_EQ(parse_bundle(Bytes(kBundleBytesMax + 1, 1)).error().fault, Fault::kLimit);
}

}  // namespace
}  // namespace detente::accord
