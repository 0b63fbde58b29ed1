// SignaturesUnderWay: officers' signatures that the store does not know as used yet: in commits that were issued, under
// entries of this side that wait without an index, and under those of the other side that came ahead of their place. One for
// all lines with a counterpart, as the counters are (spec/record.md section 5): a commit with a second use of one would be
// refused, and all that is in it, each time it is tried.
#pragma once

#include <map>
#include <tuple>

#include "core/line_setup.h"
#include "core/seen_signatures.h"
#include "record/store.h"

namespace detente::core {

class SignaturesUnderWay {
 public:
  explicit SignaturesUnderWay(const Digest& lineage) : lineage_(lineage) {}

  // Used in the record, or about to be.
  bool used(const record::Reader& store, bool own, const record::OfficerSignature& signature) const;
  void add(const record::Reader& store, bool own, LineId line, const record::OfficerSignature& signature);
  void add(const record::Reader& store, bool own, LineId line, const record::Entry& entry);
  // Under an entry of theirs that is there ahead of its place. The store hears of it with the place: then add() again.
  void add_early(LineId line, const TheirPlace& place, const record::OfficerSignature& signature);
  // Whether it is in use by the entry at that place, which came early, and by no other.
  bool is_of_early(LineId line, const TheirPlace& place, const record::OfficerSignature& signature) const;
  // The entry will not be written.
  void forget(bool own, const record::Entry& entry);
  // Nothing of that side's line is under way any more.
  void forget(bool own, LineId line);
  std::size_t size() const { return uses_.size(); }

  static constexpr std::size_t kLooksFrom = 256;  // so many are kept without a look at which are durable

 private:
  using Key = std::tuple<bool, OfficerId, std::uint64_t>;
  struct Use {
    LineId line;
    std::optional<TheirPlace> early;
    bool operator==(const Use&) const = default;
  };
  static Key key_of(bool own, const record::OfficerSignature& signature);
  void drop_durable(const record::Reader& store);

  Digest lineage_;
  std::map<Key, Use> uses_;
  std::size_t look_at_ = kLooksFrom;
};

}  // namespace detente::core
