#include "station/running.h"

namespace detente::station {

Counterpart* Running::counterpart(std::string_view name) {
  for (auto& counterpart : counterparts)
    if (counterpart->name() == name) return counterpart.get();
  return nullptr;
}

ReadMarks& Running::marks_of(PeerId peer, LineId id) {
  ReadMarks& out = marks[{peer, id}];
  out.refresh(*store, {counterparts[peer.value]->accord.lineage, id});
  return out;
}

}  // namespace detente::station
