// What the station asks of the operating system for itself: no core dumps, no
// swapping of keys, files for its own user only, and word to systemd.
#pragma once

#include <string>
#include <string_view>

namespace detente::station {

// Gives what could not be had, to be logged; empty when all could.
std::string harden_process();

// "READY=1", "STOPPING=1": to $NOTIFY_SOCKET, where there is one (sd_notify(3)).
void tell_service_manager(std::string_view state);

}  // namespace detente::station
