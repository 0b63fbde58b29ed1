// The one place where an officer's key signs an act out of a file: what was shown to him is made again of the bytes
// and has to be the same. spec/signing.md section 3.
#pragma once

#include "station/act_words.h"

namespace detente::station {

// Of each signature that is there: "officer 2 (duty-officer) has signed". kDenied when one does not fit these bytes or
// has no right to: then somebody changed the text behind it.
Result<std::vector<std::string>> signers_words(const ActGround& ground, const record::ActFile& file);

// Whether this officer may add his: valid now, with the right for every line, and not among them. kState when the act is too old
// for its station to take it.
Result<void> check_signer(const ActGround& ground, const record::ActFile& file, OfficerId officer, WallTime now);

struct ActSigner {
  OfficerId number;
  std::uint64_t counter = 0;
  const crypto::SignKey* key = nullptr;
};
// The first to sign becomes the author. kConflict when `shown` is not, word for word, what these bytes say; nothing is signed then.
Result<void> sign_act(const ActGround& ground, record::ActFile& file, const std::vector<std::string>& shown, const ActSigner& signer);

}  // namespace detente::station
