#include "station/submission.h"

#include <gtest/gtest.h>

namespace detente::station {
namespace {

Submission full() {
  Submission out;
  record::Header& header = out.entry.header;
  header.entry_class = record::EntryClass::kDrill;
  header.author.value = 2;
  header.time.seconds = 1795510803;
  header.precedence = record::Precedence::kImmediate;
  header.due = WallTime{1795510900};
  header.reply_by = WallTime{1795510901};
  header.action = {"duty-officer", "minister"};
  header.info = {"archive"};
  header.label = "restricted";
  header.subject = "über \"quotes\"";
  out.entry.body = to_bytes(as_bytes("line\nand 한국어"));
  out.references = {{record::Whose::kOthers, record::EpochId{9}, 12, Digest{7}},
                    {record::Whose::kAuthors, std::nullopt, 3, std::nullopt}};
  record::OfficerSignature signature;
  signature.officer.value = 2;
  signature.counter = 1795510803;
  signature.signature.fill(0xA5);
  out.entry.signatures = {signature};
  out.wait = Wait::kReceipt;
  out.timeout_ms = 700;
  return out;
}

Result<Submission> parse(const std::string& text) {
  const Json json = Json::parse(text, nullptr, false);
  return parse_submission(json);
}

TEST(Submission, WhatTheDeskWritesTheStationReads) {
  const Submission before = full();
  const auto after = parse(dump(write_submission(before)));
  ASSERT_TRUE(after.has_value()) << after.error().message;
  EXPECT_EQ(after->entry, before.entry);
  EXPECT_EQ(after->wait, before.wait);
  EXPECT_EQ(after->timeout_ms, before.timeout_ms);
  ASSERT_EQ(after->references.size(), 2u);
  EXPECT_EQ(after->references[0].leaf, before.references[0].leaf);
  EXPECT_EQ(after->references[0].epoch, before.references[0].epoch);
  EXPECT_EQ(after->references[1].whose, record::Whose::kAuthors);
  EXPECT_FALSE(after->references[1].leaf.has_value());
}

TEST(Submission, AnOfficersSignatureHoldsOverTheJson) {
  SeededRandom random(3);
  const auto key = crypto::SignKey::generate(random);
  Submission submission = full();
  submission.references.clear();
  const Digest accord{1};
  submission.entry.signatures = {record::sign_entry(submission.entry.header, submission.entry.body,
                                                    accord, 1, OfficerId{2}, 5, key)};
  const auto after = parse(dump(write_submission(submission)));
  ASSERT_TRUE(after.has_value());
  EXPECT_TRUE(record::verify_officer(after->entry.header, after->entry.body, accord,
                                     after->entry.signatures[0], key.verify_key()));
}

TEST(Submission, BytesThatAreNoTextTravelAsBody) {
  Submission receipt;
  receipt.entry.header.kind = record::kPersonReceipt;
  receipt.entry.header.body_form = record::BodyForm::kCbor;
  receipt.entry.body = {0x81, 0x00};
  const auto after = parse(dump(write_submission(receipt)));
  ASSERT_TRUE(after.has_value());
  EXPECT_EQ(after->entry, receipt.entry);
}

TEST(Submission, TheSmallestOneTakesTheDefaults) {
  const auto out = parse(R"({"text":"x"})");
  ASSERT_TRUE(out.has_value());
  EXPECT_EQ(out->entry.header.kind, record::kMessage);
  EXPECT_EQ(out->wait, Wait::kDurable);
  EXPECT_FALSE(out->timed);
}

TEST(Submission, RefusesEveryOtherShape) {
  const char* cases[] = {
      "[]",
      "7",
      "{}",
      R"({"text":7})",
      R"({"text":"x","body":"AAA="})",
      R"({"text":"x","extra":1})",
      R"({"text":"x","precedence":"urgent"})",
      R"({"text":"x","class":"real"})",
      R"({"text":"x","kind":-1})",
      R"({"text":"x","kind":1.5})",
      R"({"text":"x","kind":65536})",
      R"({"text":"x","time":4294967296})",
      R"({"text":"x","wait":"forever"})",
      R"({"text":"x","timeout_ms":60001})",
      R"({"text":"x","action":"all"})",
      R"({"text":"x","info":[1]})",
      R"({"body":"no base64"})",
      R"({"text":"x","references":[{"whose":"mine","index":1}]})",
      R"({"text":"x","references":[{"whose":"far"}]})",
      R"({"text":"x","references":[{"whose":"far","index":1,"leaf":"00"}]})",
      R"({"text":"x","references":[1,2,3,4,5]})",
      R"({"text":"x","signatures":[{"officer":1}]})",
      R"({"text":"x","signatures":[{"officer":1,"counter":1,"accord_version":1,"signature":"AAAA"}]})"};
  for (const char* text : cases) {
    const auto out = parse(text);
    ASSERT_FALSE(out.has_value()) << text;
    EXPECT_EQ(out.error().fault, Fault::kMalformed) << text;
  }
}

}  // namespace
}  // namespace detente::station
