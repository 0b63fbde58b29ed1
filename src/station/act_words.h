// A grave act in words, made of the bytes that are signed and of nothing else: what an officer reads before his
// key signs. spec/signing.md section 3.
#pragma once

#include <string>
#include <vector>

#include "accord/accord.h"
#include "accord/roster.h"
#include "record/act_file.h"

namespace detente::station {

// What the signer's own machine knows: nothing of it comes from the station.
struct ActGround {
  const accord::AccordInForce* accord = nullptr;  // with the counterpart that the file names
  const accord::Roster* own = nullptr;
  std::string side;
};

// The lines that an act is about. Of an answer, those of the proposal that it refers to.
Result<std::vector<LineId>> lines_of(const record::ActFile& file);

// One fact a line, safe to show. kMalformed and kUnsupported for everything that would not be shown whole, kConflict for another
// side or accord than the ground's.
Result<std::vector<std::string>> act_words(const ActGround& ground, const record::ActFile& file);

}  // namespace detente::station
