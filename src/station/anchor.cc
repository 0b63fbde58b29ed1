#include "station/anchor.h"

#include <charconv>

#include "base/random.h"

namespace detente::station {

namespace {

constexpr std::string_view kAnyFormat = "detente-anchor/";
constexpr std::string_view kFormat = "detente-anchor/1";
constexpr std::size_t kAnchorMax = 512;

std::optional<std::string_view> field(std::string_view& text, std::string_view name) {
  if (!text.starts_with(name)) return std::nullopt;
  text.remove_prefix(name.size());
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view value = text.substr(0, end);
  text.remove_prefix(end + 1);
  return value;
}

std::optional<std::uint64_t> number(std::optional<std::string_view> text) {
  std::uint64_t out = 0;
  if (!text || text->empty()) return std::nullopt;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), out);
  return error == std::errc() && end == text->data() + text->size() ? std::optional(out)
                                                                    : std::nullopt;
}

constexpr const char* kRecordGone = "the record is new or was replaced, but the anchor is not new";

tl::unexpected<Error> refuse(const std::string& what) {
  return fail(
      Fault::kState,
      what +
          ". Put the right file back if it was only moved. If this disk was lost, replaced or "
          "restored from a backup, start once with --after-restore: the station then begins "
          "new epochs and says so to the other side");
}

// A new life needs nothing of the former one, and what cannot be read is as good as nothing.
Result<std::optional<Anchor>> anchor_of_file(const std::optional<Bytes>& bytes, bool new_life) {
  if (!bytes) return std::nullopt;
  const Result<Anchor> anchor = parse_anchor(as_string(*bytes));
  if (anchor) return std::optional(*anchor);
  if (new_life) return std::nullopt;
  return refuse("the anchor file is damaged (" + anchor.error().message + ")");
}

Result<std::optional<Anchor>> anchor_of_record(const std::optional<Bytes>& bytes, bool new_life) {
  if (!bytes) return std::nullopt;
  const Result<Anchor> anchor = parse_anchor(as_string(*bytes));
  if (anchor) return std::optional(*anchor);
  if (new_life) return std::nullopt;
  if (anchor.error().fault != Fault::kMalformed) return tl::unexpected<Error>(anchor.error());
  return fail(Fault::kMalformed, "the record is damaged: what it says of its own life cannot be read. Keep this disk, and "
                                 "restore a backup (detente restore); without one start once with --after-restore");
}

}  // namespace

std::string write_anchor(const Anchor& anchor) {
  return std::string(kFormat) + "\ninstance " + to_hex(anchor.instance) + "\ngeneration " +
         std::to_string(anchor.generation) + "\nentries " + std::to_string(anchor.entries) + "\n";
}

Result<Anchor> parse_anchor(std::string_view text) {
  Anchor out;
  const auto format = field(text, "");
  const auto instance = format == kFormat ? field(text, "instance ") : std::nullopt;
  const auto bytes = instance ? from_hex(*instance) : std::nullopt;
  const auto id = bytes ? to_array<16>(*bytes) : std::nullopt;
  const auto generation = id ? number(field(text, "generation ")) : std::nullopt;
  const auto entries = generation ? number(field(text, "entries ")) : std::nullopt;
  if (format && format->starts_with(kAnyFormat) && format != kFormat)
    return fail(Fault::kUnsupported,
                "this anchor was written by another version of détente: nothing was changed; run "
                "that one");
  if (!entries || !text.empty())
    return fail(Fault::kMalformed, "this is not an anchor as this program writes it");
  return Anchor{*id, *generation, *entries};
}

Result<Continuation> continue_life(const std::optional<Anchor>& in_file,
                                   const std::optional<Anchor>& in_database, bool database_empty,
                                   std::uint64_t entries_held, bool after_restore,
                                   KeyRandom& random) {
  Continuation out;
  if (!in_file && !in_database && database_empty) {  // the first start
    out.next = {random.array<16>(), 1, 0};
    out.new_epoch = after_restore;
    return out;
  }
  if (after_restore) {
    out.new_epoch = true;
    out.next.instance = random.array<16>();
    out.next.generation =
        1 + std::max(in_file ? in_file->generation : 0, in_database ? in_database->generation : 0);
    out.next.entries = entries_held;
    return out;
  }
  if (!in_file) return refuse("the anchor file is missing, but the record is not new");
  if (!in_database) return refuse(kRecordGone);
  if (in_file->instance != in_database->instance)
    return refuse("anchor and record belong to different installations");
  if (in_file->generation > in_database->generation)
    return refuse("the anchor is ahead of the record: the record is an older copy");
  if (in_database->generation > in_file->generation + 1)
    return refuse("the record is ahead of the anchor: the anchor is an older copy");
  if (in_file->entries > entries_held)
    return refuse("the record holds " + std::to_string(entries_held) +
                  " entries of this station and the anchor knows of " +
                  std::to_string(in_file->entries) + ": the record is an older copy");
  // One more than the file's, which is written last: starts that could not write it served nobody and count as one, however
  // many they were. Counted by the database, two of them would look like an older file for ever.
  out.next = {in_database->instance, in_file->generation + 1, entries_held};
  return out;
}

