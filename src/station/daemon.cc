#include "station/daemon.h"


#include <spdlog/spdlog.h>

#include "io/file_lock.h"
#include "io/hook.h"
#include "io/os_clock.h"
#include "station/amender.h"
#include "station/anchor.h"
#include "station/announcer.h"
#include "station/api.h"
#include "station/astray.h"
#include "station/bulletins.h"
#include "station/counterpart_sockets.h"
#include "station/hook_book.h"
#include "station/mail_text.h"
#include "station/moved_paths.h"
#include "station/process.h"
#include "station/proposals.h"
#include "station/record_check.h"
#include "station/side_rules.h"
#include "station/station_log.h"
#include "station/suspensions.h"
#include "station/watch.h"
#include "station/witness.h"

namespace detente::station {

namespace {

constexpr Duration kAnchorPeriod = std::chrono::seconds(60);
constexpr Duration kRestorePeriod = std::chrono::seconds(1);
constexpr Duration kWatchPeriod = std::chrono::seconds(1);

Result<void> check_directory(const SideDir& dir) {
  DETENTE_TRY_VOID(dir.check_station_keys_not_lost());
  if (!dir.has_station())
    return fail(Fault::kNotFound, "there is no station in " + dir.dir().string() +
                                      ": make one with `detente station enrol` (`detente side "
                                      "show` says which step is next)");
  return {};
}

// Former accords' too: what a retired line's hook was for may still be raised, and no amendment stops a start.
std::vector<std::string> names_of_lines(const Running& running) {
  std::vector<std::string> out;
  for (const auto& counterpart : running.counterparts)
    for (const accord::AccordInForce* accord : counterpart->lineage())
      for (const auto& [id, annex] : accord->annexes) out.push_back(counterpart->name() + "/" + annex.name);
  return out;
}

// Everything that is only read. No lock is held and nothing is changed yet.
Result<std::unique_ptr<Running>> load(SideDir dir) {
  DETENTE_TRY_VOID(check_directory(dir));
  DETENTE_TRY(config, dir.station_config());
  DETENTE_TRY(keys, dir.station_keys());
  DETENTE_TRY(own_roster, dir.own_roster());
  DETENTE_TRY(credential, own_credential(own_roster, keys, config.post));
  static_cast<void>(credential);
  DETENTE_TRY_VOID(check_rules_can_be_met(config.rules, own_roster));
  if (config.counterparts.empty())
    return fail(Fault::kNotFound,
                "station.toml names no counterpart: this station would talk to nobody");
  for (const std::string& provider : config.providers)
    DETENTE_TRY_VOID(crypto::load_provider(provider));
  io::OsKeyRandom random;
  const std::string run = to_hex(random.array<8>());
  std::string id = dir.name() + "/" + config.post;
  std::unique_ptr<Running> out(new Running{std::move(dir),
                                           std::move(config),
                                           std::move(keys),
                                           std::move(own_roster),
                                           std::move(id),
                                           io::os_wall_time(),
                                           io::os_now().mono,
                                           {},
                                           {},
                                           nullptr,
                                           {},
                                           nullptr,
                                           EventRing(run),
                                           {},
                                           {},
                                           {},
                                           nullptr,
                                           nullptr,
                                           nullptr,
                                           {},
                                           {}});
  Coders coders;
  for (const CounterpartConfig& counterpart : out->config.counterparts) {
    Result<std::unique_ptr<Counterpart>> loaded =
        load_counterpart(out->dir, out->config, counterpart, coders);
    if (!loaded) return fail_at("counterpart " + counterpart.name, loaded.error());
    (*loaded)->peer.value = static_cast<std::uint16_t>(out->counterparts.size());
    out->counterparts.push_back(std::move(*loaded));
  }
  out->links.resize(out->counterparts.size());
  DETENTE_TRY_VOID(check_hook_lines(out->config.hooks, names_of_lines(*out)));
  return out;
}

// Said at once, and not when it is needed: no reason to stay away from the line.
void say_missing_commands(const Running& running, spdlog::logger& log) {
  for (std::size_t place = 0; place < running.config.hooks.size(); ++place) {
    const HookConfig& hook = running.config.hooks[place];
    const auto found = io::find_hook_command(hook.command.empty() ? mail_command() : hook.command);
    if (!found) log.warn("{}: cannot run: {}", hook_name(place, hook), found.error().message);
  }
}

std::vector<record::LineKey> all_lines(const Running& running) {
  std::vector<record::LineKey> out;
  for (const auto& counterpart : running.counterparts)
    for (const record::LineKey& line : lines_of(*counterpart)) out.push_back(line);
  return out;
}

Result<void> add_counterpart(Running& running, const Counterpart& counterpart, const Sockets& sockets, bool new_epoch) {
  DETENTE_TRY(setup, setup_for(running, counterpart, sockets, new_epoch));
  running.driver->add_peer(std::move(setup));
  return set_routes(running, counterpart, sockets);
}

// The first secret leaves its file once the record has the chain that goes on from it.
void forget_first_secrets(Running& running, spdlog::logger& log) {
  for (const auto& counterpart : running.counterparts) {
    if (!running.store->link_state(counterpart->accord.lineage, counterpart->name())) continue;
    const Result<PairFile> pair = running.dir.pair(counterpart->name());
    if (!pair || !pair->psk_0) continue;
    if (const Result<void> done = running.dir.forget_psk_0(counterpart->name()); !done)
      log.warn("{}", done.error().message);
  }
}

void keep_anchor(Running& running, Anchor anchor, spdlog::logger& log) {
  anchor.entries = std::max(anchor.entries, own_entries(*running.store));
  const std::string text = write_anchor(anchor);
  const Result<void> done =
      io::write_file(running.dir.anchor_file(), as_bytes(text), io::kSecretMode);
  if (!done) log.warn("{}", done.error().message);
}

// On the commit thread. What hinders it is told once, until it succeeds: the log grows as long, and the next start takes
// longer or is refused.
std::function<void()> tidier(Running& running, spdlog::logger& log) {
  return [&running, &log, told = false]() mutable {
    const Result<void> done = running.store->maintain();
    if (std::exchange(told, !done) || done) return;
    running.driver->post([&log, why = done.error().message] {
      log.warn("what was written cannot be moved from the record's log into it, and the log grows until it can: {}", why);
    });
  };
}

// A snapshot that a backup left behind when it was killed.
void discard_old_snapshot(const SideDir& dir, spdlog::logger& log) {
  if (!io::exists(dir.snapshot_file())) return;
  const auto lock = io::FileLock::try_take(dir.backup_lock_file());
  if (!lock) return;  // of a backup that is being made
  if (const auto done = io::discard_snapshot(dir.snapshot_file().string()); !done)
    log.warn("{}", done.error().message);
}

// Whether every own log's newest epoch is on the disk with its first entry.
bool epochs_begun(const Running& running) {
  for (const auto& counterpart : running.counterparts)
    for (const auto& [id, annex] : counterpart->accord.annexes)
      if (running.line(counterpart->peer, id).own().durable_size() == 0) return false;
  return true;
}

// Until then the next start has to begin new epochs again.
void forget_restore(Running& running, spdlog::logger& log) {
  if (!io::exists(running.dir.restored_file()) || !epochs_begun(running)) return;
  const Result<void> done = io::remove_file(running.dir.restored_file());
  if (!done) return log.warn("{}", done.error().message);
  log.info("the new epochs are on the disk: this is an ordinary station again");
}

Result<bool> is_restored(const Running& running, const DaemonOptions& options) {
  const bool marked = io::exists(running.dir.restored_file());
  if (options.after_restore && !marked)
    DETENTE_TRY_VOID(mark_restored(running.dir.restored_file(), "a person said --after-restore"));
  return marked || options.after_restore;
}

Result<void> run(Running& running, const DaemonOptions& options, spdlog::logger& log) {
  DETENTE_TRY_VOID(check_record_is_there(running.dir.anchor_file(), running.dir.record_file(),
                                         options.after_restore || io::exists(running.dir.restored_file())));
  DETENTE_TRY(store, io::SqliteStore::open(running.dir.record_file().string()));
  running.store = std::move(store);
  discard_old_snapshot(running.dir, log);
  DETENTE_TRY_VOID(check_newest(*running.store));
  DETENTE_TRY(restored, is_restored(running, options));
  running.driver = std::make_unique<io::Driver>(
      io::DriverParts{running.random, running.jitter, *running.store, tidier(running, log)});
  DETENTE_TRY(sockets, open_sockets(running));
  DETENTE_TRY(life, take_anchor(running.dir.anchor_file(), *running.store, all_lines(running),
                                restored, running.random));
  for (const auto& counterpart : running.counterparts)
    DETENTE_TRY_VOID(add_counterpart(running, *counterpart, sockets, life.new_epoch));
  for (const auto& counterpart : running.counterparts) take_missed_bulletins(running, *counterpart);
  for (const auto& counterpart : running.counterparts) load_suspensions(running, *counterpart);

  DETENTE_TRY(watch, Watch::open(running, log));
  running.watch = watch.get();
  Announcer announcer(running, log);
  running.announcer = &announcer;
  Api api(running, [&running] { running.driver->stop(); });
  Amender amender(running, log, [&api, &watch = watch](const Counterpart& counterpart) {
    api.on_accord_changed(counterpart);
    watch->on_accord_changed(counterpart);
  });
  running.amender = &amender;
  MovedPaths moved(running, log);
  Witness witness(running, log);
  running.driver->observe([&, &watch = watch](const core::DeskEvent& event) {
    api.on_event(event);  // somebody waits for it; the log and the events do not
    witness.on_event(event);
    watch->on_event(event);
    announcer.on_event(event);
    amender.on_event(event);
  });
  DETENTE_TRY(server,
              ApiServer::listen(running.driver->context(), running.dir.socket_file().string(),
                                [&api](const ApiRequest& request, ApiServer::Reply reply) {
                                  api.handle(request, std::move(reply));
                                }));
  DETENTE_TRY_VOID(running.driver->start());
  watch->start();
  look_for_astray(running);
  amender.begin();
  running.driver->every(kWatchPeriod, [&watch = watch] { watch->tick(); });
  running.driver->every(kWatchPeriod, [&announcer] { announcer.tick(); });
  running.driver->every(kWatchPeriod, [&amender] { amender.tick(); });
  running.driver->every(kWatchPeriod, [&moved] { moved.look(); });
  running.driver->on_stop_signals([&running] { running.driver->stop(); });
  running.driver->after(std::chrono::seconds(1), [&] { forget_first_secrets(running, log); });
  if (restored) running.driver->every(kRestorePeriod, [&] { forget_restore(running, log); });
  running.driver->every(kAnchorPeriod, [&] { keep_anchor(running, life.next, log); });
  log.info("station {} runs, start {}{}", running.station_id, life.next.generation,
           life.new_epoch ? ", with new epochs" : "");
  tell_service_manager("READY=1");
  running.driver->run();
  tell_service_manager("STOPPING=1");
  server->close();
  watch->close();
  forget_first_secrets(running, log);
  forget_restore(running, log);
  keep_anchor(running, life.next, log);
  static_cast<void>(running.store->maintain());
  log.info("station {} stopped", running.station_id);
  if (running.failed) return tl::unexpected<Error>(*running.failed);
  return {};
}

}  // namespace

Result<void> run_station(SideDir dir, const DaemonOptions& options) {
  const std::string missing = harden_process();
  DETENTE_TRY(running, load(std::move(dir)));
  DETENTE_TRY(log, open_log(running->dir.log_file()));
  if (!missing.empty()) log->warn("{}", missing);
  const std::string too_few = rules_warning(running->config.rules, running->own_roster, io::os_wall_time());
  if (!too_few.empty()) log->warn("{}", too_few);
  say_missing_commands(*running, *log);
  Result<void> out = run(*running, options, *log);
  if (!out) log->error("{}", out.error().message);
  return out;
}

}  // namespace detente::station
