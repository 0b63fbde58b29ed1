#include "io/route_table.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "io/detached.h"
#include "io/os_clock.h"

namespace detente::io {

namespace asio = boost::asio;

namespace {

constexpr Duration kAnswerPauseMin = std::chrono::milliseconds(5), kAnswerPauseMax = std::chrono::milliseconds(250);

bool is_number(const std::string& host) {
  boost::system::error_code no;
  asio::ip::make_address(host, no);
  return !no;
}

asio::awaitable<void> pause_for(asio::io_context& context, Duration time) {
  asio::steady_timer timer(context, time);
  co_await timer.async_wait(asio::use_awaitable);
}

asio::awaitable<std::vector<std::string>> look_up_beside(asio::io_context& context, std::string name, AddressesOf addresses_of) {
  const NameLookup lookup(name, addresses_of);
  for (Duration pause = kAnswerPauseMin;; pause = std::min(pause * 2, kAnswerPauseMax)) {
    if (auto found = lookup.answer()) co_return std::move(*found);
    co_await pause_for(context, pause);
  }
}

// A socket for both kinds says ::ffff:192.0.2.7 of whom a name server calls 192.0.2.7.
std::string without_mapping(const std::string& host) {
  boost::system::error_code no;
  const auto address = asio::ip::make_address(host, no);
  if (no || !address.is_v6() || !address.to_v6().is_v4_mapped()) return host;
  return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string();
}

bool same_host(const std::string& a, const std::string& b) { return without_mapping(a) == without_mapping(b); }

}  // namespace

struct RouteTable::Way {
  struct Place {
    RouteId route;
    std::string address;
  };

  Bearer* bearer;
  std::string host;
  std::uint16_t port;
  std::optional<Place> place = {};             // none while nobody knows where it leads
  std::optional<Place> other = {};             // where the name leads by now, while nothing is heard: calls go there, too
  Instant heard = {};                          // last, or when the place became known
  std::optional<watch::Trouble> unknown = {};  // the name

  std::optional<Place> place_at(const std::string& address) {
    const auto made = bearer->add_route(address, port);
    return made ? std::optional(Place{*made, address}) : std::nullopt;
  }

  bool leads_to(const std::string& address) {
    place = place_at(address);
    if (!place) return false;
    heard = os_now().mono;
    unknown.reset();
    return true;
  }

  void leads_nowhere() {
    for (const auto& one : {place, other})
      if (one) bearer->drop_route(one->route);
  }

  // Of two places the one where it was heard counts, and nothing else: a name may be older than what was heard, or newer. Returns
  // the other one, which is to be dropped.
  std::optional<RouteId> is_heard(const Origin& origin, bool newest) {
    heard = os_now().mono;
    if (!other || !newest) return std::nullopt;
    if (origin.is_from(other->route)) std::swap(place, other);
    return std::exchange(other, std::nullopt)->route;
  }

  // No name is looked up before this is over.
  Duration rest(Duration silent) const { return place ? heard + silent - os_now().mono : Duration(0); }

  // These are the name's addresses, perhaps of both kinds.
  void named(const std::vector<std::string>& addresses, Duration silent) {
    if (!place) return named_first(addresses);
    const auto is_other = [&](const std::string& address) { return other && same_host(address, other->address); };
    if (addresses.empty() || rest(silent).count() > 0 || std::any_of(addresses.begin(), addresses.end(), is_other)) return;
    if (other) bearer->drop_route(other->route);
    other.reset();
    for (const std::string& address : addresses)
      if (!other && !same_host(address, place->address)) other = place_at(address);
  }

  void named_first(const std::vector<std::string>& addresses) {
    for (const std::string& address : addresses)
      if (leads_to(address)) return;
    const Instant now = os_now().mono;
    if (!unknown) unknown = watch::Trouble{now, now, "the name " + host + " leads to no address of this path's kind"};
    unknown->last = now;
  }

