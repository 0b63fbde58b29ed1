// backup and restore. A running station makes the snapshot of its record; without
// one the command makes it itself, under the station's lock. Packing, checking and
// the passphrase are the command's in both cases.
#include <algorithm>

#include "base/civil.h"
#include "client_commands.h"
#include "client_http.h"
#include "entries_text.h"
#include "io/file_lock.h"
#include "io/os_clock.h"
#include "io/sqlite_lock.h"
#include "station/anchor.h"
#include "station/backup.h"

namespace detente::cli {

namespace {

// Takes the snapshot away again, whatever happens.
class Snapshot {
 public:
  explicit Snapshot(io::Path file) : file_(std::move(file)) {}
  Snapshot(const Snapshot&) = delete;
  ~Snapshot() { static_cast<void>(io::discard_snapshot(file_.string())); }

 private:
  io::Path file_;
};

class Progress {
 public:
  explicit Progress(const Context& context) : context_(context) {}
  ~Progress() { context_.progress({}); }
  void operator()(std::string_view what, std::uint64_t done, std::uint64_t of) {
    const std::uint64_t percent = of == 0 ? 0 : done * 100 / of;
    if (what == what_ && percent == percent_) return;
    what_ = what;
    percent_ = percent;
    context_.progress(what_ + " … " + std::to_string(percent) + " %");
  }

