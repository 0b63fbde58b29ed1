#include "cli_terminal.h"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

#include "crypto/hash.h"

namespace detente::cli {
namespace {

constexpr std::size_t kLineMax = 1024;

class Terminal {
 public:
  Terminal() : fd_(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)) {}
  ~Terminal() {
    if (fd_ >= 0) ::close(fd_);
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  bool good() const { return fd_ >= 0; }
  int fd() const { return fd_; }
  void write(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t n = ::write(fd_, text.data(), text.size());
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return;
      text.remove_prefix(static_cast<std::size_t>(n));
    }
  }
  // A line without its end. Nothing at the end of input or above kLineMax.
  bool read_line(SecretBytes& line) const {
    SecretBytes buffer(kLineMax);
    std::size_t size = 0;
    while (size < kLineMax) {
      const ssize_t n = ::read(fd_, buffer.mutable_view().data() + size, 1);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return false;
      if (buffer.view()[size] == '\n') {
        line = SecretBytes::copy_of(buffer.view().first(size));
        return true;
      }
      ++size;
    }
    return false;
  }

 private:
  int fd_;
};

// No echo as long as it lives.
class Silence {
 public:
  explicit Silence(int fd) : fd_(fd) {
    known_ = ::tcgetattr(fd_, &before_) == 0;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    if (known_) ::tcsetattr(fd_, TCSAFLUSH, &silent);
  }
  ~Silence() {
    if (known_) ::tcsetattr(fd_, TCSAFLUSH, &before_);
  }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;

 private:
  int fd_;
  bool known_ = false;
  termios before_{};
};

Result<SecretBytes> ask_once(const Terminal& terminal, std::string_view question) {
  SecretBytes line;
  bool read = false;
  {
    const Silence silence(terminal.fd());  // before the question: who is quick is not shown either
    terminal.write(std::string(question) + ": ");
    read = terminal.read_line(line);
  }
  terminal.write("\n");
  if (!read || line.empty())
    return fail(Fault::kDenied, "no passphrase was given; nothing was done");
  return line;
}

}  // namespace

bool has_terminal() { return Terminal().good(); }

Result<SecretBytes> ask_passphrase(std::string_view question, bool twice) {
  const Terminal terminal;
  if (!terminal.good())
    return fail(Fault::kDenied,
                "a passphrase is needed and there is no terminal to ask at; give --passphrase-file "
                "FILE (mode 600), or set DETENTE_PASSPHRASE");
  DETENTE_TRY(first, ask_once(terminal, question));
  if (!twice) return first;
  DETENTE_TRY(second, ask_once(terminal, "Once more"));
  if (!crypto::equal_secret(first.view(), second.view()))
    return fail(Fault::kDenied, "the two passphrases differ; nothing was done, try again");
  return first;
}

Result<bool> ask_yes(std::string_view question) {
  const Terminal terminal;
  if (!terminal.good())
    return fail(
        Fault::kDenied,
        "a person has to say yes to this and there is no terminal to ask at; give --yes when "
        "somebody has read it");
  terminal.write(question);
  terminal.write(" Type yes: ");
  SecretBytes line;
  return terminal.read_line(line) && equal(line.view(), as_bytes("yes"));
}

}  // namespace detente::cli
