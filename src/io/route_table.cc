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
  Instant heard = {};
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
  Ways next;
  std::vector<std::shared_ptr<Way>> added;
  const Ways& before = ways_[peer];
  for (const RouteTo& route : routes) {
    Bearer& bearer = *bearers_->at(route.socket.value);
    const auto same = std::find_if(before.begin(), before.end(), [&](const auto& item) {
      return item.second->bearer == &bearer && item.second->host == route.host && item.second->port == route.port;
    });
    if (same != before.end()) {
      next[route.path] = same->second;
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
    added.push_back(next[route.path] = way);
  }
  for (const auto& [path, way] : before) {
    const bool stays = std::any_of(next.begin(), next.end(), [&way = way](const auto& item) { return item.second == way; });
    if (!stays && way->id) way->bearer->drop_route(*way->id);
  }
  for (const auto& way : added)
    if (!way->id) asio::co_spawn(*context_, Way::look_up(*context_, way, terms_), ends_all);
  ways_[peer] = std::move(next);
  return {};
}

void RouteTable::send(const core::SendDatagram& datagram) {
  const std::shared_ptr<Way> way = find(datagram.peer, datagram.path);
  if (!way) return;
  if (!way->id) ++nowhere_;
  const bool left = way->id && way->bearer->send(*way->id, datagram.datagram);
  PathTraffic& traffic = traffic_[{datagram.peer, datagram.path}];
  ++(left ? traffic.sent : traffic.not_sent);
}

void RouteTable::heard(const core::Station::Heard& heard, const Bearer& on, Origin& origin) {
  const std::shared_ptr<Way> way = find(heard.peer, heard.path);
  if (!way) return;
  ++traffic_[{heard.peer, heard.path}].heard;
  if (way->bearer != &on) return;
  way->heard = os_now().mono;
  if (!way->id) {  // it says itself where it is
    const std::string host = origin.host();
    if (host.empty() || !way->leads_to(host)) return;
    way->heard_from = host;
  }
  origin.heard(*way->id);
}

PathTraffic RouteTable::traffic(PeerId peer, PathId path) const {
  const auto found = traffic_.find({peer, path});
  return found == traffic_.end() ? PathTraffic{} : found->second;
}

PathTrouble RouteTable::trouble(PeerId peer, PathId path) const {
  const std::shared_ptr<Way> way = find(peer, path);
  if (!way) return {};
  return way->id ? way->bearer->trouble(*way->id) : PathTrouble{way->unknown, std::nullopt, std::nullopt};
}

std::shared_ptr<RouteTable::Way> RouteTable::find(PeerId peer, PathId path) const {
  const auto ways = ways_.find(peer);
  if (ways == ways_.end()) return nullptr;
  const auto found = ways->second.find(path);
  return found == ways->second.end() ? nullptr : found->second;
}

}  // namespace detente::io
