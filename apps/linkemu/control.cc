#include "control.h"

#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace detente::linkemu {
namespace {

constexpr std::size_t kClientsMax = 16;
constexpr std::size_t kLineMax = 1024;
constexpr std::size_t kAnswerMax = 64 * 1024;  // unread by a client before it is let go

Result<sockaddr_un> unix_address(const std::string& path) {
  sockaddr_un out{};
  out.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof out.sun_path)
    return fail(Fault::kLimit, "\"" + path + "\": a socket's path has 1 to 107 bytes");
  path.copy(out.sun_path, path.size());
  return out;
}

Result<Fd> connect_to(const std::string& path) {
  DETENTE_TRY(address, unix_address(path));
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return fail_errno("a socket cannot be opened");
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return fail_errno(path + ": no emulator answers there");
  return fd;
}

}  // namespace

Result<Control> Control::open(const std::string& path) {
  DETENTE_TRY(address, unix_address(path));
  struct stat there {};
  if (::lstat(path.c_str(), &there) == 0) {
    if (!S_ISSOCK(there.st_mode))
      return fail(Fault::kConflict, path + ": a file stands there; name another path");
    if (connect_to(path)) return fail(Fault::kConflict, path + ": another emulator answers there");
    ::unlink(path.c_str());
  }
  DETENTE_TRY(listener, open_socket(AF_UNIX, SOCK_STREAM));
  const mode_t before = ::umask(0177);
  const int bound =
      ::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  ::umask(before);
  if (bound != 0 || ::listen(listener.get(), static_cast<int>(kClientsMax)) != 0)
    return fail_errno(path);
  return Control(path, std::move(listener));
}

Control::~Control() {
  if (listener_) ::unlink(path_.c_str());
}

void Control::watch(std::vector<pollfd>& out) const {
  if (clients_.size() < kClientsMax) out.push_back({listener_.get(), POLLIN, 0});
  for (const Client& client : clients_) {
    const short events = client.output.empty() ? POLLIN : POLLIN | POLLOUT;
    out.push_back({client.fd.get(), events, 0});
  }
}

bool Control::serve(Instant now, Link& link) {
  while (clients_.size() < kClientsMax) {
    Fd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd) break;
    clients_.push_back({std::move(fd), {}, {}});
  }
  bool go_on = true;
  for (Client& client : clients_) go_on = serve_client(now, link, client) && go_on;
  std::erase_if(clients_, [](const Client& client) { return client.gone; });
  return go_on;
}

bool Control::serve_client(Instant now, Link& link, Client& client) {
  std::array<char, kLineMax> buffer;
  const ssize_t got = ::recv(client.fd.get(), buffer.data(), buffer.size(), 0);
  if (got > 0) client.input.append(buffer.data(), static_cast<std::size_t>(got));
  if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) client.gone = true;
  bool go_on = true;
  for (std::size_t end; go_on && (end = client.input.find('\n')) != std::string::npos;) {
    const Answer answer = answer_command(link, now, client.input.substr(0, end));
    client.output += answer.line + "\n";
    client.input.erase(0, end + 1);
    go_on = !answer.quit;
  }
  const ssize_t sent =
      ::send(client.fd.get(), client.output.data(), client.output.size(), MSG_NOSIGNAL);
  if (sent > 0) client.output.erase(0, static_cast<std::size_t>(sent));
  if (client.input.size() > kLineMax || client.output.size() > kAnswerMax) client.gone = true;
  return go_on;
}

Result<std::string> tell(const std::string& path, const std::string& command) {
  DETENTE_TRY(fd, connect_to(path));
  const std::string line = command + "\n";
  if (::send(fd.get(), line.data(), line.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(line.size()))
    return fail_errno(path);
  std::string answer;
  std::array<char, kLineMax> buffer;
  while (answer.find('\n') == std::string::npos) {
    const ssize_t got = ::recv(fd.get(), buffer.data(), buffer.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return fail(Fault::kIo, path + ": the emulator ended without an answer");
    answer.append(buffer.data(), static_cast<std::size_t>(got));
  }
  answer.erase(answer.find('\n'));
  if (answer.starts_with("error: ")) return fail(Fault::kMalformed, answer.substr(7));
  return answer;
}

}  // namespace detente::linkemu
