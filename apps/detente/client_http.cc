#include "client_http.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "io/file.h"

namespace detente::cli {

namespace {

constexpr std::size_t kAnswerMax = 16 << 20;
constexpr int kPatienceSeconds = 75;  // above what a request may wait for
constexpr int kLivePatienceSeconds = 3;  // what is on the screen is old by so much, and Ctrl-C waits for it

class Socket {
 public:
  Socket() : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
  ~Socket() {
    if (fd_ >= 0) ::close(fd_);
  }
  Socket(const Socket&) = delete;

  int connect(const std::string& path, int patience_seconds) {
    sockaddr_un address{};
    if (path.size() >= sizeof address.sun_path) return ENAMETOOLONG;
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.size());
    const timeval patience{patience_seconds, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);  // of connect(), too
    return ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? 0
                                                                                            : errno;
  }

  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  // Until the station closes; nothing when it does not answer.
  std::optional<std::string> receive() {
    std::string out;
    char buffer[16384];
    for (;;) {
      const ssize_t size = ::recv(fd_, buffer, sizeof buffer, 0);
      if (size == 0) return out;
      if (size < 0 && errno == EINTR) continue;
      // Reset, since it closed before it read the request: what it had answered counts.
      if (size < 0 && errno == ECONNRESET) return out;
      if (size < 0 || out.size() > kAnswerMax) return std::nullopt;
      out.append(buffer, static_cast<std::size_t>(size));
    }
  }

 private:
  int fd_;
};

Fault fault_from(std::string_view name) {
  for (int i = 0; i <= static_cast<int>(Fault::kIo); ++i)
    if (name == to_string(static_cast<Fault>(i))) return static_cast<Fault>(i);
  return Fault::kIo;
}

bool changes_something(std::string_view method, std::string_view target) {
  if (method != "POST") return false;
  // Asked for again these do no harm: bytes that are there already are known.
  return target != "/v1/stop" && target != "/v1/snapshot" && target != "/v1/bulletins" && !target.ends_with("/courier") &&
         target.find("/documents/") == target.npos;
}

// The command that shows whether it was done after all.
std::string where_to_look(const std::string& target) {
  constexpr std::string_view kHead = "/v1/counterparts/", kLines = "/lines/";
  if (target.starts_with("/v1/watch")) return "detente log";
  if (!target.starts_with(kHead)) return "detente status";
  const std::size_t lines = target.find(kLines);
  const std::string counterpart = target.substr(kHead.size(), target.find('/', kHead.size()) - kHead.size());
  if (target.ends_with("/announcements")) return "detente announce show " + counterpart;
  if (lines == target.npos) return "detente status";
  const std::size_t line = lines + kLines.size();
  return "detente record show " + counterpart + "/" + target.substr(line, target.find('/', line) - line);
}

// The station may have done it, and died or been late before it could say so: who just asks again says it twice.
std::string unknown_outcome(std::string_view method, const std::string& target) {
  if (!changes_something(method, target)) return "";
  return "IT MAY HAVE BEEN DONE ALL THE SAME, and what was said may be sent: look before you do it again, with `" +
         where_to_look(target) + "`";
}

Result<Json> parse_answer(const std::string& answer) {
  const std::size_t body = answer.find("\r\n\r\n");
  Json json =
      body == std::string::npos ? Json() : Json::parse(answer.substr(body + 4), nullptr, false);
  if (!json.is_object() || !json.contains("ok"))
    return fail(Fault::kIo, "the station's answer cannot be read: is it of the same version?");
  if (json["ok"] == true) return json;
  const Json error = json.value("error", Json::object());
  return fail(fault_from(error.value("fault", "io")),
              error.value("message", "the station refused"));
}

}  // namespace

std::string escape(std::string_view segment) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : segment) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || c == '-') {
      out += c;
    } else {
      out += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return out;
}

Result<std::string> StationClient::exchange(std::string_view method, const std::string& target,
                                            std::string_view body, std::string_view type) const {
  Socket socket;
  const bool live = patience_ == Patience::kLive;
  if (const int error = socket.connect(socket_, live ? kLivePatienceSeconds : kPatienceSeconds); error != 0) {
    if (error == ENOENT && !io::exists(io::Path(dir_) / "station" / "station.toml"))
      return fail(Fault::kState, "there is no station in " + dir_ +
                                     " yet: make one with `detente station enrol`; `detente side show` says which step is next");
    if (error == ENOENT || error == ECONNREFUSED)
      return fail(Fault::kState, "no station runs in this directory (" + socket_ +
                                     "): start it with `detente station run --dir " + dir_ + "`");
    const bool denied = error == EACCES || error == EPERM;
    return fail(denied ? Fault::kDenied : Fault::kIo,
                "cannot reach the station at " + socket_ + ": " + std::strerror(error) +
                    (denied ? "; it takes commands of the user alone that it runs as: be that user (`ls -l` shows who)" : ""));
  }
  std::string request(method);
  request += " " + target + " HTTP/1.1\r\nHost: station\r\nConnection: close\r\n";
  if (method == "POST")
    request += "Content-Type: " + std::string(type) + "\r\nContent-Length: " +
               std::to_string(body.size()) + "\r\n";
  request += "\r\n";
  request += body;
  // A station that refuses a request early closes before it has read all of it: its answer counts.
  static_cast<void>(socket.send(request));
  auto answer = socket.receive();
  const std::string unknown = unknown_outcome(method, target);
  if (!answer && live)
    return fail(Fault::kLimit, "THE STATION DOES NOT ANSWER, so that nothing is known of any line now: it has too much to do, or it hangs. "
                               "It is asked again all the time");
  if (!answer)
    return fail(Fault::kLimit, "something listens for the station and did not answer in time: it has too much to do" +
                                   (unknown.empty() ? "; try again" : ". " + unknown));
  if (answer->empty())
    return fail(Fault::kIo, "the station ended before it answered" +
                                (unknown.empty() ? "; `detente status` shows whether it runs again" : ". " + unknown + ", once it runs again"));
  return std::move(*answer);
}

Result<Json> StationClient::ask(std::string_view method, const std::string& target,
                                std::string_view body) const {
  DETENTE_TRY(answer, exchange(method, target, body));
  return parse_answer(answer);
}

Result<std::string> StationClient::post_text(const std::string& target, std::string_view body) const {
  return exchange("POST", target, body);
}

Result<Json> StationClient::post_bytes(const std::string& target, ByteView bytes) const {
  DETENTE_TRY(answer, exchange("POST", target, as_string(bytes), "application/octet-stream"));
  return parse_answer(answer);
}

Result<std::string> StationClient::get_bytes(const std::string& target) const {
  DETENTE_TRY(answer, exchange("GET", target, {}));
  const std::size_t body = answer.find("\r\n\r\n");
  if (!answer.starts_with("HTTP/1.1 200") || body == std::string::npos) {
    DETENTE_TRY(error, parse_answer(answer));
    static_cast<void>(error);
    return fail(Fault::kIo, "the station's answer cannot be read: is it of the same version?");
  }
  return answer.substr(body + 4);
}

Result<Json> StationClient::get(const std::string& target) const { return ask("GET", target, {}); }

Result<Json> StationClient::post(const std::string& target, const Json& body) const {
  return ask("POST", target, body.dump(-1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace detente::cli
