// A second tree beside the one that World talked about: the ground on which two records are proved in tests.
#pragma once

#include "record/extract_fixture_for_test.h"
#include "record/two_records.h"

namespace detente::record::test {

// Of south's log of kWest at size 2, signed by south's station.
inline KeptSecond another_tree(const World& world) {
  Checkpoint checkpoint{world.origin(kWest, true), 2, {}};
  checkpoint.root.fill(7);
  return {world.log(kWest, true), {checkpoint, sign_checkpoint(checkpoint, world.keys(true).log)}, {}, {}};
}

}  // namespace detente::record::test
