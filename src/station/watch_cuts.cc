// Watch: lines that are cut. The books count calls in a cut apart, and one alarm says that there is one.
#include <spdlog/spdlog.h>

#include "station/watch.h"
#include "wire/text.h"

namespace detente::station {

void Watch::look_at_register(OneLine& line) {
  const core::Registers& registers = running_.driver->station().peer(line.counterpart->peer).registers();
  const auto closed = registers.closed(line.annex->line, line::kText);
  if (closed.has_value() == line.cut) return;
  // What this side's people cut, and lift again, is noted however often.
  const bool ours = closed ? closed->whose == record::Whose::kAuthors : line.cut_ours;
  if (!ours && !may_note(line, line.far_cuts)) return;
  line.cut_ours = closed && ours;
  line.cut = closed.has_value();
  const WallTime time = now();
  note({{"what", "register"}, {"line", line.name}, {"cut", line.cut}, {"time", time.seconds}});
  if (line.cut) {
    line.watch->add_fact(watch::CutFact{time});
    raise(line.name, "cut", wire::display_line(core::closed_words(*closed, line.name, line.counterpart->name())));
  } else {
    line.watch->add_fact(watch::RestoreFact{time});
    end(line.name, "cut");
  }
  tell(line, line.cut ? "cut" : "uncut");
}

}  // namespace detente::station
