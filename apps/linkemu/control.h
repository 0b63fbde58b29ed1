// Control: the Unix socket on which a running emulator is told what to change.
//
// One command a line, one line of answer each: link.h, answer_command(). Mode
// 0600, so that only the user who runs the emulator can speak to it.
#pragma once

#include <poll.h>

#include <string>
#include <vector>

#include "link.h"
#include "sockets.h"

namespace detente::linkemu {

class Control {
 public:
  // A file of that name where nobody answers any more is replaced; a living one is kConflict.
  static Result<Control> open(const std::string& path);
  Control(Control&& other) noexcept = default;
  ~Control();

  void watch(std::vector<pollfd>& out) const;
  // False when somebody said `quit`.
  bool serve(Instant now, Link& link);

 private:
  struct Client {
    Fd fd;
    std::string input;
    std::string output;
    bool gone = false;
  };
  Control(std::string path, Fd listener) : path_(std::move(path)), listener_(std::move(listener)) {}
  bool serve_client(Instant now, Link& link, Client& client);

  std::string path_;
  Fd listener_;
  std::vector<Client> clients_;
};

// The other end: says one command and gives the answer's line.
Result<std::string> tell(const std::string& path, const std::string& command);

}  // namespace detente::linkemu
