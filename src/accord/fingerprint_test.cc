#include "accord/fingerprint.h"

#include <gtest/gtest.h>

#include <set>

#include "accord/accord_for_test.h"

namespace detente::accord {
namespace {

TEST(Fingerprint, CoversRootsAccordAndSecret) {
  const AccordNote note = test::sign_by_both(test::accord());
  const SharedRoot root = test::shared_root(note.lineage);
  const Fingerprint ours = fingerprint_of(note.accord, note.digest, root);
  EXPECT_EQ(fingerprint_words(ours).size(), 25u);
  std::set<Fingerprint> all = {ours};
  Accord changed = note.accord;
  changed.sides[0].root = test::sign_key(9).verify_key();
  all.insert(fingerprint_of(changed, note.digest, root));
  changed = note.accord;
  changed.sides[1].root = test::sign_key(9).verify_key();
  all.insert(fingerprint_of(changed, note.digest, root));
  all.insert(fingerprint_of(note.accord, Digest{}, root));
  all.insert(fingerprint_of(note.accord, note.digest, test::shared_root(Digest{})));
  EXPECT_EQ(all.size(), 5u);
}

TEST(Fingerprint, ComparesWhatIsHeard) {
  Fingerprint ours{};
  ours[3] = 7;
  std::string heard;
  for (const auto word : fingerprint_words(ours)) heard.append(word).append(" ");
  EXPECT_TRUE(compare_fingerprint(ours, heard));
  Fingerprint other = ours;
  other[3] = 8;
  const auto differs = compare_fingerprint(other, heard);
  ASSERT_FALSE(differs);
  EXPECT_EQ(differs.error().fault, Fault::kConflict);
  EXPECT_NE(differs.error().message.find("word 4 "), std::string::npos);
}

TEST(Fingerprint, PageHoldsAllWordsAndNoSecret) {
  const AccordNote note = test::sign_by_both(test::accord());
  const SharedRoot root = test::shared_root(note.lineage);
  const Fingerprint fingerprint = fingerprint_of(note.accord, note.digest, root);
  std::string page;
  for (const std::string& line : ceremony_lines(note, fingerprint)) {
    EXPECT_LE(line.size(), 100u);
    page += line + "\n";
  }
  for (const auto word : fingerprint_words(fingerprint))
    EXPECT_NE(page.find(word), std::string::npos) << word;
  EXPECT_NE(page.find(to_hex(ByteView(note.digest).first(4))), std::string::npos);
  EXPECT_EQ(page.find(to_base64(test::hand_key("south", note.lineage).key.view())),
            std::string::npos);
}

}  // namespace
}  // namespace detente::accord
