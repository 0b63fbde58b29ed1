// Amender: the accord that follows the one in force, at a running station. It looks for one in the side's directory and
// among what the other side's station shows, reads it with everything that a start would read, hands it to the core, and
// when the core says that it is due (core/amendment.h) takes the station over to it: the directory first, then the
// counterpart, without stopping. spec/amendment.md.
//
// One thread, the station's.
#pragma once

#include <functional>
#include <map>
#include <set>

#include "station/json.h"
#include "station/running.h"

namespace spdlog {
class logger;
}

namespace detente::station {

class Amender {
 public:
  // `adopted`: a counterpart goes on under another accord; what stands on the former one's lines has to be made anew.
  Amender(Running& running, spdlog::logger& log, std::function<void(const Counterpart&)> adopted)
      : running_(running), log_(log), adopted_(std::move(adopted)) {}

  // Once the driver has started, before it runs: what was held at the last end is held again.
  void begin() { tick(); }
  void tick();  // every second
  void on_event(const core::DeskEvent& event);
  // {"version", "digest", "state", "words"} of the one that follows; null: none is here.
  Json next_json(const Counterpart& counterpart) const;

 private:
  struct Held {
    Bytes note;                         // as it was last read, so that it is read once
    WallTime not_before;                // read again then
    std::uint32_t version = 0;
    Digest digest{};
    std::string waits_for;              // in words; empty: for the other side
    bool shown = false;                 // handed to the core
    std::unique_ptr<Counterpart> made;  // with everything of the new accord
  };

  void look_at(Counterpart& counterpart);
  void take_what_is_shown(const Counterpart& counterpart);
  Result<bool> save_shown(const Counterpart& counterpart, const record::Attachment& files);
  Result<void> read_next(const Counterpart& counterpart, const AccordFiles& next, Held& held);
  void go_on(PeerId peer, const Digest& digest);
  Result<void> change_over(Counterpart& counterpart, Held held);
  Result<void> begin_anew(Counterpart& counterpart);

  Running& running_;
  spdlog::logger& log_;
  std::function<void(const Counterpart&)> adopted_;
  std::map<PeerId, Held> held_;
  std::map<PeerId, std::string> told_;       // why a successor that is here cannot be used
  std::map<PeerId, std::string> told_shown_; // and why one that is shown is not taken
  std::map<PeerId, Instant> unread_since_;   // its files do not fit together
  std::map<PeerId, Instant> not_before_;     // of the next try, after one that the disk refused
  std::map<PeerId, std::set<Digest>> looked_at_;  // files of theirs that were read
  Coders coders_;
};

}  // namespace detente::station
