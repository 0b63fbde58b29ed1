// A side's root key is renewed by the accord that follows: who has to sign it, and what the former key's signatures count for
// from then on. spec/accord.md section 5, spec/credential.md section 4.
#include <gtest/gtest.h>

#include "accord/accord_for_test.h"

namespace detente::accord {
namespace {

const crypto::SignKey kNew = test::sign_key(41);

Accord renewed(const AccordNote& old, const crypto::SignKey& key = kNew) {
  Accord out = test::successor_of(old);
  out.sides[0].root = key.verify_key();
  out.sides[0].retired = RetiredRoot{2, 2};
  return out;
}

AccordNote draft_of(const Accord& accord) { return parse_accord_note(as_bytes(write_accord(accord).value())).value(); }

AccordNote signed_by_all(const AccordNote& old) {
  AccordNote note = sign_accord(draft_of(renewed(old)), kNew).value();
  note = sign_renewal(std::move(note), old, test::south()).value();
  return sign_accord(std::move(note), test::north()).value();
}

TEST(Renewal, IsSignedByTheFormerRootTheNewOneAndTheOtherSide) {
  const AccordNote old = test::sign_by_both(test::accord());
  const AccordNote next = signed_by_all(old);
  EXPECT_TRUE(check_successor(next, old)) << check_successor(next, old).error().message;
  const auto read = parse_accord_note(as_bytes(next.encode()));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->signatures.size(), 3u);
  EXPECT_EQ(read->accord, next.accord) << "how far the former key counts stands in the text";
  EXPECT_TRUE(check_successor(*read, old));
  EXPECT_EQ(sign_renewal(*read, old, test::south())->signatures.size(), 3u) << "signing twice changes nothing";
}

TEST(Renewal, IsRefusedWithoutEitherSignature) {
  const AccordNote old = test::sign_by_both(test::accord());
  AccordNote without_old = sign_accord(sign_accord(draft_of(renewed(old)), kNew).value(), test::north()).value();
  EXPECT_TRUE(without_old.complete());
  auto judged = check_successor(without_old, old);
  ASSERT_FALSE(judged) << "whoever made the new key says so himself";
  EXPECT_EQ(judged.error().fault, Fault::kState);
  EXPECT_NE(judged.error().message.find("the key that it replaces has not signed it"), std::string::npos);

  AccordNote old_alone = sign_renewal(draft_of(renewed(old)), old, test::south()).value();
  old_alone = sign_accord(std::move(old_alone), test::north()).value();
  judged = check_successor(parse_accord_note(as_bytes(old_alone.encode())).value(), old);
  ASSERT_FALSE(judged) << "nobody has shown that he holds the new key";
  EXPECT_NE(judged.error().message.find("not signed by south"), std::string::npos);

  AccordNote alone = sign_renewal(sign_accord(draft_of(renewed(old)), kNew).value(), old, test::south()).value();
  judged = check_successor(alone, old);
  ASSERT_FALSE(judged) << "one side alone";
  EXPECT_NE(judged.error().message.find("not signed by north"), std::string::npos);

  AccordNote forged = without_old;
  NoteSignature line = sign_note(old.text, "south", test::south()).value();  // of another text
  forged.signatures.push_back(line);
  EXPECT_FALSE(check_successor(forged, old));
}

TEST(Renewal, OnlyTheKeyThatIsReplacedSignsBesideTheNewOne) {
  const AccordNote old = test::sign_by_both(test::accord());
  for (const crypto::SignKey& key : {test::north(), test::sign_key(77)}) {
    const auto refused = sign_renewal(draft_of(renewed(old)), old, key);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, Fault::kDenied);
  }
  EXPECT_FALSE(sign_renewal(draft_of(test::successor_of(old)), old, test::south())) << "nothing is renewed";
  EXPECT_FALSE(sign_accord(draft_of(renewed(old)), test::south())) << "the former key alone signs no accord any more";
}

TEST(Renewal, BothAtOnceNeedBothFormerKeys) {
  const AccordNote old = test::sign_by_both(test::accord());
  const crypto::SignKey theirs = test::sign_key(42);
  Accord both = renewed(old);
  both.sides[1].root = theirs.verify_key();
  both.sides[1].retired = RetiredRoot{};
  AccordNote note = sign_accord(sign_accord(draft_of(both), kNew).value(), theirs).value();
  note = sign_renewal(std::move(note), old, test::south()).value();
  const auto half = check_successor(note, old);
  ASSERT_FALSE(half);
  EXPECT_NE(half.error().message.find("renews the root key of north"), std::string::npos) << half.error().message;
  note = sign_renewal(std::move(note), old, test::north()).value();
  EXPECT_TRUE(check_successor(note, old));
}

TEST(Renewal, ALineOfTheFormerKeyThatDoesNotFitIsRefusedInADraftToo) {
  const AccordNote old = test::sign_by_both(test::accord());
  AccordNote note = sign_renewal(draft_of(renewed(old)), old, test::south()).value();
  note.signatures.back().signature[3] ^= 1;
  const auto refused = check_follows(note, old);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::kAuthentication) << refused.error().message;
}

