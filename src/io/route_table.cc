#include "io/route_table.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "io/detached.h"
#include "io/os_clock.h"

namespace detente::io {

namespace asio = boost::asio;

namespace {

constexpr Duration kLookUpAgain = std::chrono::seconds(10);

bool is_number(const std::string& host) {
  boost::system::error_code no;
  asio::ip::make_address(host, no);
  return !no;
}

// The addresses of a name, in numbers; none when there are none now. A thread of its own waits: no answer may take many seconds.
asio::awaitable<std::vector<std::string>> addresses_of(asio::io_context& context, const std::string& name) {
  asio::ip::udp::resolver resolver(context);
  boost::system::error_code no;
  const auto found = co_await resolver.async_resolve(name, "", asio::redirect_error(asio::use_awaitable, no));
  std::vector<std::string> out;
  for (const auto& one : found) out.push_back(one.endpoint().address().to_string());
  co_return out;
}

}  // namespace

struct RouteTable::Way {
  Bearer* bearer;
  std::string host;
  std::uint16_t port;
  std::optional<RouteId> id;              // none while the name is not known
  std::optional<watch::Trouble> unknown;  // the name, until then

  bool leads_to(const std::string& address) {
    const auto made = bearer->add_route(address, port);
    if (!made) return false;
    id = *made;
    unknown.reset();
    return true;
  }

  static asio::awaitable<void> look_up(asio::io_context& context, std::weak_ptr<Way> wanted) {
    asio::steady_timer timer(context);
    for (;;) {
      timer.expires_after(kLookUpAgain);
      co_await timer.async_wait(asio::use_awaitable);
      std::string name;
      if (const auto way = wanted.lock(); way && !way->id) name = way->host;
      if (name.empty()) co_return;  // it leads somewhere by now, or nobody wants it any more
      const std::vector<std::string> addresses = co_await addresses_of(context, name);
      const auto way = wanted.lock();
      if (!way || way->id) co_return;
      way->unknown->last = os_now().mono;
      for (const std::string& address : addresses)  // perhaps of both kinds
        if (way->leads_to(address)) co_return;
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
    const auto way = std::make_shared<Way>(Way{&bearer, route.host, route.port, std::nullopt, std::nullopt});
    if (auto made = bearer.add_route(route.host, route.port)) {
      way->id = *made;
    } else if (is_number(route.host)) {
      for (const auto& one : added)
        if (one->id) one->bearer->drop_route(*one->id);
      return tl::unexpected(std::move(made.error()));
    } else {
      const Instant now = os_now().mono;
      way->unknown = {now, now, "the name " + route.host + " leads to no address of this path's kind"};
    }
    added.push_back(next[route.path] = way);
  }
  for (const auto& [path, way] : before) {
    const bool stays = std::any_of(next.begin(), next.end(), [&way = way](const auto& item) { return item.second == way; });
    if (!stays && way->id) way->bearer->drop_route(*way->id);
  }
  for (const auto& way : added)
    if (!way->id) asio::co_spawn(*context_, Way::look_up(*context_, way), ends_all);
  ways_[peer] = std::move(next);
  return {};
}

void RouteTable::send(const core::SendDatagram& datagram) {
  const std::shared_ptr<Way> way = find(datagram.peer, datagram.path);
  if (!way) return;
  const bool left = way->id && way->bearer->send(*way->id, datagram.datagram);
  PathTraffic& traffic = traffic_[{datagram.peer, datagram.path}];
  ++(left ? traffic.sent : traffic.not_sent);
}

void RouteTable::heard(const core::Station::Heard& heard, const Bearer& on, Origin& origin) {
  const std::shared_ptr<Way> way = find(heard.peer, heard.path);
  if (!way) return;
  ++traffic_[{heard.peer, heard.path}].heard;
  if (way->bearer != &on) return;
  if (way->id || way->leads_to(origin.host())) origin.heard(*way->id);  // it says itself where it is
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
