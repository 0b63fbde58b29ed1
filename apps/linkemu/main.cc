// linkemu: a bad network on demand, in user space. docs/linkemu.md.
// Exit: 0 ended when told to, 1 something failed, 2 wrong usage.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <random>

#include "loop.h"

namespace detente::linkemu {
namespace {

constexpr int kFailed = 1, kWrongUsage = 2;

// The properties of a link as given, before it is known what the link carries.
struct LinkOptions {
  std::vector<std::pair<std::string, std::string>> both;  // name, value, in the order given
  std::vector<std::string> a_to_b, b_to_a;                // lists
  std::optional<std::uint64_t> seed;
  std::string control;
};

struct ProxyOptions {
  std::string listen, to, from, reply_to;
  bool tcp = false;
};

void add_property(CLI::App& command, LinkOptions& link, const Property& property) {
  const std::string name = property.name, flag = "--" + name;
  const auto take = [&link, name](const std::string& value) {
    link.both.emplace_back(name, value);
  };
  CLI::Option* option = nullptr;
  if (name == "blackhole")
    option = command.add_flag_callback(
        flag, [take] { take("on"); }, property.about);
  else
    option = command.add_option_function<std::string>(flag, take, property.about)
                 ->type_name(property.value);
  option->group("The link, both directions");
}

void add_link_options(CLI::App& command, LinkOptions& link) {
  for (const Property& property : properties()) add_property(command, link, property);
  command.add_option("--a-b", link.a_to_b, "From a to b alone: loss=20,delay=200ms")
      ->type_name("NAME=VALUE,...")
      ->allow_extra_args(false)
      ->group("The link, one direction");
  command.add_option("--b-a", link.b_to_a, "From b to a alone")
      ->type_name("NAME=VALUE,...")
      ->allow_extra_args(false)
      ->group("The link, one direction");
  command.add_option("--seed", link.seed,
                     "Draws the same fates again; default: a fresh one, said at the start");
  command.add_option("--control", link.control, "Unix socket for `linkemu tell`")
      ->type_name("PATH");
}

Result<LinkSettings> settings_of(const LinkOptions& link, Carried carried) {
  LinkSettings out;
  for (const Direction d : kDirections) {
    for (const auto& [name, value] : link.both)
      if (auto done = set_property(out[d], carried, name, value); !done)
        return fail(done.error().fault, "--" + done.error().message);
    for (const std::string& list : d == Direction::kAToB ? link.a_to_b : link.b_to_a)
      if (auto done = set_properties(out[d], carried, list); !done)
        return fail_at(std::string("--") + to_string(d), done.error());
  }
  return out;
}

std::uint64_t fresh_seed() {
  std::random_device entropy;
  return std::uint64_t{entropy()} % 1'000'000'000;  // short enough to be typed again
}

// `open` binds the ends; it comes after the options were found good.
template <typename Open>
Result<void> run_link(const LinkOptions& options, Shape shape, const Open& open) {
  DETENTE_TRY(settings, settings_of(options, shape.carried));
  DETENTE_TRY_VOID(block_signals());
  DETENTE_TRY(ends, open());
  std::optional<Control> control;
  if (!options.control.empty()) {
    DETENTE_TRY(opened, Control::open(options.control));
    control.emplace(std::move(opened));
  }
  Link link(settings, shape, options.seed ? *options.seed : fresh_seed());
  std::printf("%s; seed %llu\n", ends->describe().c_str(),
              static_cast<unsigned long long>(link.seed()));
  std::fflush(stdout);
  DETENTE_TRY_VOID(run_loop(*ends, link, control ? &*control : nullptr));
  std::printf("%s\n", link.stats_json().c_str());
  return {};
}

Result<void> run_proxy(const LinkOptions& link, const ProxyOptions& options) {
  ProxyAddresses addresses;
  DETENTE_TRY(listen, parse_address(options.listen));
  DETENTE_TRY(to, parse_address(options.to));
  addresses.listen = listen;
  addresses.to = to;
  for (const auto& [text, place] : {std::pair(&options.from, &addresses.from),
                                    std::pair(&options.reply_to, &addresses.reply_to)}) {
    if (text->empty()) continue;
    DETENTE_TRY(address, parse_address(*text));
    *place = address;
  }
  if (options.tcp)
    return run_link(link, {Carried::kStream, 0}, [&] { return make_tcp_ends(addresses); });
  return run_link(link, {Carried::kDatagrams, kUdpOverIpv4},
                  [&] { return make_udp_ends(addresses); });
}

void add_proxy(CLI::App& app, LinkOptions& link, ProxyOptions& options) {
  CLI::App& proxy = *app.add_subcommand("proxy", "Between two UDP or TCP ends, without any rights");
  proxy.add_option("--listen", options.listen, "Where a sends to")
      ->type_name("ADDR:PORT")
      ->required();
  proxy.add_option("--to", options.to, "Where b is")->type_name("ADDR:PORT")->required();
  proxy.add_option("--from", options.from, "UDP: what b sees as the sender, and sends to")
      ->type_name("ADDR:PORT");
  proxy.add_option("--reply-to", options.reply_to, "UDP: where a is (default: its last sender)")
      ->type_name("ADDR:PORT");
  proxy.add_flag("--tcp", options.tcp, "TCP connections instead of UDP datagrams");
  add_link_options(proxy, link);
  proxy.footer(
      "\nExample:\n  linkemu proxy --listen 127.0.0.1:7101 --to 127.0.0.1:7002 --from "
      "127.0.0.1:7102\n      --reply-to 127.0.0.1:7001 --loss 20 --delay 200ms --control "
      "link.sock");
}

void add_tun(CLI::App& app, LinkOptions& link, TunChoices& choices) {
  CLI::App& tun =
      *app.add_subcommand("tun", "Between two network namespaces, a TUN device in each (root)");
  tun.add_option("--netns-a", choices.a.netns,
                 "Name as in `ip netns`, or a path; default: this one");
  tun.add_option("--netns-b", choices.b.netns, "The other one");
  tun.add_option("--address-a", choices.a.address, "The device's address: 10.1.0.1/24")->required();
  tun.add_option("--address-b", choices.b.address, "10.1.0.2/24")->required();
  tun.add_option("--device", choices.device, "The devices' name")->capture_default_str();
  tun.add_option("--device-mtu", choices.mtu_bytes,
                 "The devices' MTU, which senders know of (--mtu is what the link drops)")
      ->check(CLI::Range(68, 65535))
      ->capture_default_str();
  add_link_options(tun, link);
  tun.footer(
      "\nExample:\n  ip netns add south && ip netns add north\n  linkemu tun --netns-a south "
      "--netns-b north --address-a 10.1.0.1/24\n      --address-b 10.1.0.2/24 --rate 64k --control "
      "link.sock &\n  ip netns exec south ping 10.1.0.2");
}

struct TellOptions {
  std::string path;
  std::vector<std::string> words;
};

void add_tell(CLI::App& app, TellOptions& options) {
  CLI::App& tell_command = *app.add_subcommand("tell", "Change or ask a running emulator");
  tell_command.add_option("PATH", options.path, "Its --control")->required();
  tell_command.add_option("COMMAND", options.words, "set, show, stats or quit")->required();
  tell_command.footer(
      "\nset a-b|b-a|both NAME VALUE [NAME VALUE ...]\nshow    the settings in force, as "
      "JSON\nstats   counters of each direction, as JSON\nquit    end the emulator\n\nExample:\n  "
      "linkemu tell link.sock set a-b loss 20 delay 200ms\n  linkemu tell link.sock set both "
      "blackhole on");
}

Result<void> run_tell(const TellOptions& options) {
  std::string command;
  for (const std::string& word : options.words) command += (command.empty() ? "" : " ") + word;
  DETENTE_TRY(answer, tell(options.path, command));
  std::printf("%s\n", answer.c_str());
  return {};
}

int exit_of(const Result<void>& done) {
  if (done) return 0;
  std::fprintf(stderr, "linkemu: %s\n", done.error().message.c_str());
  return done.error().fault == Fault::kIo || done.error().fault == Fault::kDenied ? kFailed
                                                                                  : kWrongUsage;
}

int run(int argc, char** argv) {
  CLI::App app(
      "A link emulator in user space: rate, delay, jitter, loss, reordering, duplication, flipped "
      "bits,\na blackhole and an MTU, each direction for itself, changed while it runs.");
  app.set_version_flag("--version", std::string("linkemu ") + DETENTE_VERSION);
  app.require_subcommand(1);
  LinkOptions link;
  ProxyOptions proxy;
  TunChoices tun;
  TellOptions tell_options;
  add_proxy(app, link, proxy);
  add_tun(app, link, tun);
  add_tell(app, tell_options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kWrongUsage;
  }
  if (app.got_subcommand("proxy")) return exit_of(run_proxy(link, proxy));
  if (app.got_subcommand("tell")) return exit_of(run_tell(tell_options));
  return exit_of(run_link(link, {}, [&] { return make_tun_ends(tun); }));
}

}  // namespace
}  // namespace detente::linkemu

int main(int argc, char** argv) { return detente::linkemu::run(argc, argv); }
