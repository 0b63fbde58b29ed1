#include "io/route_watch.h"

#include <cerrno>

#include "io/os_clock.h"
#include "io/own_side.h"

namespace detente::io {

namespace {

// Nothing heard for so long since the first datagram that was not answered: then look.
constexpr Duration kQuiet = std::chrono::seconds(3);
constexpr Duration kLookAgain = std::chrono::seconds(2);

void note(std::optional<watch::Trouble>& trouble, Instant now, std::string words) {
  if (!trouble) trouble = watch::Trouble{now, now, {}};
  trouble->last = now;
  trouble->words = std::move(words);
}

}  // namespace

// Called for every datagram: while the counterpart is heard it costs no system call.
void RouteWatch::sent() {
  if (by_send_) {
    trouble_.own.reset();
    by_send_ = false;
  }
  if (heard_) {
    heard_ = false;
    quiet_since_.reset();
    return;
  }
  const Instant now = os_now().mono;
  if (!quiet_since_) quiet_since_ = now;
  if (now - *quiet_since_ >= kQuiet && (!looked_ || now - *looked_ >= kLookAgain)) look(now);
}

void RouteWatch::look(Instant now) {
  looked_ = now;
  if (auto words = own_side_trouble(from_, to_)) {
    note(trouble_.own, now, std::move(*words));
  } else {
    trouble_.own.reset();
  }
}

void RouteWatch::not_sent(int error) {
  if (error == ECONNREFUSED) return refused();
  auto words = words_of_send_error(error, from_, to_);
  if (!words) return;
  const Instant now = os_now().mono;
  const bool looked_just_now = trouble_.own && looked_ && now - *looked_ < kLookAgain;
  by_send_ = true;
  if (looked_just_now) {
    trouble_.own->last = now;
    return;
  }
  looked_ = now;
  // What the machine shows says more than the error alone.
  if (auto seen = own_side_trouble(from_, to_)) words = std::move(seen);
  note(trouble_.own, now, std::move(*words));
}

void RouteWatch::not_reached(int error) {
  if (error == ECONNREFUSED) return refused();
  look(os_now().mono);
}

void RouteWatch::listened() { trouble_.refused.reset(); }

void RouteWatch::refused() {
  note(trouble_.refused, os_now().mono,
       "a machine at " + (moved_ ? *moved_ : to_).text() + " says that nobody listens there");
}

void RouteWatch::follows(const SocketAddress& from) {
  trouble_.moved.reset();
  moved_.reset();
  if (from == to_) return;
  moved_ = from;
  note(trouble_.moved, os_now().mono, from.text());
}

void RouteWatch::heard() {
  heard_ = true;
  trouble_.own.reset();
  trouble_.refused.reset();
  by_send_ = false;
}

}  // namespace detente::io
