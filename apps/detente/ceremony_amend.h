// The accord that follows the one in force: drafted from it, compared with it, signed, taken from the other side.
// spec/amendment.md.
#pragma once

#include "ceremony.h"

namespace detente::cli {

struct AmendChoices {
  std::string counterpart;
  std::vector<LineChoice> add;
  std::vector<std::string> retire;            // by name
  std::map<std::string, io::Path> hours;      // by the line's name: what becomes of its check calls and holidays
  std::map<std::string, io::Path> annexes;    // the same: a whole annex, edited
  std::optional<std::uint32_t> heartbeat_seconds;
  bool renew_root = false;  // this side's next root key in place of the present one
  std::optional<io::Path> their_next_card;  // the same of theirs
  std::string title;
  std::optional<WallTime> not_before;
  bool unknown_zones = false;  // as in a first draft
};

// Version + 1 of the one in force, checked, not saved.
Result<AccordFiles> amend_accord_files(const SideDir& side, const AmendChoices& choices, WallTime now, KeyRandom& random);
// May follow the one in force, but for its signatures: kConflict says why not.
Result<void> check_next(const SideDir& side, const std::string& counterpart, const AccordFiles& next);
// kNotFound when none was drafted or imported.
Result<AccordFiles> next_of(const SideDir& side, const std::string& counterpart);
// What differs, in words; a line each.
std::vector<std::string> difference_lines(const AccordFiles& next, const AccordFiles& old);

// With the root key that it names, and where it renews this side's, with the one that it replaces, too.
Result<AccordFiles> sign_next_accord_files(const SideDir& side, const std::string& counterpart, std::string_view passphrase);
// Whether this side has signed all that is its own to sign.
Result<bool> next_is_signed(const SideDir& side, const std::string& counterpart, const AccordFiles& next);
// Of a directory, or as the other side sent them. `replace`: a draft here that is not signed by both gives way.
Result<Imported> import_next_accord(const SideDir& side, const std::string& counterpart, const AccordFiles& theirs, bool replace);
// Whether these may be meant to follow the accord in force here.
bool is_of_lineage(const SideDir& side, const std::string& counterpart, const AccordFiles& theirs);

}  // namespace detente::cli
