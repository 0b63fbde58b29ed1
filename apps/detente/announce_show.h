// Announcements as they are found and shown at the command line.
#pragma once

#include "client_live.h"
#include "client_proposals.h"
#include "record/announcement.h"

namespace detente::cli {

// The same as find_proposal(), and kState for a proposal of another matter.
Result<FoundProposal> find_announcement(const StationClient& station, const std::string& id);
Result<record::Announcement> announcement_of(const FoundProposal& found);
// What its author attached; not yet compared with what he signed for.
Result<std::string> shown_text(const StationClient& station, const FoundProposal& found);
// Each line behind "| ": whose words they are is seen at each of them.
std::vector<std::string> quoted_lines(const std::string& text);
void say_text(const Context& context, const std::string& what, const std::string& text);

// `what`: a counterpart, an announcement, or nothing for all.
Result<LiveFrame> announcements_frame(Context& context, const StationClient& station, const std::string& what);

}  // namespace detente::cli
