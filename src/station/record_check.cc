#include "station/record_check.h"

#include "io/sqlite_store.h"

namespace detente::station {

namespace {

constexpr std::uint64_t kReadAtATime = 256;

tl::unexpected<Error> damaged(const record::LogKey& log, std::uint64_t size) {
  return fail(Fault::kIo,
              "the record of " + log.station_id + " on line " +
                  std::to_string(log.line.line.value) +
                  " is damaged: its tree does not give the root that was signed for " +
                  std::to_string(size) +
                  " entries. Nothing was changed; keep a copy of the station's directory and "
                  "restore a backup (detente restore)");
}

bool gives(const record::TileReader& tiles, std::uint64_t size, const Digest& root) {
  return record::root_at(tiles, size) == root;
}

}  // namespace

Result<void> check_newest(const io::SqliteStore& store) {
  DETENTE_TRY_VOID(store.check_tables());
  for (const record::LineKey& line : store.lines())
    for (const record::Reader::LogInfo& info : store.logs(line)) {
      const auto tiles = store.tiles(info.log);
      const auto checkpoint = store.checkpoint_covering(info.log, info.size);
      const auto receipt = store.newest_cosignature(info.log);
      const std::uint64_t receipted = receipt ? receipt->size : 0;
      bool good = receipted <= info.size &&
                  (!checkpoint || gives(*tiles, checkpoint->size, checkpoint->root)) &&
                  (!receipt || gives(*tiles, receipt->size, receipt->root));
      // These are sent again as they stand here.
      for (std::uint64_t at = receipted; good && info.log.own && at < info.size;) {
        const auto some = store.entries(info.log, at, info.size, kReadAtATime);
        good = !some.empty();
        at += some.size();
      }
      static_cast<void>(store.early_entries(info.log));
      if (const auto fault = store.fault()) return tl::unexpected<Error>(*fault);
      if (!good) return damaged(info.log, info.size);
    }
  if (const auto fault = store.fault()) return tl::unexpected<Error>(*fault);
  return {};
}

}  // namespace detente::station
