// Anchor: a second place, apart from the database, that remembers how far this
// disk's life has come. A database that was restored from a backup stands behind
// it; going on with that one would sign a second history. spec/record.md section 1.
//
// A restored directory is marked (SideDir::restored_file): a start that finds the
// mark begins new epochs by itself. The mark stays until their first entries are on
// the disk; a crash before that would else go on in an old epoch.
//
// At each start the database's generation goes up first, then the file's, and only
// then is anybody served. A crash between the two, or a file that cannot be written,
// leaves the database one ahead, which is no fault; the next start takes that
// generation again, so that it is never two ahead.
#pragma once

#include <string>
#include <string_view>

#include "io/file.h"
#include "record/store.h"

namespace detente::station {

struct Anchor {
  ByteArray<16> instance{};
  std::uint64_t generation = 0;  // starts of the station
  std::uint64_t entries = 0;     // of all own logs, at least; written now and then
  bool operator==(const Anchor&) const = default;
};
std::string write_anchor(const Anchor& anchor);
Result<Anchor> parse_anchor(std::string_view text);

// How the database's life continues at this start.
struct Continuation {
  Anchor next;             // to be written to the database, then to the file
  bool new_epoch = false;  // the disk has a new life
};
// `in_file`, `in_database`: nothing where there is none. `database_empty`: it holds no log.
// `after_restore`: a person says that the disk was restored. kState says what does not fit and what
// to do.
Result<Continuation> continue_life(const std::optional<Anchor>& in_file,
                                   const std::optional<Anchor>& in_database, bool database_empty,
                                   std::uint64_t entries_held, bool after_restore,
                                   KeyRandom& random);

// Nothing where there is none.
Result<std::optional<Bytes>> read_anchor_file(const io::Path& file);

// Before a database is opened: where a life is known and its record is gone, the words of continue_life(); opening would
// make an empty one in its place.
// Also refuses a directory in the place of the record or of a file beside it (check_record_places).
Result<void> check_record_is_there(const io::Path& file, const io::Path& record, bool after_restore);
// Whether a station would start on a record with these settings and entries, in a directory whose anchor file says `in_file`.
Result<void> check_life(const std::optional<Bytes>& in_file, const std::optional<Bytes>& in_database, bool database_empty,
                        std::uint64_t entries_held, bool after_restore);
inline constexpr const char* kAnchorKey = "anchor";  // its name among the record's values

// Reads both, decides, writes both. `lines`: of the accords, of which one is claimed for it. A new life (`after_restore`) needs nothing of the former one.
Result<Continuation> take_anchor(const io::Path& file, record::Store& store,
                                 const std::vector<record::LineKey>& lines, bool after_restore,
                                 KeyRandom& random);
Result<void> check_record_places(const io::Path& record);
// Makes the mark. `why` is for a person who looks into it.
Result<void> mark_restored(const io::Path& file, std::string_view why);
// Entries of all own logs: those of a counterpart, too, that was taken out of station.toml, or of a line that is no more.
std::uint64_t own_entries(const record::Reader& store);

}  // namespace detente::station
