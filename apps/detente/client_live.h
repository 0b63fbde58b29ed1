// A view that is drawn again and again until a person ends it with Ctrl-C.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli.h"

namespace detente::cli {

// How often: a view whose state changes, and one that shows how something moves.
inline constexpr Duration kRedraw = std::chrono::seconds(1);
inline constexpr Duration kRedrawMoving = std::chrono::milliseconds(500);

struct LiveFrame {
  std::vector<std::string> lines;  // for a person
  Json json;                       // for a program
};

// On a terminal: on the alternate screen, each frame in place of the last, as many lines as fit, and how many do not.
// Elsewhere frames follow each other, with --json one object a line. Ends without error at SIGINT,
// SIGTERM and when nobody reads any more. The first frame's error is this command's; a later one
// is shown in the view, which goes on.
Result<void> show_live(const Context& context, Duration period,
                       const std::function<Result<LiveFrame>()>& frame);

// The same with `watch`; else the frame once, as this command's output and result.
Result<void> show_once_or_live(Context& context, bool watch, Duration period,
                               const std::function<Result<LiveFrame>()>& frame);

}  // namespace detente::cli