 private:
  const Context& context_;
  std::string what_;
  std::uint64_t percent_ = 0;
};

Result<void> snapshot_by_station(const SideDir& side, Progress& progress) {
  const StationClient station(side);
  DETENTE_TRY(begun, station.post("/v1/snapshot", Json::object()));
  for (;;) {
    DETENTE_TRY(now, station.get("/v1/snapshot?timeout_ms=500"));
    const std::string state = now.value("state", "");
    progress("copying the record", now.value("pages", std::uint64_t{0}),
             now.value("of", std::uint64_t{0}));
    if (state == "done") return {};
    if (state != "running") {
      const Json error = now.value("error", Json::object());
      return fail(Fault::kIo, error.is_object() ? error.value("message", "the snapshot failed")
                                                : "the station made no snapshot");
    }
  }
}

// True when a running station made it.
Result<bool> make_snapshot(const SideDir& side, Progress& progress) {
  const std::string record = side.record_file().string();
  const std::string to = side.snapshot_file().string();
  DETENTE_TRY_VOID(io::discard_snapshot(to));
  DETENTE_TRY_VOID(station::check_record_places(side.record_file()));
  Result<io::StationLock> lock = io::StationLock::take(record + ".lock", record);
  if (!lock && lock.error().fault == Fault::kState) {
    DETENTE_TRY_VOID(snapshot_by_station(side, progress));
    return true;
  }
  if (!lock) return tl::unexpected<Error>(lock.error());
  DETENTE_TRY_VOID(station::check_record_is_there(side.anchor_file(), side.record_file(), io::exists(side.restored_file())));
  DETENTE_TRY_VOID(io::snapshot_database(record, to, [&](std::uint64_t done, std::uint64_t of) {
    progress("copying the record", done, of);
    return true;
  }));
  return false;
}

// In a directory the file is named after the station and the moment.
io::Path backup_file(const std::string& station, const std::string& given, WallTime now,
                     bool sealed) {
  std::error_code error;
  if (!std::filesystem::is_directory(given, error)) return given;
  std::string name = station + "-" + format_utc(now);
  std::erase(name, ':');
  std::replace(name.begin(), name.end(), '/', '-');
  return io::Path(given) / (name + (sealed ? ".tar.age" : ".tar"));
}

void show(Context& context, const station::BackupReport& report) {
  Json lines = Json::array();
  for (const station::BackupLine& line : report.record.lines) {
    context.say("  " + line.counterpart + "/" + line.name + ": " + std::to_string(line.own) +
                " own, " + std::to_string(line.far) + " far");
    lines.push_back({{"counterpart", line.counterpart},
                     {"line", line.name},
                     {"own", line.own},
                     {"far", line.far}});
  }
  context.say("  " + entries_text(report.record.entries) +
              " in all, every one against its "
              "tree; " +
              std::to_string(report.record.signatures) + " signatures verified");
  if (report.record.signatures_unknown > 0)
    context.say("  " + std::to_string(report.record.signatures_unknown) +
                " signatures are of no station whose credential is here: import that side's missing bulletins, and the next backup checks them");
  if (report.watch_log_lines)
    context.say("  watch log: " + std::to_string(*report.watch_log_lines) + " lines, each against the one before it");
  context.result({{"side", report.side},
                  {"watch_log_lines", report.watch_log_lines ? Json(*report.watch_log_lines) : Json()},
                  {"station", report.station},
                  {"made", report.made.seconds},
                  {"sealed", report.sealed},
                  {"bytes", report.bytes},
                  {"sha256", to_hex(report.sha256)},
                  {"files", report.files},
                  {"entries", report.record.entries},
                  {"signatures", report.record.signatures},
                  {"signatures_unknown", report.record.signatures_unknown},
                  {"lines", std::move(lines)}});
}

Result<void> backup(Context& context, const std::string& to, bool unsealed) {
  DETENTE_TRY(side, context.side());
  DETENTE_TRY(config, side.station_config());
  DETENTE_TRY_VOID(side.check_station_keys_not_lost());  // before anything is copied
  const WallTime now = io::os_wall_time();
  const io::Path file = backup_file(side.name() + "/" + config.post, to, now, !unsealed);
  DETENTE_TRY(there, io::is_there(file));
  if (there)
    return fail(Fault::kConflict,
                file.string() + ": is there already and is not overwritten; name another file");
  Result<io::FileLock> one_at_a_time = io::FileLock::try_take(side.backup_lock_file());
  if (!one_at_a_time && one_at_a_time.error().fault == Fault::kConflict)
    return fail(Fault::kConflict, "another backup of this station is being made; wait for it");
  if (!one_at_a_time) return tl::unexpected<Error>(one_at_a_time.error());
  DETENTE_TRY(files, station::read_kept_files(side));
  DETENTE_TRY(anchor, station::read_anchor_file(side.anchor_file()));
  station::BackupChoices choices{
      std::move(files), side.snapshot_file(), std::move(anchor), file, std::nullopt, now, {}};
  if (!unsealed) {  // a person is asked before the work begins
    DETENTE_TRY(phrase, context.passphrase(side.info().passphrase_file, Context::Ask::kMake,
                                           "New passphrase for this backup"));
    choices.sealing.emplace(station::Sealing{phrase, context.work_factor, context.random()});
  }
  Progress progress(context);
  choices.stage = [&](const char* what, std::uint64_t done, std::uint64_t of) {
    progress(what, done, of);
  };
  const Snapshot snapshot(side.snapshot_file());
  DETENTE_TRY(running, make_snapshot(side, progress));
  DETENTE_TRY(report, station::write_backup(side, choices));
  context.progress({});
  context.say("backup of " + report.station + (running ? ", while it runs" : "") + ": " +
              file.string() + (report.sealed ? "" : " (NOT sealed: it holds the station's keys)"));
  show(context, report);
  context.say("  " + std::to_string(report.bytes) + " bytes, read back; SHA-256 " +
              to_hex(report.sha256));
  context.result({{"file", file.string()}, {"running", running}});
  context.next("detente restore " + file.string() +
               " --to DIR, on a machine that replaces this one");
  return {};
}

Result<void> restore(Context& context, const std::string& file, const std::string& to,
                     bool replace) {
  Progress progress(context);
  station::RestoreChoices choices;
  choices.file = file;
  choices.to = to;
  choices.replace = replace;
  choices.now = io::os_wall_time();
  choices.passphrase = [&] {
    return context.passphrase("", Context::Ask::kOpen, "Passphrase of this backup");
  };
  choices.stage = [&](const char* what, std::uint64_t done, std::uint64_t of) {
    progress(what, done, of);
  };
  DETENTE_TRY(report, station::restore_backup(choices));
  context.progress({});
  context.say("station " + report.backup.station + " as of " + format_utc(report.backup.made) +
              ": " + to);
  show(context, report.backup);
  if (report.watch_log_broken) {
    context.say("THE WATCH LOG OF THIS BACKUP IS BROKEN: " + *report.watch_log_broken);
    context.say("  it was not put in place, and lies in station/watch.log.broken; the station begins a new one");
  }
  context.result({{"watch_log_broken", report.watch_log_broken ? Json(*report.watch_log_broken) : Json()}});
  Json aside;
  if (report.moved_aside) {
    aside = report.moved_aside->string();
    context.say("what was there before lies in " + report.moved_aside->string() +
                (io::exists(io::Path(to) / "vault") ? " (the vault stayed)" : ""));
  }
  context.result({{"dir", to}, {"moved_aside", std::move(aside)}});
  context.next(
      "make sure that the old station never runs again: two with one key contradict each "
      "other");
  context.next(
      "bring bulletins and accords that are newer than the backup: detente bulletin "
      "import FILE");
  context.next("detente station run --dir " + to + ", which begins new epochs by itself");
  return {};
}

}  // namespace

void add_backup_commands(CLI::App& app, Context& context) {
  struct Options {
    std::string file, to;
    bool unsealed = false, replace = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* make = app.add_subcommand(
      "backup", "Record, keys and papers of the station in one sealed file, also while it runs");
  make->add_option("FILE", options->file, "The file to write, or a directory for it")->required();
  make->add_flag("--unsealed", options->unsealed,
                 "Do not seal it with a passphrase: whoever reads it has the station's keys");
  example(*make, "detente backup /media/backups --dir south");
  on_run(*make, context,
         [&context, options] { return backup(context, options->file, options->unsealed); });

  CLI::App* bring = app.add_subcommand("restore", "A station's directory out of a backup, or lines that were cut");
  bring->add_option("FILE", options->file, "The file that detente backup wrote");
  bring->add_option("--to", options->to, "The directory to make")->type_name("DIR");
  bring->add_flag("--replace", options->replace,
                  "Where a station is already: move it aside, beside DIR, and restore there");
  example(*bring, "detente restore south-main.tar.age --to south");
  bring->callback([&context, options, bring] {
    if (!bring->get_subcommands().empty()) return;
    context.action = [&context, options]() -> Result<void> {
      if (options->file.empty() || options->to.empty())
        return fail(Fault::kMalformed, "name the backup's FILE and --to DIR; for lines that were cut: detente restore propose");
      return restore(context, options->file, options->to, options->replace);
    };
  });
}

}  // namespace detente::cli
