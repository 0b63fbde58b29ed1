// The accords of a lineage in a side's directory, their files in one piece, and what was signed under a former one.
#include <gtest/gtest.h>
#include <stdlib.h>

#include "accord/accord_for_test.h"
#include "station/side_dir.h"
#include "station/verdict.h"

namespace detente::station {
namespace {

using accord::test::kMorning;

AccordFiles files_of(const accord::AccordNote& note, const std::vector<std::string>& annexes) {
  return {note, annexes, {{"ChaCha20-Poly1305", "vectors of south"}, {"ARIA-256-GCM", "vectors of north"}}, to_bytes(as_bytes("dictionary"))};
}

class Lineage : public testing::Test {
 protected:
  Lineage()
      : first_(files_of(accord::test::sign_by_both(accord::test::accord()), accord::test::annex_texts())),
        second_(files_of(accord::test::sign_by_both(accord::test::successor_of(first_.note)), accord::test::annex_texts())) {
    std::string name = testing::TempDir() + "lineage-XXXXXX";
    path_ = ::mkdtemp(name.data());
    side_.emplace(SideDir::create(path_ / "south", {"south", "South", kMorning, ""}).value());
    EXPECT_TRUE(side_->save_accord_files("north", first_));
  }
  ~Lineage() override { std::filesystem::remove_all(path_); }

  io::Path path_;
  std::optional<SideDir> side_;
  AccordFiles first_, second_;
};

TEST_F(Lineage, OneFileIsTheStepFromOneAccordToTheNext) {
  EXPECT_FALSE(side_->next_accord_files("north").value());
  ASSERT_TRUE(side_->save_next_accord_files("north", second_));
  EXPECT_EQ(side_->accord_files("north")->note.digest, first_.note.digest) << "until it is adopted";
  EXPECT_EQ((*side_->next_accord_files("north"))->note.digest, second_.note.digest);
  ASSERT_TRUE(side_->adopt("north", 2));
  EXPECT_EQ(side_->accord_files("north")->note.digest, second_.note.digest);
  EXPECT_FALSE(side_->next_accord_files("north").value());
  const auto all = side_->lineage_files("north");
  ASSERT_TRUE(all) << all.error().message;
  ASSERT_EQ(all->size(), 2u);
  EXPECT_EQ(all->front().note.digest, first_.note.digest) << "it stays where it was";
  EXPECT_EQ(side_->counterparts().value(), std::vector<std::string>{"north"});
}

TEST_F(Lineage, AFileThatNamesNoVersionOrOneThatIsNotThereIsAnError) {
  for (const char* text : {"", "1\n", "02\n", "two\n", "2", "3\n"}) {
    ASSERT_TRUE(io::write_file(side_->accord_dir("north") / "in-force", as_bytes(std::string_view(text)), io::kPublicMode));
    EXPECT_FALSE(side_->accord_files("north")) << text;
  }
}

TEST_F(Lineage, AnotherVersionDoesNotFollow) {
  const AccordFiles third = files_of(accord::test::sign_by_both(accord::test::successor_of(second_.note)), accord::test::annex_texts());
  EXPECT_EQ(side_->save_next_accord_files("north", third).error().fault, Fault::kConflict);
}

TEST_F(Lineage, ABundleHoldsWhatIsNewAndNothingElseIsNeeded) {
  accord::Accord accord = accord::test::successor_of(first_.note);
  std::vector<std::string> annexes = accord::test::annex_texts();
  annexes[1] += "# other hours\n";
  accord.lines[1].annex = accord::annex_digest(annexes[1]);
  const AccordFiles next = files_of(accord::test::sign_by_both(accord), annexes);
  const Bytes bundle = bundle_of(next, first_).value();
  EXPECT_LT(bundle.size(), next.note.encode().size() + annexes[1].size() + 100);
  const auto back = files_of_bundle(bundle, first_);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_TRUE(back->note.complete());
  EXPECT_EQ(back->annexes, annexes);
  EXPECT_EQ(back->dictionary, next.dictionary);
  AccordFiles less = first_;
  less.annexes.clear();
  EXPECT_EQ(files_of_bundle(bundle, less).error().fault, Fault::kNotFound);
}

TEST_F(Lineage, WhatWasSignedUnderAFormerAccordStaysSigned) {
  accord::Roster roster("south", accord::test::south().verify_key());
  ASSERT_TRUE(roster.add(*accord::issue_credential(accord::test::officer(2), accord::test::south())));
  const auto assemble = [](const AccordFiles& files) {
    return accord::assemble_accord(as_bytes(files.note.encode()), files.annexes).value();
  };
  const accord::AccordInForce first = assemble(first_), second = assemble(second_);
  record::Entry entry;
  entry.header.line = LineId{1};
  entry.header.time = kMorning;
  entry.header.author = OfficerId{2};
  entry.body = to_bytes(as_bytes("Signed."));
  const auto under = [&](const accord::AccordInForce& accord) {
    return record::sign_entry(entry.header, entry.body, accord.digest, accord.accord.version, OfficerId{2}, 7, accord::test::sign_key(102));
  };
  const auto judged = [&](const record::OfficerSignature& signature, const station::Lineage& accords) {
    return judge_signature(entry, signature, accords, roster, std::nullopt).value;
  };
  using Value = Verdict::Value;
  EXPECT_EQ(judged(under(first), {&first, &second}), Value::kValid);
  EXPECT_EQ(judged(under(second), {&first, &second}), Value::kValid);
  EXPECT_EQ(judged(under(second), {&first}), Value::kNotValid) << "it is not in force here";
  record::OfficerSignature dressed_up = under(first);
  dressed_up.accord_version = 2;
  EXPECT_EQ(judged(dressed_up, {&first, &second}), Value::kNotValid);
}

}  // namespace
}  // namespace detente::station
