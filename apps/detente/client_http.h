// The command line as a client of the station: one HTTP request over the Unix
// socket of a side's directory. spec/api.md.
#pragma once

#include <string>
#include <string_view>

#include "cli.h"

namespace detente::cli {

class StationClient {
 public:
  enum class Patience : std::uint8_t { kRequest, kLive };  // kLive: a view that is drawn every second
  static Patience patience_for(bool live) { return live ? Patience::kLive : Patience::kRequest; }
  explicit StationClient(const SideDir& side, Patience patience = Patience::kRequest)
      : dir_(side.dir().string()), socket_(side.socket_file().string()), patience_(patience) {}

  // The answer's JSON; an answer that is an error becomes this error. kState when no station runs.
  Result<Json> get(const std::string& target) const;
  Result<Json> post(const std::string& target, const Json& body) const;
  // Bytes instead of JSON, one way or the other.
  Result<Json> post_bytes(const std::string& target, ByteView bytes) const;
  Result<std::string> get_bytes(const std::string& target) const;
  // The same as text, neither written nor read here; an answer that is an error is a text, too.
  Result<std::string> post_text(const std::string& target, std::string_view body) const;

 private:
  Result<std::string> exchange(std::string_view method, const std::string& target, std::string_view body,
                               std::string_view type = "application/json") const;
  Result<Json> ask(std::string_view method, const std::string& target, std::string_view body) const;
  std::string dir_, socket_;
  Patience patience_;
};

// For one segment of a target.
std::string escape(std::string_view segment);

}  // namespace detente::cli
