// The parts of add_client_commands().
#pragma once

#include "cli.h"

namespace detente::cli {

void add_station_commands(CLI::App& app, Context& context);  // station run, station stop
void add_send_commands(CLI::App& app, Context& context);     // send, ack
void add_inbox_commands(CLI::App& app, Context& context);    // inbox, events
void add_status_commands(CLI::App& app, Context& context);   // status
void add_show_commands(CLI::App& app, Context& context);     // record
void add_documents_commands(CLI::App& app, Context& context);  // documents
void add_paths_commands(CLI::App& app, Context& context);    // paths
void add_call_commands(CLI::App& app, Context& context);      // call, answer, decline, call-off
void add_proposal_commands(CLI::App& app, Context& context);  // proposal …, restore propose, desk, show
void add_announce_commands(CLI::App& app, Context& context);  // announce …
void add_cut_commands(CLI::App& app, Context& context);       // cut, lift
void add_courier_commands(CLI::App& app, Context& context);   // courier, act
void add_discard_command(CLI::App& app, Context& context);    // discard
void add_mandate_commands(CLI::App& app, Context& context);   // mandate give, mandate show
void add_sign_commands(CLI::App& app, Context& context);      // sign, act show, act submit
void add_presence_commands(CLI::App& app, Context& context);  // presence, hours, outage, test, drill
void add_watch_commands(CLI::App& app, Context& context);     // watch, alarm, contact, log
void add_backup_commands(CLI::App& app, Context& context);   // backup, restore
void add_calendar_command(CLI::App& app, Context& context);  // calendar

// The subcommand of that name, made where it is missing: several files add to one.
CLI::App& group(CLI::App& app, const std::string& name, const std::string& description);

}  // namespace detente::cli