Result<void> mark_restored(const io::Path& file, std::string_view why) {
  return io::write_file(file, as_bytes(std::string(why) + "\n"), io::kSecretMode);
}

std::uint64_t own_entries(const record::Reader& store) {
  std::uint64_t sum = 0;
  for (const record::LineKey& line : store.lines())
    for (const record::Reader::LogInfo& info : store.logs(line))
      if (info.log.own) sum += info.size;
  return sum;
}

Result<std::optional<Bytes>> read_anchor_file(const io::Path& file) {
  Result<Bytes> bytes = io::read_file(file, kAnchorMax);
  if (!bytes && bytes.error().fault == Fault::kNotFound) return std::nullopt;
  if (!bytes) return tl::unexpected<Error>(bytes.error());
  return std::optional(std::move(*bytes));
}

// Before the database is opened: what that says of a directory speaks of rights, or, of the mark, nothing at all.
Result<void> check_record_places(const io::Path& record) {
  std::error_code error;
  for (const char* rest : {"", "-wal", "-shm", "-end", ".lock"}) {
    const io::Path place = record.string() + rest;
    const bool kept = std::string_view(rest).empty();
    if (std::filesystem::is_directory(place, error))
      return fail(Fault::kIo, place.string() + ": a directory is there where a file belongs: move it away" +
                                  (kept ? ", and put the file back that was there, or restore a backup (detente restore)" : ""));
  }
  return {};
}

Result<void> check_record_is_there(const io::Path& file, const io::Path& record, bool after_restore) {
  DETENTE_TRY_VOID(check_record_places(record));
  std::error_code error;
  const bool there = io::exists(record) && std::filesystem::file_size(record, error) > 0;
  if (there || after_restore || !io::exists(file)) return {};
  const auto refused = refuse(kRecordGone);
  return fail_at(file.string(), refused.value());
}

Result<void> check_life(const std::optional<Bytes>& in_file, const std::optional<Bytes>& in_database, bool database_empty,
                        std::uint64_t entries_held, bool after_restore) {
  DETENTE_TRY(file, anchor_of_file(in_file, after_restore));
  DETENTE_TRY(database, anchor_of_record(in_database, false));
  SeededRandom random(0);  // of a life that is thrown away
  DETENTE_TRY(life, continue_life(file, database, database_empty, entries_held, after_restore, random));
  static_cast<void>(life);
  return {};
}

Result<Continuation> take_anchor(const io::Path& file, record::Store& store,
                                 const std::vector<record::LineKey>& lines, bool after_restore,
                                 KeyRandom& random) {
  DETENTE_TRY(file_bytes, read_anchor_file(file));
  const auto in_file = anchor_of_file(file_bytes, after_restore);
  if (!in_file) return fail_at(file.string(), in_file.error());
  DETENTE_TRY(in_database, anchor_of_record(store.value(kAnchorKey), after_restore));
  Result<Continuation> out =
      continue_life(*in_file, in_database, store.lines().empty(), own_entries(store), after_restore, random);
  if (!out) return fail_at(file.string(), out.error());
  if (lines.empty()) return out;
  DETENTE_TRY(fence, store.claim(lines.front()));
  record::Batch batch;
  batch.fence = fence;
  const std::string text = write_anchor(out->next);
  batch.writes.push_back(record::PutValue{kAnchorKey, to_bytes(as_bytes(text)), true});
  DETENTE_TRY_VOID(store.commit({&batch, 1}));
  DETENTE_TRY_VOID(io::write_file(file, as_bytes(text), io::kSecretMode));
  return out;
}

}  // namespace detente::station