TEST(Renewal, SaysHowFarTheFormerKeyCountsAndNothingWithoutOne) {
  const AccordNote old = test::sign_by_both(test::accord());
  Accord unsaid = renewed(old);
  unsaid.sides[0].retired.reset();
  EXPECT_FALSE(check_follows(draft_of(unsaid), old));
  Accord idle = test::successor_of(old);
  idle.sides[0].retired = RetiredRoot{1, 1};
  EXPECT_FALSE(check_follows(draft_of(idle), old)) << "a root that stays retires none";
  Accord first = test::accord();
  first.sides[0].retired = RetiredRoot{1, 1};
  EXPECT_FALSE(write_accord(first));
  const std::string text = write_accord(renewed(old)).value();
  EXPECT_FALSE(parse_accord(test::replaced(text, "last_credential = 2\n", ""))) << "both numbers or neither";
}

AccordInForce in_force(const Accord& accord) { return {accord, {}, {}, "", {}, {}}; }

TEST(Renewal, ARetiredKeyNeverComesAgain) {
  const AccordNote old = test::sign_by_both(test::accord());
  const AccordNote second = signed_by_all(old);
  const AccordInForce first = in_force(old.accord), then = in_force(second.accord);
  const std::vector<const AccordInForce*> both{&first, &then};
  Accord back = test::successor_of(second);
  back.sides[0].retired = RetiredRoot{3, 3};
  for (const crypto::SignKey& key : {test::south(), test::north()}) {
    back.sides[0].root = key.verify_key();
    const auto judged = check_successor_roots(back, both);
    ASSERT_FALSE(judged);
    EXPECT_EQ(judged.error().fault, Fault::kConflict);
  }
  back.sides[0].root = test::sign_key(43).verify_key();
  EXPECT_TRUE(check_successor_roots(back, both));
  EXPECT_TRUE(check_successor_roots(test::successor_of(second), both));
}

// ---- what the keys sign ----

Bytes credential(std::uint16_t number, const crypto::SignKey& root) { return issue_credential(test::officer(number), root).value(); }

Bytes bulletin(std::uint64_t number, const crypto::SignKey& root, std::vector<Bytes> credentials, std::vector<Revocation> revocations = {}) {
  return issue_bulletin("south", number, test::kMorning, credentials, revocations, root).value();
}

SideRoots after_renewal() {
  const AccordNote old = test::sign_by_both(test::accord());
  const Accord next = renewed(old);
  const std::vector<const Accord*> lineage{&old.accord, &next};
  return roots_of("south", lineage);
}

TEST(Renewal, WhatTheFormerKeySignedBeforeStaysAndNothingAfter) {
  Roster roster("south", test::south().verify_key());
  ASSERT_TRUE(roster.apply(bulletin(1, test::south(), {credential(1, test::south())})));
  EXPECT_FALSE(roster.apply(bulletin(3, kNew, {credential(3, kNew)}))) << "not in force yet";
  roster.set_roots(after_renewal());
  EXPECT_EQ(*roster.apply(bulletin(1, test::south(), {credential(1, test::south())})), false) << "known";
  EXPECT_EQ(*roster.apply(bulletin(2, test::south(), {credential(2, test::south())})), true) << "it was late, and counts";
  EXPECT_EQ(*roster.apply(bulletin(3, kNew, {credential(3, kNew)})), true);

  const std::vector<Revocation> revoke{{OfficerId{1}, std::nullopt}};
  const auto late = roster.apply(bulletin(4, test::south(), {}, revoke));
  ASSERT_FALSE(late) << "a revocation by the former key";
  EXPECT_EQ(late.error().fault, Fault::kDenied);
  EXPECT_NE(late.error().message.find("retired"), std::string::npos) << late.error().message;
  EXPECT_FALSE(roster.revoked(OfficerId{1}));
  EXPECT_FALSE(roster.apply(bulletin(5, test::south(), {credential(5, test::south())})));
  EXPECT_FALSE(roster.add(credential(5, test::south())));
  EXPECT_TRUE(roster.add(credential(5, kNew)));
  EXPECT_FALSE(read_bulletin(bulletin(2, test::south(), {credential(3, test::south())}), after_renewal(), "south"))
      << "a credential above the last, in a bulletin that is not";
  EXPECT_EQ(roster.all().size(), 4u);
  ASSERT_TRUE(roster.apply(bulletin(4, kNew, {}, revoke))) << "the new key revokes what the former one issued";
  EXPECT_TRUE(roster.revoked(OfficerId{1}));
}

TEST(Renewal, WhatWasTakenInTimeIsHeldThoughItsNumberIsHigher) {
  Roster roster("south", after_renewal());
  const Bytes revocation = bulletin(3, test::south(), {}, {{OfficerId{1}, std::nullopt}});
  EXPECT_FALSE(roster.apply(revocation));
  EXPECT_TRUE(roster.apply_held(revocation));
  EXPECT_TRUE(roster.revoked(OfficerId{1}));
  EXPECT_EQ(*roster.apply(revocation), false) << "it comes again, and is known";
}

TEST(Renewal, TheRootsOfALineageFollowItsAccords) {
  const SideRoots roots = after_renewal();
  ASSERT_EQ(roots.size(), 2u);
  EXPECT_EQ(roots[0].key, test::south().verify_key());
  EXPECT_EQ(roots[0].retired, (std::optional<RetiredRoot>(RetiredRoot{2, 2})));
  EXPECT_EQ(roots[1], (SideRoot{kNew.verify_key(), std::nullopt}));
}

}  // namespace
}  // namespace detente::accord
