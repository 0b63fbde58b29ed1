#include "client_commands.h"

namespace detente::cli {

CLI::App& group(CLI::App& app, const std::string& name, const std::string& description) {
  const auto found =
      app.get_subcommands([&](CLI::App* command) { return command->get_name() == name; });
  if (!found.empty()) return *found.front();
  CLI::App* made = app.add_subcommand(name, description);
  made->require_subcommand(1);
  return *made;
}

void add_client_commands(CLI::App& app, Context& context) {
  add_station_commands(app, context);
  add_send_commands(app, context);
  add_inbox_commands(app, context);
  add_status_commands(app, context);
  add_show_commands(app, context);
  add_documents_commands(app, context);
  add_paths_commands(app, context);
  add_call_commands(app, context);
  add_cut_commands(app, context);
  add_courier_commands(app, context);
  add_discard_command(app, context);
  add_sign_commands(app, context);
  add_mandate_commands(app, context);
  add_presence_commands(app, context);
  add_watch_commands(app, context);
  add_backup_commands(app, context);
  add_proposal_commands(app, context);
  add_announce_commands(app, context);
  add_calendar_command(app, context);
}

}  // namespace detente::cli
