// station enrol, station renew, station link, station path.
#include <set>

#include "base/civil.h"
#include "ceremony_commands.h"
#include "client_commands.h"
#include "io/os_clock.h"

namespace detente::cli {
namespace {

struct EnrolOptions {
  StationChoices choices;
  std::vector<std::string> peers, listen, to, providers;
  std::string their_post = "main";
};

// "[COUNTERPART/]PATH=ADDRESS"; the counterpart may be left out where there is one.
struct PathAddress {
  std::string counterpart, path;
  station::Address address;
};

Result<PathAddress> parse_path_address(const std::string& option, const std::string& text,
                                       const std::vector<std::string>& peers) {
  DETENTE_TRY(parts, split_pair(option, text));
  PathAddress out{peers.front(), parts.first, {}};
  if (const std::size_t slash = parts.first.find('/'); slash != std::string::npos) {
    out.counterpart = parts.first.substr(0, slash);
    out.path = parts.first.substr(slash + 1);
  } else if (peers.size() > 1) {
    return fail(
        Fault::kMalformed,
        option + " " + text + ": there are several counterparts; write COUNTERPART/PATH=ADDRESS");
  }
  auto address = station::parse_address(parts.second);
  if (!address) return fail_at(option, address.error());
  out.address = std::move(*address);
  return out;
}

Result<station::PathConfig*> path_of(std::vector<station::CounterpartConfig>& peers,
                                     const PathAddress& at) {
  for (station::CounterpartConfig& peer : peers) {
    if (peer.name != at.counterpart) continue;
    for (station::PathConfig& path : peer.paths)
      if (path.name == at.path) return &path;
    return &peer.paths.emplace_back(station::PathConfig{at.path, {}, {}, 0, 0});
  }
  return fail(Fault::kNotFound,
              at.counterpart + "/" + at.path + ": there is no --peer " + at.counterpart);
}

Result<void> check_two_ends(const station::PathConfig& path) {
  if (path.listen.text() != path.peer.text()) return {};
  return fail(Fault::kConflict, "path " + path.name + ": --listen and --to are the same address, " + path.peer.text() +
                                    ": --to is the other side's end");
}

Result<void> fill_peers(EnrolOptions& options) {
  auto& peers = options.choices.peers;
  peers.clear();
  for (const std::string& name : options.peers) {
    station::CounterpartConfig peer;
    peer.name = name;
    peer.their_post = options.their_post;
    peers.push_back(std::move(peer));
  }
  for (const std::string& text : options.listen) {
    DETENTE_TRY(at, parse_path_address("--listen", text, options.peers));
    DETENTE_TRY(path, path_of(peers, at));
    path->listen = at.address;
  }
  for (const std::string& text : options.to) {
    DETENTE_TRY(at, parse_path_address("--to", text, options.peers));
    DETENTE_TRY(path, path_of(peers, at));
    path->peer = at.address;
  }
  for (const station::CounterpartConfig& peer : peers)
    for (const station::PathConfig& path : peer.paths)
      if (path.listen.port == 0 || path.peer.port == 0)
        return fail(Fault::kMalformed, "path " + path.name + " to " + peer.name + ": has no " +
                                           (path.listen.port == 0 ? "--listen" : "--to") +
                                           " address; give both");
  for (const station::CounterpartConfig& peer : peers)
    for (const station::PathConfig& path : peer.paths) DETENTE_TRY_VOID(check_two_ends(path));
  for (const std::string& provider : options.providers)
    options.choices.providers.push_back(std::filesystem::absolute(provider).lexically_normal());
  return {};
}

// Keys that were made for a post beside others of it: of a directory that lost its `station`, perhaps, which a backup has.
Result<void> say_others_of_post(Context& context, const SideDir& side, const accord::Credential& made) {
  DETENTE_TRY(own, side.own_roster());
  std::set<std::uint16_t> others;
  for (const accord::SignedCredential* one : own.all()) {
    const accord::Credential& held = one->credential;
    if (held.is_station() && held.post == made.post && held.sign_key != made.sign_key && !own.revoked(held.number))
      others.insert(own.newest_number(held.number).value);
  }
  context.result({{"others_of_post", others}});
  if (others.empty()) return {};
  const std::string number = std::to_string(*others.rbegin());
  context.say("CREDENTIAL " + number + " OF THE SAME POST HOLDS AS WELL, and its keys are not here: the counterparts know the station by those until "
              "they have this bulletin. If its directory is gone, restore the newest backup instead (detente restore BACKUP), which has them and its "
              "record. Where there is none, declare that station lost (detente station revoke --number " + number + ").");
  return {};
}

Result<void> run_enrol(Context& context, EnrolOptions& options) {
  DETENTE_TRY(side, context.side());
  DETENTE_TRY_VOID(fill_peers(options));
  DETENTE_TRY(root, open_root(context, side));
  DETENTE_TRY(issued,
              enrol_station(side, options.choices, root, io::os_wall_time(), context.random()));
  const std::string id = side.name() + "/" + options.choices.post;
  context.say("Station " + id +
              (issued ? " is enrolled." : " was enrolled before; its addresses are set."));
  context.result({{"station", id}, {"new", issued.has_value()}});
  if (issued) {
    DETENTE_TRY_VOID(say_others_of_post(context, side, issued->credential));
    DETENTE_TRY_VOID(say_issued(context, side, *issued));
  }
  DETENTE_TRY(linked, link_where_ready(context, side));
  context.result({{"linked", linked}});
  say_next(context, side);
  return {};
}

Result<void> run_renew(Context& context, std::uint32_t days) {
  DETENTE_TRY(side, context.side());
  DETENTE_TRY(root, open_root(context, side));
  DETENTE_TRY(issued, renew_station(side, days, root, io::os_wall_time()));
  const std::string id = side.name() + "/" + issued.credential.post;
  context.say("Station " + id + " is renewed until " + format_utc(issued.credential.not_after) + ".");
  context.result({{"station", id}, {"not_after", format_utc(issued.credential.not_after)}});
  DETENTE_TRY_VOID(say_issued(context, side, issued));
  say_next(context, side);
  return {};
}

Result<void> run_link(Context& context, const std::string& counterpart) {
  DETENTE_TRY(side, context.side());
  DETENTE_TRY_VOID(check_ready_to_link(side, counterpart));
  bool is_new = false;
  if (!side.has_pair(counterpart)) {
    DETENTE_TRY(passphrase, context.passphrase(side, Context::Ask::kOpen));
    DETENTE_TRY(linked, link_station(side, counterpart, passphrase));
    is_new = linked;
  } else {
    DETENTE_TRY(held, side.pair(counterpart));  // there, and to be read by who runs the station
    static_cast<void>(held);
  }
  context.say(is_new ? "Linked with " + counterpart + "."
                     : "The link with " + counterpart + " stands already; nothing changed.");
  context.result({{"counterpart", counterpart}, {"new", is_new}});
  say_next(context, side);
  return {};
}

Result<void> run_path(Context& context, const std::string& counterpart, const std::string& name,
                      const std::string& listen, const std::string& to) {
  DETENTE_TRY(side, context.side());
  DETENTE_TRY(config, side.station_config());
  auto* peer = config.counterpart(counterpart);
  if (peer == nullptr)
    return fail(Fault::kNotFound, "station: " + counterpart +
                                      " is not among its counterparts; first: "
                                      "detente station enrol --peer " +
                                      counterpart);
  DETENTE_TRY(path, path_of(config.counterparts, {counterpart, name, {}}));
  for (auto [text, address] : {std::pair(&listen, &path->listen), std::pair(&to, &path->peer)}) {
    if (text->empty()) continue;
    DETENTE_TRY(parsed, station::parse_address(*text));
    *address = std::move(parsed);
  }
  DETENTE_TRY(files, side.accord_files(counterpart));
  if (files.note.accord.path(name) == nullptr)
    return fail(Fault::kNotFound, "station: the accord with " + counterpart + " has no path \"" +
                                      name + "\"; detente accord show " + counterpart +
                                      " names them");
  if (path->listen.port == 0 || path->peer.port == 0)
    return fail(Fault::kMalformed, "path " + name + " is new: give both --listen and --to");
  DETENTE_TRY_VOID(check_two_ends(*path));
  const bool changes = !listen.empty() || !to.empty();
  if (changes) DETENTE_TRY_VOID(side.save_station_config(config));
  context.say("Path " + name + " to " + counterpart + ": listens on " + path->listen.text() +
              ", sends to " + path->peer.text() +
              (changes ? ". A running station reads it when it starts again." : ". --listen and --to change that."));
  context.result({{"counterpart", counterpart},
                  {"path", name},
                  {"listen", path->listen.text()},
                  {"peer", path->peer.text()}});
  return {};
}

}  // namespace

void add_enrol_commands(CLI::App& app, Context& context) {
  CLI::App& station = group(app, "station", "The station of this side");
  auto options = std::make_shared<EnrolOptions>();
  CLI::App* enrol =
      station.add_subcommand("enrol", "Keys, addresses and credential of the station here");
  enrol->add_option("--post", options->choices.post, "Name of the station")
      ->check(a_name())
      ->capture_default_str();
  enrol->add_option("--peer", options->peers, "A counterpart; repeat it")
      ->required()
      ->check(a_name())
      ->allow_extra_args(false);
  enrol->add_option("--their-post", options->their_post, "The counterpart's station")
      ->check(a_name())
      ->capture_default_str();
  enrol->add_option("--listen", options->listen, "[COUNTERPART/]PATH=ADDRESS:PORT of our end")
      ->required()
      ->allow_extra_args(false);
  enrol->add_option("--to", options->to, "[COUNTERPART/]PATH=ADDRESS:PORT of their end")
      ->required()
      ->allow_extra_args(false);
  enrol
      ->add_option("--provider", options->providers,
                   "OpenSSL provider module with a cipher of your own")
      ->allow_extra_args(false);
  enrol->add_option("--days", options->choices.days, "Validity of the credential")
      ->capture_default_str();
  example(
      *enrol,
      "detente station enrol --peer north --listen fibre=127.0.0.1:7001 --to fibre=127.0.0.1:7002");
  on_run(*enrol, context, [&context, options] { return run_enrol(context, *options); });

  auto days = std::make_shared<std::uint32_t>(3650);
  CLI::App* renew = station.add_subcommand("renew", "The same station and keys for a further time");
  renew->add_option("--days", *days, "Validity from now on")->capture_default_str();
  example(*renew, "detente station renew --days 3650");
  on_run(*renew, context, [&context, days] { return run_renew(context, *days); });

  add_station_revoke_command(station, context);
  add_recover_command(station, context);

  auto counterpart = std::make_shared<std::string>(), path = std::make_shared<std::string>();
  CLI::App* link = station.add_subcommand("link", "Derive the key of the pair from both hand keys");
  link->add_option("COUNTERPART", *counterpart)->required()->check(a_name());
  example(*link, "detente station link north");
  on_run(*link, context, [&context, counterpart] { return run_link(context, *counterpart); });

  auto listen = std::make_shared<std::string>(), to = std::make_shared<std::string>();
  CLI::App* change = station.add_subcommand("path", "Change the addresses of a path");
  change->add_option("COUNTERPART", *counterpart)->required()->check(a_name());
  change->add_option("PATH", *path)->required()->check(a_name());
  change->add_option("--listen", *listen, "ADDRESS:PORT of our end");
  change->add_option("--to", *to, "ADDRESS:PORT of their end");
  example(*change, "detente station path north fibre --listen 192.0.2.1:7001 --to 198.51.100.2:7002");
  on_run(*change, context, [&context, counterpart, path, listen, to] {
    return run_path(context, *counterpart, *path, *listen, *to);
  });
}

}  // namespace detente::cli
