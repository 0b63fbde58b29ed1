// Files that prove one thing to an outsider: a released announcement, and two records that do not agree. What is proved is what was
// agreed on or signed here, to the last byte that anybody signed. spec/announcement.md section 5, spec/record.md section 10.
#include "fuzz.h"
#include "record/release_fixture_for_test.h"
#include "record/release_verify.h"
#include "record/two_records_fixture_for_test.h"
#include "record/two_records_verify.h"

namespace detente::fuzz {

namespace {

using record::Verdict;

class Announced {
 public:
  Announced() {
    made_.what.other = record::announced_text_digest(made_.salt, as_bytes(theirs_));
    made_.agree();
    north = south = made_.file();
    north.side = "north";
    north.text = theirs_;
    std::swap(north.text_digest, *north.other_digest);
  }
  record::TrustAnchor anchor() const { return made_.world.anchor(); }

  record::ReleaseFile south, north;

 private:
  std::string theirs_ = "Our side took up the receivers at ten.\n";
  record::test::Agreement made_;
};

// South's station signed another tree of size 2.
class Rewritten {
 public:
  Rewritten() {
    world_.talk();
    bytes = record::make_two_records(world_.reader, world_.sources(), record::test::another_tree(world_)).value();
    file = record::parse_two_records(bytes).value();
  }
  record::TrustAnchor anchor() const { return world_.anchor(); }

  Bytes bytes;
  record::TwoRecordsFile file;

 private:
  record::test::World world_;
};

const Announced& announced() {
  static const Announced* const out = new Announced;
  return *out;
}
const Rewritten& rewritten() {
  static const Rewritten* const out = new Rewritten;
  return *out;
}

// The file that was read, where it was proved: in its one spelling. What cannot be read is never proved.
template <typename File>
std::optional<File> proved(ByteView input, const Result<File>& file, Bytes (*write)(const File&), Verdict verdict) {
  if (!file) FUZZ_EXPECT(verdict == Verdict::kFailed);
  if (file) FUZZ_EXPECT(equal(write(*file), input));
  return file && verdict == Verdict::kProved ? std::optional(*file) : std::nullopt;
}

void check_release(ByteView input) {
  const Verdict verdict = record::verify_release(input, announced().anchor()).verdict;
  const auto file = proved(input, record::parse_release_file(input), record::write_release_file, verdict);
  if (!file) return;
  record::ReleaseFile agreed = file->side == "south" ? announced().south : announced().north;
  // The station's own word; and the evidence may be spelled otherwise, as long as it proves the same.
  FUZZ_EXPECT(file->released.seconds >= agreed.instant.seconds);
  agreed.released = file->released;
  agreed.evidence = file->evidence;
  FUZZ_EXPECT(*file == agreed);
}

void check_two_records(ByteView input) {
  const Verdict verdict = record::verify_two_records(input, rewritten().anchor()).verdict;
  const auto file = proved(input, record::parse_two_records(input), record::write_two_records, verdict);
  if (!file) return;
  FUZZ_EXPECT(file->second.checkpoint == rewritten().file.second.checkpoint);
  FUZZ_EXPECT(file->held_root == rewritten().file.held_root);
}

// Of a genuine file one bit, drawn by the input, where chance would seldom leave the rest whole.
Bytes altered(Bytes file, const Digest& dice) {
  const std::size_t at = (std::size_t{dice[0]} << 16 | std::size_t{dice[1]} << 8 | dice[2]) % file.size();
  file[at] ^= static_cast<std::uint8_t>(1 << dice[3] % 8);
  return file;
}

}  // namespace

void run(ByteView input) {
  check_release(input);
  check_two_records(input);
  const Digest dice = crypto::sha256(input);
  if (dice[4] % 2 == 0) {
    check_release(altered(record::write_release_file(announced().south), dice));
  } else {
    check_two_records(altered(rewritten().bytes, dice));
  }
}

Seeds seeds() {
  const Bytes own = record::write_release_file(announced().south);
  const Bytes theirs = record::write_release_file(announced().north);
  const Bytes& two = rewritten().bytes;
  FUZZ_EXPECT(record::verify_release(own, announced().anchor()).verdict == Verdict::kProved);
  FUZZ_EXPECT(record::verify_release(theirs, announced().anchor()).verdict == Verdict::kProved);
  FUZZ_EXPECT(record::verify_two_records(two, rewritten().anchor()).verdict == Verdict::kProved);
  return {{"own", own}, {"theirs", theirs}, {"two-records", two}};
}

}  // namespace detente::fuzz
