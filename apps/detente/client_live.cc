#include "client_live.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <ctime>
#include <iostream>

#include "client_show.h"
#include "wire/text.h"

namespace detente::cli {

namespace {

constexpr std::string_view kEnter = "\x1b[?1049h\x1b[?25l";  // alternate screen, no cursor
constexpr std::string_view kLeave = "\x1b[?25h\x1b[?1049l";
constexpr std::string_view kHome = "\x1b[H";
constexpr std::string_view kEndOfLine = "\x1b[K";
constexpr std::string_view kEndOfScreen = "\x1b[J";

// SIGINT and SIGTERM are blocked while it lives and taken by wait(): no handler, no race.
class StopSignals {
 public:
  StopSignals() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGINT);
    sigaddset(&set_, SIGTERM);
    sigprocmask(SIG_BLOCK, &set_, &before_);
  }
  ~StopSignals() { sigprocmask(SIG_SETMASK, &before_, nullptr); }
  StopSignals(const StopSignals&) = delete;

  // True when one came.
  bool wait(Duration at_most) const {
    const auto micros = at_most.count();
    const timespec time{static_cast<time_t>(micros / 1'000'000), (micros % 1'000'000) * 1000};
    return sigtimedwait(&set_, nullptr, &time) > 0;
  }

 private:
  sigset_t set_{};
  sigset_t before_{};
};

class Screen {
 public:
  Screen() { std::cout << kEnter; }
  ~Screen() { std::cout << kLeave << std::flush; }
  Screen(const Screen&) = delete;

  void draw(const std::vector<std::string>& lines) {
    winsize size{};
    const bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0;
    const std::size_t rows = known ? size.ws_row : 24u;
    const std::size_t fit = lines.size() <= rows ? lines.size() : rows - 1;
    // In one piece. A line is erased before it is written: at the end of one that fills the row, its last letter would go.
    std::string out(kHome);
    for (std::size_t i = 0; i < fit; ++i) out.append(i == 0 ? "" : "\r\n").append(kEndOfLine).append(lines[i]);
    if (fit < lines.size())
      out.append(fit == 0 ? "" : "\r\n").append(kEndOfLine).append("... " + std::to_string(lines.size() - fit) + " more lines: make the window taller");
    else if (fit < rows)
      out.append("\r\n").append(kEndOfScreen);
    std::cout << out << std::flush;
  }
};

void put(const Context& context, const LiveFrame& frame) {
  if (context.json) {
    Json out = {{"ok", true}};  // what is told of a failure says otherwise
    out.update(frame.json);
    std::cout << out.dump(-1, ' ', false, Json::error_handler_t::replace) << "\n";
  } else {
    for (const std::string& line : frame.lines) std::cout << line << "\n";
    std::cout << "\n";
  }
  std::cout << std::flush;
}

LiveFrame told(const Context& context, const Error& error) {
  return {wrap(wire::display_line(error.message), kColumns), context.error_object(error)};
}

}  // namespace

Result<void> show_live(const Context& context, Duration period,
                       const std::function<Result<LiveFrame>()>& frame) {
  Result<LiveFrame> next = frame();
  if (!next) return tl::unexpected<Error>(next.error());
  const StopSignals stop;
  std::optional<Screen> screen;
  if (!context.json && isatty(STDOUT_FILENO) == 1) screen.emplace();
  while (std::cout) {
    const LiveFrame shown = next ? std::move(*next) : told(context, next.error());
    screen ? screen->draw(shown.lines) : put(context, shown);
    if (stop.wait(period)) return {};
    next = frame();
  }
  return {};
}

Result<void> show_once_or_live(Context& context, bool watch, Duration period,
                               const std::function<Result<LiveFrame>()>& frame) {
  if (watch) return show_live(context, period, frame);
  DETENTE_TRY(now, frame());
  for (const std::string& line : now.lines) context.say(line);
  context.result(std::move(now.json));
  return {};
}

}  // namespace detente::cli
