// The parts of add_ceremony_commands(), and what they share.
#pragma once

#include "ceremony.h"
#include "cli.h"

namespace detente::cli {

void add_side_commands(CLI::App& app, Context& context);      // side, card
void add_root_commands(CLI::App& side, Context& context);   // side renew-root, retire-root
void add_accord_commands(CLI::App& app, Context& context);    // accord
void add_amend_command(CLI::App& accord, Context& context);   // accord amend
void add_accord_proposal_commands(CLI::App& accord, Context& context);  // accord propose, fetch
void add_secret_commands(CLI::App& app, Context& context);    // secret, words
void add_enrol_commands(CLI::App& app, Context& context);     // station enrol, link, path
void add_station_revoke_command(CLI::App& station, Context& context);
void add_officer_revoke_command(CLI::App& officer, Context& context);
void add_suspend_command(CLI::App& officer, Context& context);  // officer suspend
void add_recover_command(CLI::App& station, Context& context);  // station recover
void add_officer_commands(CLI::App& app, Context& context);   // officer
void add_bulletin_commands(CLI::App& app, Context& context);  // bulletin

// Adds what comes next for this side, with the --dir that was given.
void say_next(Context& context, const SideDir& side);
Result<std::string> read_text(const io::Path& file, std::size_t max);
// The root key of this side, by the passphrase.
Result<crypto::SignKey> open_root(Context& context, const SideDir& side);
// "NAME=VALUE"; kMalformed names the option.
Result<std::pair<std::string, std::string>> split_pair(const std::string& option,
                                                       const std::string& text);
// What was issued, and that it must reach the other side; tells a station that runs here.
Result<void> say_issued(Context& context, const SideDir& side, const Issued& issued);
// Links every counterpart for which all is there. Gives the names of those that are new.
Result<std::vector<std::string>> link_where_ready(Context& context, const SideDir& side);

}  // namespace detente::cli
