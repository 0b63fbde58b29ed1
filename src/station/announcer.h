// Announcer: what the station does about announcements. It keeps the texts of its own side until they are released, lets
// no desk sign for a text that is not here or is another than it says, finds out whether the two clocks agree, and at the
// instant writes the text and its evidence into files, tells desks and runs hooks. spec/announcement.md.
//
// When something is released core::Announcements decides. One thread, the station's.
#pragma once

#include <map>

#include "record/release_file.h"
#include "station/clock_bound.h"
#include "station/json.h"
#include "station/running.h"

namespace spdlog {
class logger;
}

namespace detente::station {

class Announcer {
 public:
  Announcer(Running& running, spdlog::logger& log) : running_(running), log_(log) {}

  void on_event(const core::DeskEvent& event);
  void tick();  // every second
  // Within half a second of the other station's; the core asks when it arms.
  bool clock_known(PeerId peer);

  // A text of this side's, on disk before it is signed for: {"digest", "salt"}. `mode` as the proposal will have it.
  Result<Json> keep_text(const Json& request);
  // What a desk signs: kNotFound for a text that is not here, kConflict for one that is another.
  Result<void> check_submission(const Counterpart& counterpart, const record::Entry& entry);

  // A person's word that a text of this side's is released.
  struct Word {
    std::string digest;    // of the text, in hex
    std::string proposal;  // "far-<epoch in hex>/<index>"; empty: the only one with that text
  };
  // kNotFound, kState, kConflict.
  Result<void> check_release(const Counterpart& counterpart, const Word& word) const;
  Result<void> release(const Counterpart& counterpart, const Word& word);

  // Beside a proposal of an announcement.
  Json json(const Counterpart& counterpart, const line::ActPlace& at) const;

 private:
  struct KeptText {
    record::AnnouncementSalt salt{};
    std::string text;
  };
  // Questions by which a clock is found out: circuit tests on the accord line.
  struct Clock {
    ClockBound bound;
    std::optional<ClockBound::Bounds> agreed;  // when the core was told last that the clock is known
    std::size_t asked = 0;
    bool asking = false;
    Instant last;
  };
  using Sent = std::map<std::tuple<PeerId, LineId, record::EpochId, std::uint64_t>, std::int64_t>;

  // announcer_texts.cc
  io::Path text_file(const Digest& digest) const;
  Result<KeptText> kept_text(const Digest& digest) const;
  Result<void> save_text(const record::AnnouncementSalt& salt, const std::string& text, const Digest& digest);
  Result<std::string> shown_text(const Counterpart& counterpart, const line::ActPlace& at) const;
  Result<void> check_offer(const Counterpart& counterpart, const record::Entry& entry);
  Result<void> check_acceptance(const Counterpart& counterpart, const record::Entry& entry);
  // Texts that nothing needs any more are dropped.
  void drop_texts();
  void note_needed(const Counterpart& counterpart, std::map<Digest, bool>& needed) const;

  void release_now(const Counterpart& counterpart, const line::ActPlace& at);
  io::Path base_of_files(const Counterpart& counterpart, const line::ActPlace& at) const;
  Result<std::string> write_files(const Counterpart& counterpart, const line::ActPlace& at, const KeptText& kept);
  Result<Bytes> evidence_for(const Counterpart& counterpart, const line::ActPlace& at) const;
  void note_sent(const core::EntryPlaced& event);
  void note_receipt(const core::ReceiptVerified& event);
  // Between what the other's clock less ours is known to lie; nothing was measured: nothing.
  std::optional<ClockBound::Bounds> clock_bounds(PeerId peer) const;
  bool clocks_agree(PeerId peer) const;
  void find_clock_out(const Counterpart& counterpart);
  void look_at(const Counterpart& counterpart);
  void drop_taken_back(const Counterpart& counterpart);
  Result<line::ActPlace> waiting(const Counterpart& counterpart, const Word& word) const;
  const core::Peer& peer(const Counterpart& counterpart) const { return running_.driver->station().peer(counterpart.peer); }

  Running& running_;
  spdlog::logger& log_;
  std::map<PeerId, Clock> clocks_;
  Sent sent_;
  std::map<line::ActPlace, WallTime> asks_since_;
  Instant texts_looked_at_;
  std::map<line::ActPlace, ClockBound::Bounds> armed_with_;  // in this run
  std::map<line::ActPlace, std::string> not_out_;  // why a text that is due is not out
};

// "own-12": its log and its index there.
std::string proposal_id(const core::Agreements& agreements, const line::ActPlace& at);
// As proposals are named to persons: "own-12", or "own-1a2b3c4d/12" where a proposal of another epoch has the same index.
std::string proposal_name(const core::Agreements& agreements, const line::ActPlace& at);

}  // namespace detente::station
