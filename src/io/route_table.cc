#include "io/route_table.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "io/detached.h"
#include "io/name_lookup.h"
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

asio::awaitable<std::vector<std::string>> addresses_of(asio::io_context& context, std::string name) {
  const NameLookup lookup(name);
  for (Duration pause = kAnswerPauseMin;; pause = std::min(pause * 2, kAnswerPauseMax)) {
    if (auto found = lookup.answer()) co_return std::move(*found);
    co_await pause_for(context, pause);
  }
}

}  // namespace

struct RouteTable::Way {
  Bearer* bearer;
  std::string host;
  std::uint16_t port;
  std::optional<RouteId> id = {};              // none while nobody knows where it leads
  std::optional<std::string> heard_from = {};  // the address that it leads to, since no name server said one
  Instant heard = {};                          // there, last
  std::optional<watch::Trouble> unknown = {};  // the name

  bool settled() const { return id && !heard_from; }

  bool leads_to(const std::string& address) {
    const auto made = bearer->add_route(address, port);
    if (!made) return false;
    if (id) bearer->drop_route(*id);
    id = *made;
    unknown.reset();
    return true;
  }

  // These are the name's addresses, perhaps of both kinds.
  void named(const std::vector<std::string>& addresses, Duration silent) {
    const Instant now = os_now().mono;
    if (id) {
      const bool there = std::find(addresses.begin(), addresses.end(), *heard_from) != addresses.end();
      if (there) heard_from.reset();
      if (there || now - heard < silent) return;
    }
    for (const std::string& address : addresses) {
      if (!leads_to(address)) continue;
      heard_from.reset();
      return;
    }
    if (id) return;
    if (!unknown) unknown = watch::Trouble{now, now, "the name " + host + " leads to no address of this path's kind"};
    unknown->last = now;
  }

  static asio::awaitable<void> look_up(asio::io_context& context, std::weak_ptr<Way> wanted, Terms terms) {
    for (;;) {
      std::string name;
      if (const auto way = wanted.lock(); way && !way->settled()) name = way->host;
      if (name.empty()) co_return;  // it is known by now, or nobody wants it any more
      const std::vector<std::string> addresses = co_await addresses_of(context, name);
      Duration pause = terms.look_up_again;
      if (const auto way = wanted.lock(); way && !way->settled()) {
        way->named(addresses, terms.silent);
        if (way->id) pause = terms.look_up_beside;
      }
      co_await pause_for(context, pause);
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
        for (const auto& one : added)
          if (one->id) one->bearer->drop_route(*one->id);
        return tl::unexpected(std::move(made.error()));
      }
      way->id = *made;
    }
    after.push_back(way);
    added.push_back(way);
  }
  for (const auto& way : before)
    if (way->id && std::find(after.begin(), after.end(), way) == after.end()) way->bearer->drop_route(*way->id);
  for (auto at = paths_.lower_bound({peer, PathId{0}}); at != paths_.end() && at->first.first == peer; ++at) at->second.way.reset();
  for (std::size_t i = 0; i < routes.size(); ++i) paths_[{peer, routes[i].path}].way = after[i];
  for (const auto& way : added)
    if (!way->id) asio::co_spawn(*context_, Way::look_up(*context_, way, terms_), ends_all);
  return {};
}

RouteTable::Path* RouteTable::find(const Key& key) {
  const auto found = paths_.find(key);
  return found == paths_.end() || !found->second.way ? nullptr : &found->second;
}

void RouteTable::send(const core::SendDatagram& datagram) {
  Path* path = find({datagram.peer, datagram.path});
  if (path == nullptr) return;
  Way& way = *path->way;
  if (!way.id) ++nowhere_;
  const bool left = way.id && way.bearer->send(*way.id, datagram.datagram);
  ++(left ? path->traffic.sent : path->traffic.not_sent);
}

void RouteTable::heard(const core::Station::Heard& heard, const Bearer& on, Origin& origin) {
  Path* path = find({heard.peer, heard.path});
  if (path == nullptr) return;
  ++path->traffic.heard;
  Way& way = *path->way;
  if (way.bearer != &on) return;
  if (!way.id) {  // it says itself where it is
    const std::string host = origin.host();
    if (host.empty() || !way.leads_to(host)) return;
    way.heard_from = host;
  }
  if (!way.settled()) way.heard = os_now().mono;
  origin.heard(*way.id);
}

PathTraffic RouteTable::traffic(PeerId peer, PathId path) const {
  const auto found = paths_.find({peer, path});
  return found == paths_.end() ? PathTraffic{} : found->second.traffic;
}

PathTrouble RouteTable::trouble(PeerId peer, PathId path) const {
  const auto found = paths_.find({peer, path});
  if (found == paths_.end() || !found->second.way) return {};
  const Way& way = *found->second.way;
  return way.id ? way.bearer->trouble(*way.id) : PathTrouble{way.unknown, std::nullopt, std::nullopt};
}

}  // namespace detente::io
