// ReadMarks: which of the other side's entries on a line no person has acknowledged.
// Follows from the record alone: an entry is read when an own entry of kind 2 refers
// to it. Exact for any number of entries.
//
// Why marks of every entry, and not the newest alone: whoever sends may send
// thousands more, and its own FLASH would be gone from what is shown.
//
// Bounds: half a byte an entry (400 are on the disk), none where 4,096 in a row are
// all read. What is known is kept in the store now and then, so a start looks at the
// entries since then and no others; a loss of it costs reading the record once, some
// at each refresh(), and until that is done behind() says how many are left.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <set>

#include "record/store.h"

namespace detente::station {

class ReadMarks {
 public:
  static constexpr std::uint64_t kAtOnce = 16'384;   // entries that one refresh() looks at
  static constexpr std::uint64_t kSavedEvery = 1000;  // looked at, and not kept in the store yet

  // Looks at what is new in the logs.
  void refresh(const record::Reader& store, const record::LineKey& line);
  // Whether there is enough to keep(). A store that refuses it is asked again after as many more.
  bool keep_due() const { return looked_at_ >= kSavedEvery; }
  void keep(record::Store& store, const record::Fence& fence, const record::LineKey& line);
  void put_off() { looked_at_ = 0; }

  bool unread(const record::LogKey& log, std::uint64_t index) const;
  std::uint64_t count() const;
  std::uint64_t count(record::EntryClass of) const;
  std::uint64_t flashes() const { return totals_[kFlash]; }  // the real ones
  std::uint64_t behind() const { return behind_; }

  struct Unread {
    record::LogKey log;
    std::uint64_t index = 0;
  };
  enum class Which : std::uint8_t { kAll, kFlash, kOthers };
  // The first of them in the order of the logs, or the last ones, the last in front.
  std::vector<Unread> first(std::size_t most, Which which = Which::kAll) const;
  std::vector<Unread> last(std::size_t most) const;
  // Of one log alone, from an index on.
  std::vector<Unread> from(const record::LogKey& log, std::uint64_t index, std::size_t most) const;

 private:
  enum State : std::uint8_t { kRead, kLive, kDrill, kTest, kFlash, kStates };
  using Counts = std::array<std::uint64_t, kStates>;
  static constexpr std::uint64_t kOfChunk = 4096;
  struct Chunk {
    std::array<std::uint8_t, kOfChunk / 2> states{};
    Counts counts{};  // of kRead nothing is counted
    State at(std::uint64_t index) const;
    void put(std::uint64_t index, State state);
    std::uint64_t unread() const;
  };
  struct FarLog {
    std::uint32_t ordinal = 0;
    std::uint64_t next = 0;  // looked at, below it
    std::map<std::uint64_t, Chunk> chunks;  // with an unread entry
    std::set<std::uint64_t> changed;        // chunks, since the last keep()
  };
  using Visit = std::function<bool(std::uint64_t index)>;  // whether to go on
  using Place = std::pair<record::EpochId, std::uint64_t>;

  void set(FarLog& log, std::uint64_t index, State state);
  State at(const FarLog& log, std::uint64_t index) const;
  void take_far(const record::LogKey& key, FarLog& log, const record::StoredEntry& stored, bool early);
  void take_own(const record::StoredEntry& stored);
  std::vector<record::Reader::LogInfo> to_look_at(const record::Reader& store, const record::LineKey& line);
  bool newest_alone(const record::Reader& store, const record::LineKey& line, std::vector<record::Reader::LogInfo>& out) const;
  bool look_at(const record::Reader& store, const record::Reader::LogInfo& info, std::uint64_t& left);
  std::vector<std::pair<record::LogKey, const FarLog*>> in_order() const;
  static bool wanted(State state, Which which);
  static bool visit(const FarLog& log, std::uint64_t from, Which which, const Visit& each);

  // read_marks_kept.cc
  void load(const record::Reader& store, const record::LineKey& line);
  bool read_kept(const record::Reader& store, const record::LineKey& line, ByteView kept);
  bool fits(const std::vector<record::Reader::LogInfo>& logs) const;
  void forget();

  bool loaded_ = false;
  std::map<record::LogKey, FarLog> far_;
  std::map<record::LogKey, std::uint64_t> own_next_;
  std::set<record::LogKey> at_the_end_of_;  // looked at to its end, as was every one before it
  std::set<Place> read_early_;  // acknowledged before its place was certain
  Counts totals_{};
  std::uint64_t looked_at_ = 0;
  std::uint64_t behind_ = 0;
};

}  // namespace detente::station