  // As long as somebody wants it; meanwhile nothing here keeps it.
  static asio::awaitable<void> look_up(asio::io_context& context, std::weak_ptr<Way> wanted, Terms terms) {
    for (;;) {
      std::string name;
      Duration rest{0};
      if (const auto way = wanted.lock()) {
        name = way->host;
        rest = way->rest(terms.silent);
      }
      if (name.empty()) co_return;
      if (rest.count() > 0) {
        co_await pause_for(context, rest);
        continue;
      }
      const std::vector<std::string> addresses = co_await look_up_beside(context, name, terms.addresses_of);
      if (const auto way = wanted.lock()) way->named(addresses, terms.silent);
      co_await pause_for(context, terms.look_up_again);
    }
  }
};

Result<void> RouteTable::set(PeerId peer, const std::vector<RouteTo>& routes) {
  std::vector<std::shared_ptr<Way>> before, after, added;
  for (auto at = paths_.lower_bound({peer, PathId{0}}); at != paths_.end() && at->first.first == peer; ++at)
    if (at->second.way) before.push_back(at->second.way);
  for (const RouteTo& route : routes) {
    Bearer& bearer = *bearers_->at(route.socket.value);
    const auto same = std::find_if(before.begin(), before.end(), [&](const auto& way) {
      return way->bearer == &bearer && way->host == route.host && way->port == route.port;
    });
    if (same != before.end()) {
      after.push_back(*same);
      continue;
    }
    const auto way = std::make_shared<Way>(Way{&bearer, route.host, route.port});
    if (is_number(route.host)) {
      auto made = bearer.add_route(route.host, route.port);
      if (!made) {
        for (const auto& one : added) one->leads_nowhere();
        return tl::unexpected(std::move(made.error()));
      }
      way->place = Way::Place{*made, route.host};
    }
    after.push_back(way);
    added.push_back(way);
  }
  for (const auto& way : before)
    if (std::find(after.begin(), after.end(), way) == after.end()) way->leads_nowhere();
  for (auto at = paths_.lower_bound({peer, PathId{0}}); at != paths_.end() && at->first.first == peer; ++at) at->second.way.reset();
  for (std::size_t i = 0; i < routes.size(); ++i) paths_[{peer, routes[i].path}].way = after[i];
  for (const auto& way : added)
    if (!way->place) asio::co_spawn(*context_, Way::look_up(*context_, way, terms_), ends_all);
  return {};
}

RouteTable::Path* RouteTable::find(const Key& key) {
  const auto found = paths_.find(key);
  return found == paths_.end() || !found->second.way ? nullptr : &found->second;
}

void RouteTable::send(const core::SendDatagram& datagram) {
  Path* path = find({datagram.peer, datagram.path});
  if (path == nullptr) return;
  const Way& way = *path->way;
  if (!way.place) ++nowhere_;
  bool left = way.place && way.bearer->send(way.place->route, datagram.datagram);
  if (way.other && is_call(datagram.datagram)) left = way.bearer->send(way.other->route, datagram.datagram) || left;
  ++(left ? path->traffic.sent : path->traffic.not_sent);
}

void RouteTable::heard(const core::Station::Heard& heard, const Bearer& on, Origin& origin) {
  Path* path = find({heard.peer, heard.path});
  if (path == nullptr) return;
  ++path->traffic.heard;
  Way& way = *path->way;
  if (way.bearer != &on) return;
  if (!way.place) {  // it says itself where it is
    if (!heard.newest) return;
    const std::string host = origin.host();
    if (host.empty() || !way.leads_to(host)) return;
  }
  // Later: it is not to be dropped while something that came is being looked at.
  if (const auto left = way.is_heard(origin, heard.newest))
    asio::post(*context_, [bearer = way.bearer, route = *left] { bearer->drop_route(route); });
  origin.heard(way.place->route, heard.newest);
}

PathTraffic RouteTable::traffic(PeerId peer, PathId path) const {
  const auto found = paths_.find({peer, path});
  return found == paths_.end() ? PathTraffic{} : found->second.traffic;
}

PathTrouble RouteTable::trouble(PeerId peer, PathId path) const {
  const auto found = paths_.find({peer, path});
  if (found == paths_.end() || !found->second.way) return {};
  const Way& way = *found->second.way;
  return way.place ? way.bearer->trouble(way.place->route) : PathTrouble{way.unknown, std::nullopt, std::nullopt};
}

}  // namespace detente::io
