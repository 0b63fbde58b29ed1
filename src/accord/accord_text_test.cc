#include "accord/accord_text.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "accord/accord_for_test.h"

namespace detente::accord {
namespace {

TEST(AccordText, GivesBackWhatWasPutIn) {
  const Accord accord = test::accord();
  const std::string text = write_accord(accord).value();
  const auto read = parse_accord(text);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, accord);
  EXPECT_EQ(write_accord(*read).value(), text);
}

RC_GTEST_PROP(AccordText, TermsSurvive, ()) {
  Accord accord = test::accord();
  accord.session.rekey_packets = *rc::gen::inRange<std::uint32_t>(1, 1u << 30);
  accord.session.rekey_minutes = *rc::gen::inRange<std::uint32_t>(1, 10081);
  accord.session.secret_step_hours = *rc::gen::inRange<std::uint32_t>(1, 8761);
  accord.limits.queue_entries = *rc::gen::inRange<std::uint32_t>(1, 1000001);
  accord.limits.document_mib = *rc::gen::inRange<std::uint32_t>(1, (1u << 20) + 1);
  accord.not_before.seconds = *rc::gen::arbitrary<std::uint32_t>();
  accord.seal = *rc::gen::element<std::string>("both", "south", "north");
  accord.title = *rc::gen::nonEmpty(rc::gen::container<std::string>(
      rc::gen::element('a', 'Z', '"', '\\', '#', '=', '[', ' ', '\'')));
  if (accord.title.size() > kTitleBytesMax) accord.title.resize(kTitleBytesMax);
  accord.lines.resize(1);
  for (int n = *rc::gen::inRange(0, 200), number = 0; n > 0; --n) {
    number += *rc::gen::inRange(1, 300);
    accord.lines.push_back({{static_cast<std::uint16_t>(number)}, {}});
  }
  RC_ASSERT(parse_accord(write_accord(accord).value()).value() == accord);
}

// Each with what the message must name, so that a person finds the place.
TEST(AccordText, RefusesAndSaysWhere) {
  const std::string text = write_accord(test::accord()).value();
  const auto with = [&](std::string_view from, std::string_view to) {
    return test::replaced(text, from, to);
  };
  struct Case {
    std::string text;
    Fault fault;
    std::string names;
  };
  const std::string south_root = to_base64(test::south().verify_key().bytes());
  const std::string north_root = to_base64(test::north().verify_key().bytes());
  const Case cases[] = {
      {with("[session]", "pace = 3\n\n[session]"), Fault::kMalformed, "pace"},
      {with("rekey_minutes", "rekey_minuets = 3\nrekey_minutes"), Fault::kMalformed,
       "rekey_minuets"},
      {with("kind = \"udp\"", "kind = \"udp\"\naddress = \"x\""), Fault::kMalformed, "address"},
      {with("annex = ", "name = \"x\"\nannex = "), Fault::kMalformed, "name"},
      {with("self = ", "hidden = 1\nself = "), Fault::kMalformed, "hidden"},
      {with("[limits]", "[extra]\na = 1\n\n[limits]"), Fault::kMalformed, "extra"},
      {with("heartbeat_seconds = 20\n", ""), Fault::kMalformed, "heartbeat_seconds"},
      {with("heartbeat_seconds = 20", "heartbeat_seconds = 0"), Fault::kMalformed, "1 to 86400"},
      {with("heartbeat_seconds = 20", "heartbeat_seconds = 20.5"), Fault::kMalformed, "fraction"},
      {with("entry_bytes = 1024", "entry_bytes = 2048"), Fault::kMalformed, "entry_bytes"},
      {with("version = 1", "version = 2"), Fault::kConflict, "predecessor"},
      {with("predecessor = \"\"", "predecessor = \"00\""), Fault::kMalformed, "predecessor"},
      {with("lineage = \"\"", "lineage = \"" + std::string(64, 'a') + "\""), Fault::kConflict,
       "version 1"},
      {with("detente-accord/1", "detente-accord/2"), Fault::kUnsupported, "format"},
      {with("detente-spec/1", "detente-spec/2"), Fault::kUnsupported, "spec"},
      {with("Noise_KKpsk0", "Noise_NNpsk0"), Fault::kUnsupported, "suite"},
      {with("contents durably stored", "seen"), Fault::kUnsupported, "receipt"},
      {with("seal = \"both\"", "seal = \"east\""), Fault::kConflict, "seal"},
      {with("order = [\"south\", \"north\"]", "order = [\"north\", \"south\"]"), Fault::kConflict,
       "order"},
      {with("order = [\"south\", \"north\"]", "order = [\"south\"]"), Fault::kMalformed,
       "two sides"},
      {with(north_root, south_root), Fault::kConflict, "same root key"},
      {with(north_root, to_base64(ByteArray<32>{1})), Fault::kAuthentication, "north"},
      {with(north_root, "AAAA"), Fault::kMalformed, "base64"},
      {with("name = \"radio\"", "name = \"fibre\""), Fault::kConflict, "fibre"},
      {with("number = 2", "number = 1"), Fault::kConflict, "path 1"},
      {with("number = 7", "number = 1"), Fault::kConflict, "line 1"},
      {with("number = 0", "number = 5"), Fault::kMalformed, "line 0"},
      {with("kind = \"udp\"", "kind = \"smoke\""), Fault::kUnsupported, "smoke"},
      {with("\"ARIA-256-GCM\"", "\"ARIA 256\""), Fault::kMalformed, "aead"},
      {with("title = \"", "title = \"\\u2066"), Fault::kMalformed, "title"},
      {with("# Drawn by lot", "# Drawn\xe2\x80\xae by lot"), Fault::kMalformed, "U+202E"},
      {with("# Drawn by lot", "# Drawn\r by lot"), Fault::kMalformed, "accord"},
      {with("title = \"Accord", "title = \"Accord\n"), Fault::kMalformed, "TOML"},
      {with("version = 1", "version = 1\nversion = 1"), Fault::kMalformed, "TOML"},
      {text + std::string(kAccordTextMax, '#'), Fault::kLimit, "65536"},
      {"", Fault::kMalformed, "format"},
      {"\xff", Fault::kMalformed, "accord"},
      {"format = " + std::string(3000, '['), Fault::kMalformed, "TOML"},
  };
  for (const Case& c : cases) {
    const auto read = parse_accord(c.text);
    ASSERT_FALSE(read) << c.names;
    EXPECT_EQ(read.error().fault, c.fault) << read.error().message;
    EXPECT_NE(read.error().message.find(c.names), std::string::npos)
        << read.error().message << " does not name " << c.names;
  }
}

TEST(AccordText, TakesAnotherLayoutAsTheSameValues) {
  std::string text = write_accord(test::accord()).value();
  text = test::replaced(text, "version = 1", "version    =   0x1 # one");
  text = "# remark\n\n" + text;
  EXPECT_EQ(parse_accord(text).value(), test::accord());
}

TEST(AccordText, IsNotWrittenWhenItCouldNotBeRead) {
  const auto refused = [](auto change) {
    Accord accord = test::accord();
    change(accord);
    return !write_accord(accord).has_value();
  };
  EXPECT_FALSE(refused([](Accord&) {}));
  EXPECT_TRUE(refused([](Accord& a) { a.version = 0; }));
  EXPECT_TRUE(refused([](Accord& a) { a.title = ""; }));
  EXPECT_TRUE(refused([](Accord& a) { a.paths.clear(); }));
  EXPECT_TRUE(refused([](Accord& a) { a.lines.clear(); }));
  EXPECT_TRUE(refused([](Accord& a) { a.sides[1].name = "south"; }));
  EXPECT_TRUE(refused([](Accord& a) { a.sides[1].name = "both"; }));
  EXPECT_TRUE(refused([](Accord& a) { a.session.rekey_minutes = 0; }));
  EXPECT_TRUE(refused([](Accord& a) { a.lines.resize(kLinesMax + 1); }));
  EXPECT_TRUE(refused([](Accord& a) { a.limits.entry_bytes = 1; }));
  EXPECT_TRUE(refused([](Accord& a) { a.limits.document_mib = 0; }));
}

TEST(AccordText, FindsSidesPathsAndLines) {
  const Accord accord = test::accord();
  EXPECT_EQ(accord.side("north"), &accord.sides[1]);
  EXPECT_EQ(accord.side_opposite("north"), &accord.sides[0]);
  EXPECT_EQ(accord.side_opposite("east"), nullptr);
  EXPECT_EQ(accord.path("radio")->number, PathId{2});
  EXPECT_EQ(accord.path(PathId{3}), nullptr);
  EXPECT_NE(accord.line(LineId{7}), nullptr);
  EXPECT_EQ(accord.line(LineId{2}), nullptr);
}

}  // namespace
}  // namespace detente::accord
