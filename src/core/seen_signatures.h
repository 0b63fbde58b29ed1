// SeenSignatures: with which entry of the other side's each of its officers' signatures came first, on the accord line. An act
// that carries one of another entry counts for nothing (spec/record.md section 5).
//
// Why the bytes and not the counter: an officer whose machine went back may sign another text under a counter that he had
// used, and that one counts. Why the first to come and not the first in the log: one that came ahead of its place has had
// its effect when what stands before it comes.
//
// An entry may be shown any number of times, as after a commit that was refused: only where it stands decides. A start comes
// to the same as the life before it, since what was not first left its evidence, in the order of coming.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "core/context.h"
#include "core/line_setup.h"
#include "record/store.h"

namespace detente::core {

// An entry of the other side's on a line.
using TheirPlace = std::pair<record::EpochId, std::uint64_t>;

// The place in its log, and the officer, of evidence that a signature of his had been used before.
using NotFirst = std::pair<std::uint64_t, OfficerId>;
std::optional<NotFirst> not_first(const record::PutEvidence& evidence);
// The officers whose signature under the entry at that place had been used before.
std::set<OfficerId> not_first_at(const record::Reader& store, const record::LogKey& log, std::uint64_t index);
record::PutEvidence not_first_evidence(const record::LogKey& log, const NotFirst& what, WallTime at);

class SeenSignatures {
 public:
  // What the record holds, once; before anything comes in this life. Where there is no evidence of a repetition each comes
  // first in the order of the logs, and take() by whoever reads these is enough.
  void load(const Context& context, const PairIdentity& identity);
  // Whether it had come before, with another entry.
  bool take(const TheirPlace& place, const record::OfficerSignature& signature);
  void take(const TheirPlace& place, const record::Entry& entry);
  // Whether one of its signatures had come before, with another entry.
  bool replayed(const TheirPlace& place, const record::Entry& entry) const;

  // What comes beyond is not known again: no act counts whose signature is not among these.
  static constexpr std::size_t kMost = 1'000'000;

 private:
  using Print = std::array<std::uint8_t, 16>;  // of a digest: nobody finds two
  static Print print_of(const record::OfficerSignature& signature);
  bool take(const TheirPlace& place, const Print& print);

  bool loaded_ = false;
  std::map<Print, TheirPlace> first_;
};

}  // namespace detente::core
