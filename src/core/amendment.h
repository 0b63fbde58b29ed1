// Amendment: from one accord to the next without a gap. spec/amendment.md.
//
// A successor proves itself by both root signatures; the station above reads it, keeps it and hands it in. Here is
// decided when the station goes on under it: it tells the other side that it holds it, with the files, and does so once
// the other side's station is known to hold it too (AccordDue). The station above then makes that durable and begins the
// counterpart anew (core/station.h).
#pragma once

#include <map>
#include <memory>
#include <optional>

#include "core/agreements.h"
#include "core/documents.h"
#include "core/line.h"

namespace detente::core {

// An accord that may follow the one in force: signed by both, whole, and its not-before has passed.
struct Successor {
  line::Adoption what;
  Bytes bundle;  // its files, for the other side (accord/bundle.h)
};

class Amendment {
 public:
  using Lines = std::map<LineId, std::unique_ptr<Line>>;
  struct Parts {  // borrowed; all outlive it
    const PairIdentity* identity;
    Link* link;
    Documents* documents;
    const Agreements* agreements;
    const Lines* lines;
  };
  explicit Amendment(Parts parts) : parts_(parts) {}

  void load(Context& context, record::Fence fence);
  // What the station holds beside the accord in force; nothing: no more.
  void hold(Context& context, std::optional<Successor> successor);
  // After everything that may have changed something; cheap when no other accord is held.
  void advance(Context& context);
  std::optional<Instant> next_deadline() const { return next_; }

  const std::optional<Successor>& successor() const { return successor_; }
  bool due() const { return due_; }
  // Whether the other side's station has gone on under the accord in force, as something that it made under it showed.
  bool adopted_there() const { return parts_.link->former_accord_left(); }

 private:
  bool placed(const Digest& accord) const;  // this side's word that it holds it, on the disk
  bool said(const Digest& accord) const;    // or it waits for its place
  void say(Context& context, const line::Adoption& what, std::vector<record::Attachment> files);
  void tell_other_side(Context& context);
  void note_left(Context& context);
  Line* accord_line() const { return parts_.lines->at(kAccordLine).get(); }

  Parts parts_;
  record::Fence fence_;
  bool handed_over_ = false;  // the files, to be written
  Instant left_again_;        // before it, a disk that refused is not asked
  bool left_noted_ = false;  // on the disk, that the other side has left the former accord
  std::optional<Successor> successor_;
  std::optional<Instant> next_;
  bool loaded_ = false;
  bool due_ = false;
  bool advancing_ = false;
};

}  // namespace detente::core
