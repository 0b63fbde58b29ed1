// Running: everything of a station while it runs, in the order in which it is
// made; taken down the other way round. One thread.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "io/driver.h"
#include "io/os_random.h"
#include "io/sqlite_store.h"
#include "station/assemble.h"
#include "station/events.h"
#include "station/read_marks.h"

namespace detente::station {

// What is known of a link beside what the core holds.
struct LinkView {
  bool up = false;
  WallTime since;                        // of the last change
  std::optional<std::int64_t> offset_s;  // their clock less ours, by one of their receipts
  std::int64_t offset_error_s = 0;       // it is within so much of that
  Instant offset_at;
};

class Watch;
class Announcer;
class Amender;

struct Running {
  SideDir dir;
  StationConfig config;
  StationKeys keys;
  accord::Roster own_roster;
  std::string station_id;
  WallTime started;
  Instant started_mono;
  io::OsKeyRandom random;
  io::OsJitterRandom jitter;
  std::unique_ptr<io::SqliteStore> store;
  std::vector<std::unique_ptr<Counterpart>> counterparts;  // by PeerId
  std::unique_ptr<io::Driver> driver;
  EventRing events;
  AlarmGate gate;
  std::vector<LinkView> links;  // by PeerId
  std::map<std::pair<PeerId, LineId>, ReadMarks> marks;
  Watch* watch = nullptr;  // once the record is open; borrowed
  Announcer* announcer = nullptr;  // the same
  Amender* amender = nullptr;      // the same
  std::map<std::pair<io::BearerKind, std::string>, core::SocketId> sockets;  // by where they listen
  std::optional<Error> failed;  // what ended the run, if it was not asked to end
  // Since the start, with the act: it may not be on the disk yet. What failed has used none.
  std::map<Digest, std::pair<PeerId, core::SubmissionId>> mandates_used = {};
  std::size_t queue_astray = 0;  // found at the start (astray.h)
  std::optional<record::Fence> marks_fence = std::nullopt;  // of what the station keeps beside the lines

  Counterpart* counterpart(std::string_view name);
  const core::Line& line(PeerId peer, LineId id) const {
    return *driver->station().peer(peer).line(id);
  }
  // A document's bytes; nothing for one of which a piece is missing, or which is longer.
  std::optional<Bytes> whole_document(const record::BlobKey& key, std::uint64_t bytes_max) const;
  // That side's newest log of the line, which the accord in force may have no more.
  record::LogKey newest_log(PeerId peer, LineId line, bool own) const;
  // Appended, or of the other side's ahead of missing ones.
  std::optional<record::StoredEntry> stored(const record::LogKey& log, std::uint64_t index) const;
  ReadMarks& marks_of(PeerId peer, LineId id);  // brought up to date
};

}  // namespace detente::station
