#include "accord/accord.h"

#include <gtest/gtest.h>

#include "accord/accord_for_test.h"

namespace detente::accord {
namespace {

std::string good_note() { return test::sign_by_both(test::accord()).encode(); }

TEST(Accord, SignaturesComeOneAfterTheOther) {
  const std::string text = write_accord(test::accord()).value();
  auto note = parse_accord_note(as_bytes(text)).value();
  EXPECT_FALSE(note.signed_by[0] || note.signed_by[1]);
  EXPECT_EQ(note.encode(), text);
  EXPECT_EQ(note.digest, crypto::sha256(as_bytes(text)));
  EXPECT_EQ(note.lineage, note.digest);
  auto by_north = sign_accord(note, test::north()).value();
  EXPECT_EQ(by_north.signed_by, (std::array<bool, 2>{false, true}));
  auto read = parse_accord_note(as_bytes(by_north.encode())).value();
  EXPECT_EQ(read.signed_by, by_north.signed_by);
  auto by_both = sign_accord(read, test::south()).value();
  EXPECT_TRUE(by_both.complete());
  EXPECT_EQ(by_both.digest, note.digest);
  EXPECT_EQ(sign_accord(by_both, test::south())->signatures.size(), 2u);
  const auto stranger = sign_accord(note, test::sign_key(77));
  ASSERT_FALSE(stranger);
  EXPECT_EQ(stranger.error().fault, Fault::kDenied);
}

TEST(Accord, OrderOfSignaturesAndStrangersLinesChangeNothing) {
  AccordNote note = test::sign_by_both(test::accord());
  const AccordNote before = note;
  std::swap(note.signatures[0], note.signatures[1]);
  note.signatures.push_back(sign_note(note.text, "witness", test::sign_key(5)).value());
  const auto read = parse_accord_note(as_bytes(note.encode()));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_TRUE(read->complete());
  EXPECT_EQ(read->digest, before.digest);
  note.signatures = {note.signatures.back()};
  EXPECT_FALSE(parse_accord_note(as_bytes(note.encode()))->complete());
}

TEST(Accord, EveryChangedByteIsNoticed) {
  const std::string good = good_note();
  const std::vector<std::string> annexes = test::annex_texts();
  ASSERT_TRUE(assemble_accord(as_bytes(good), annexes));
  std::size_t tried = 0;
  for (std::size_t i = 0; i < good.size(); ++i)
    for (const int flip : {1, 2, 0x20}) {
      std::string changed = good;
      changed[i] = static_cast<char>(changed[i] ^ flip);
      ASSERT_FALSE(assemble_accord(as_bytes(changed), annexes)) << "byte " << i;
      ++tried;
    }
  EXPECT_EQ(tried, 3 * good.size());
  // A comment too is under the signatures.
  const auto comment =
      assemble_accord(as_bytes(test::replaced(good, "# Drawn by lot", "# Drawn by me")), annexes);
  ASSERT_FALSE(comment);
  EXPECT_EQ(comment.error().fault, Fault::kAuthentication);
}

TEST(Accord, WaitsForBothSignatures) {
  auto note = parse_accord_note(as_bytes(write_accord(test::accord()).value())).value();
  note = sign_accord(note, test::south()).value();
  const auto whole = assemble_accord(as_bytes(note.encode()), test::annex_texts());
  ASSERT_FALSE(whole);
  EXPECT_EQ(whole.error().fault, Fault::kState);
  EXPECT_NE(whole.error().message.find("not signed by north"), std::string::npos);
}

TEST(Accord, AssemblesWithAnnexesInAnyOrder) {
  std::vector<std::string> texts = test::annex_texts();
  std::swap(texts[0], texts[2]);
  texts.push_back(texts[1]);
  const auto whole = assemble_accord(as_bytes(good_note()), texts);
  ASSERT_TRUE(whole) << whole.error().message;
  EXPECT_EQ(whole->annexes.size(), 3u);
  EXPECT_EQ(whole->line_named("military-west")->line, LineId{1});
  EXPECT_EQ(whole->line_named("nowhere"), nullptr);
  EXPECT_EQ(whole->annex(LineId{7})->name, "back-channel");
  EXPECT_EQ(whole->annex(LineId{2}), nullptr);
  EXPECT_EQ(whole->note, good_note());
  const auto paths = whole->paths_of(*whole->line_named("military-west"));
  ASSERT_EQ(paths.size(), 2u);
  EXPECT_EQ(paths[0].number, PathId{2});
}

TEST(Accord, NamesTheAnnexThatIsMissingOrAltered) {
  std::vector<std::string> texts = test::annex_texts();
  texts.erase(texts.begin() + 1);
  auto whole = assemble_accord(as_bytes(good_note()), texts);
  ASSERT_FALSE(whole);
  EXPECT_EQ(whole.error().fault, Fault::kNotFound);
  EXPECT_NE(whole.error().message.find("line 1 is missing"), std::string::npos);

  texts = test::annex_texts();
  texts[1] = test::replaced(texts[1], "at all hours", "at any hours");
  whole = assemble_accord(as_bytes(good_note()), texts);
  ASSERT_FALSE(whole);
  EXPECT_EQ(whole.error().fault, Fault::kAuthentication);
  EXPECT_NE(whole.error().message.find("military-west"), std::string::npos);

  // The terms of one line under the number of another.
  texts = test::annex_texts();
  texts[1] = test::replaced(texts[2], "line = 7", "line = 1");
  whole = assemble_accord(as_bytes(good_note()), texts);
  ASSERT_FALSE(whole);
  EXPECT_EQ(whole.error().fault, Fault::kAuthentication);

  texts = test::annex_texts();
  texts.push_back(test::replaced(texts[2], "line = 7", "line = 8"));
  whole = assemble_accord(as_bytes(good_note()), texts);
  ASSERT_FALSE(whole);
  EXPECT_EQ(whole.error().fault, Fault::kConflict);
}

// Both sides can sign a contradiction; a station still must not run on it.
TEST(Accord, RefusesAnnexesThatContradictTheAccord) {
  const auto assemble = [](std::size_t which, auto change) {
    std::vector<Annex> annexes = test::annexes();
    change(annexes[which]);
    std::vector<std::string> texts;
    Accord accord = test::accord();
    accord.lines.clear();
    for (const Annex& annex : annexes) {
      texts.push_back(write_annex(annex).value());
      accord.lines.push_back({annex.line, annex_digest(texts.back())});
    }
    return assemble_accord(as_bytes(test::sign_by_both(accord).encode()), texts);
  };
  EXPECT_TRUE(assemble(1, [](Annex&) {}));
  for (const auto& whole : {assemble(1,
                                     [](Annex& a) {
                                       a.paths = {"fibre", "carrier-pigeon"};
                                     }),
                            assemble(0, [](Annex& a) { a.paths = {"fibre"}; }),
                            assemble(2, [](Annex& a) { a.name = "military-west"; })}) {
    ASSERT_FALSE(whole);
    EXPECT_EQ(whole.error().fault, Fault::kConflict) << whole.error().message;
  }
}

AccordInForce with_line(std::uint32_t version, LineId number, const std::string& name, Evidence evidence = Evidence::kProvable) {
  AccordInForce out{test::accord(), {}, {}, "", {}, {}};
  out.accord.version = version;
  SeededRandom random(1);
  out.annexes.emplace(kAccordLine, draft_annex(kAccordLine, "accord", {"fibre"}, Evidence::kProvable, random));
  out.annexes.emplace(number, draft_annex(number, name, {"fibre"}, evidence, random));
  return out;
}

TEST(Accord, ALinesNumberKeepsItsNameAndItsEvidenceForALineage) {
  const AccordInForce first = with_line(1, LineId{1}, "west"), second = with_line(2, LineId{2}, "east");
  const std::vector<const AccordInForce*> one{&first}, both{&first, &second};
  EXPECT_TRUE(check_successor_lines(with_line(2, LineId{1}, "west"), one));
  EXPECT_TRUE(check_successor_lines(with_line(2, LineId{3}, "north"), one));
  EXPECT_FALSE(check_successor_lines(with_line(2, LineId{1}, "east"), one)) << "another name";
  EXPECT_FALSE(check_successor_lines(with_line(2, LineId{1}, "west", Evidence::kDeniable), one)) << "another evidence";
  EXPECT_FALSE(check_successor_lines(with_line(3, LineId{1}, "west"), both)) << "it was retired";
}

TEST(Accord, ADraftIsLookedAtBeforeItIsSigned) {
  const AccordNote old = test::sign_by_both(test::accord());
  const AccordNote draft = parse_accord_note(as_bytes(write_accord(test::successor_of(old)).value())).value();
  EXPECT_TRUE(check_follows(draft, old));
  EXPECT_FALSE(check_successor(draft, old));
}

TEST(Accord, Successor) {
  const AccordNote old = test::sign_by_both(test::accord());
  const AccordNote next = test::sign_by_both(test::successor_of(old));
  EXPECT_EQ(next.lineage, old.digest);
  ASSERT_TRUE(check_successor(next, old)) << check_successor(next, old).error().message;
  const AccordNote third = test::sign_by_both(test::successor_of(next));
  EXPECT_EQ(third.lineage, old.digest);
  EXPECT_TRUE(check_successor(third, next));
  EXPECT_FALSE(check_successor(third, old));
  EXPECT_FALSE(check_successor(old, next));
  EXPECT_FALSE(check_successor(old, old));

  const auto changed = [&](auto change) {
    Accord accord = test::successor_of(old);
    change(accord);
    AccordNote note = parse_accord_note(as_bytes(write_accord(accord).value())).value();
    for (const auto& key : {1, 2, 4})
      if (auto more = sign_accord(note, test::sign_key(static_cast<std::uint64_t>(key))))
        note = *more;
    EXPECT_TRUE(note.complete());
    return check_successor(note, old);
  };
  EXPECT_TRUE(changed([](Accord&) {}));
  EXPECT_FALSE(changed([](Accord& a) { a.version = 3; }));
  EXPECT_FALSE(changed([](Accord& a) { a.lineage = Digest{}; }));
  EXPECT_FALSE(changed([](Accord& a) { a.predecessor = Digest{}; }));
  EXPECT_FALSE(changed([](Accord& a) { std::swap(a.sides[0], a.sides[1]); }));
  EXPECT_FALSE(changed([](Accord& a) { a.sides[0].name = "east"; }));
  EXPECT_FALSE(changed([](Accord& a) { a.sides[0].root = test::sign_key(4).verify_key(); }));
  AccordNote half = next;
  half.signed_by[0] = false;
  EXPECT_EQ(check_successor(half, old).error().fault, Fault::kState);
}

TEST(Accord, RefusesABrokenNoteByItsOwnFault) {
  const std::string good = good_note();
  for (std::size_t size = 0; size < good.size(); size += 7)
    EXPECT_FALSE(assemble_accord(as_bytes(good.substr(0, size)), test::annex_texts())) << size;
  EXPECT_FALSE(parse_accord_note(as_bytes(good + "\xe2\x80\x94 south AAAA\n")));
  EXPECT_EQ(parse_accord_note(as_bytes(std::string(kAccordNoteMax + 1, '#'))).error().fault,
            Fault::kLimit);
}

}  // namespace
}  // namespace detente::accord
