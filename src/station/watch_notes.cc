// Watch: which of the acts that come get a line of the watch log, and what it says.
#include "station/watch.h"

#include <spdlog/spdlog.h>

#include "wire/text.h"

namespace detente::station {

// Of the accord's check calls there are so many a day, and of a call so many acts. Nothing but the record's quota bounds the
// others, and what comes and goes: and each line of the log is one more sync and stands in every backup.
bool Watch::may_note(OneLine& line, const WatchAct& act) { return act.own || may_note(line, line.far_notes); }

bool Watch::may_note(const OneLine& line, core::Bucket& bucket) {
  if (bucket.take(running_.driver->now().mono)) return true;
  if (bucket.newly_refused())
    log_.warn("{}: more outages, drills, cuts and lifts, zone rules, or calls that no accord plans, than are worth a line of the watch log each; "
              "they are in the record", line.name);
  return false;
}

// It may be of a day months ahead, when its entry lies far back in the record.
void Watch::note_outage(const OneLine& line, const WatchAct& act, const line::Outage& outage) {
  note({{"what", "outage"}, {"line", line.name}, {"side", act.own ? "own" : "far"}, {"from", outage.from.seconds},
        {"until", outage.until.seconds}, {"words", outage.words}, {"epoch", to_hex(act.place.epoch)}, {"index", act.place.index}});
}

void Watch::note_call(const OneLine& line, const WatchAct& act, const line::CallAct& call) {
  Json out{{"what", "call"}, {"line", line.name}, {"side", act.own ? "own" : "far"}, {"act", to_string(call.deed)}};
  out.update(call_fields(call_id(call)));
  out.update(Json{{"time", act.at.seconds}, {"officer", act.officer}, {"epoch", to_hex(act.place.epoch)},
                  {"index", act.place.index}});
  if (!call.words.empty()) out["words"] = wire::display_line(call.words);
  if (act.entry_class == record::EntryClass::kDrill) out["class"] = "drill";
  if (line.watch->is_former(act)) out["former"] = 1;
  note(out);
}

}  // namespace detente::station
