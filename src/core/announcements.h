// Announcements: releases what the two sides have agreed to announce, at the agreed instant by this station's own clock
// and not before. spec/announcement.md.
//
// It decides when, once, and what a person has to be asked; the text lies with the desk above, which is told by
// AnnouncementChanged and says released() when the text is out. A station that dies between is told once more.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "core/agreements.h"
#include "core/line.h"

namespace detente::core {

class Announcements {
 public:
  using Lines = std::map<LineId, std::unique_ptr<Line>>;
  // Whether this station's clock and the other's are known to agree well enough; nothing: they do.
  using ClockKnown = std::function<bool()>;
  struct Parts {  // borrowed; all outlive it
    const PairIdentity* identity;
    const Agreements* agreements;
    const Lines* lines;
  };
  Announcements(Parts parts, ClockKnown clock_known) : parts_(parts), clock_known_(std::move(clock_known)) {}

  void load(Context& context, record::Fence fence);
  // After everything that may have changed something; cheap when nothing is agreed.
  void advance(Context& context);
  std::optional<Instant> next_deadline() const;

  // A person of this side says that it is released at its instant, or now if that has passed. kNotFound, kState.
  Result<void> go(Context& context, const line::ActPlace& at);
  // The text is out: noted durably, and told to the other side.
  void released(Context& context, const line::ActPlace& at);
  // The text could not be put out when it was due: it is due now, and the desk is told once more when that is on the disk.
  void due_again(Context& context, const line::ActPlace& at);

  enum class Stage : std::uint8_t {
    kNone = 0,  // not agreed, withdrawn, or a person is asked
    kArmed = 1,
    kGo = 2,        // a person said so
    kDue = 3,       // the desk was told, and has not said that it is done
    kReleased = 4,
  };
  enum class Asks : std::uint8_t { kNobody, kRestored, kClock, kLate };  // why a person is asked
  struct State {
    Stage stage = Stage::kNone;
    WallTime due_at;  // of kDue and kReleased: by this station's clock
    Asks asks = Asks::kNobody;
    bool restored = false;    // this station's disk went back since it was agreed on
    bool taken_back = false;  // withdrawn here, also where that has no place in the log yet
  };
  State state(const line::ActPlace& at) const;

 private:
  void look_at(Context& context, const AgreedAnnouncement& one);
  void wait(Context& context, Duration span);
  bool taken_back_here(const line::ActPlace& at) const;
  bool went_back_since(const line::ActPlace& at) const;
  void ask(Context& context, const line::ActPlace& at, Asks why);
  void set_due(Context& context, const line::ActPlace& at);
  void set(Context& context, const line::ActPlace& at, Stage stage, std::function<void(Context&)> then = {});
  bool other_side_is_told(const line::ActPlace& at) const;  // or what tells it waits for its place
  void tell_other_side(Context& context, const line::ActPlace& at);
  void look_at_agreements();
  const AgreedAnnouncement* agreed(const line::ActPlace& at) const;
  Line* accord_line() const { return parts_.lines->at(kAccordLine).get(); }

  struct Mark {
    Stage stage = Stage::kNone;
    WallTime due_at;
  };
  Parts parts_;
  ClockKnown clock_known_;
  record::Fence fence_;
  std::map<line::ActPlace, Mark> marks_;  // durable
  std::map<line::ActPlace, Asks> asked_;  // in this life: whether a person is asked now
  std::set<line::ActPlace> go_here_;      // a person said so in this life of the station
  std::vector<AgreedAnnouncement> agreed_;
  std::uint64_t agreed_of_ = 0;  // as of that agreed_revision()
  std::uint64_t looked_at_ = 0;  // the agreements' revision
  std::optional<Instant> next_;
  Now loaded_at_;
  bool loaded_ = false;
  bool advancing_ = false;
};

}  // namespace detente::core
