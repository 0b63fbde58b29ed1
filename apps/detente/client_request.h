// A grave act as a file for those who sign it: written here, read and signed by an officer's own program
// (sign_commands.cc), handed to the station when enough have signed. spec/signing.md.
#pragma once

#include "client_act.h"
#include "record/act_file.h"
#include "station/station_config_rules.h"

namespace detente::cli {

// --as, --to-sign and --mandate.
void add_signing_options(CLI::App& command, ActOptions& options);

Result<record::MandateFile> read_mandate(const std::string& path);
// Of --mandate; nothing where it is not given.
Result<std::optional<record::MandateFile>> mandate_of(const ActOptions& options);
inline std::optional<record::MandateProof> proof_of(const std::optional<record::MandateFile>& file) {
  return file ? std::optional(file->proof()) : std::nullopt;
}

// Whether the act goes into a file: --to-sign says so, or this side's rule wants more than one signature. `act`: nothing
// for what no rule is of. kMalformed when nobody is named who signs.
Result<bool> goes_to_file(const StationClient& station, const ActOptions& options, std::optional<station::GraveAct> act);

// Writes it, signed by --as where that is given; says who has to do what next. `name`: what the file is called
// where --to-sign does not say it.
Result<void> write_request(Context& context, const LineAddress& accord_line, const ActOptions& options, Act act, const std::string& name);

// Shows the exact text with who has signed it; the officer says yes; his key signs it. `unchanged`, between the last
// two: whether it still is what lies there.
Result<void> show_and_sign(Context& context, const SideDir& side, record::ActFile& file, const std::string& officer,
                           const std::function<Result<void>()>& unchanged);
// The same without signing.
Result<void> show_act(Context& context, const SideDir& side, const record::ActFile& file);

}  // namespace detente::cli
