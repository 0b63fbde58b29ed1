// Documents as the API shows them: where one is on its way. spec/api.md,
// "Documents".
#pragma once

#include "record/entry.h"
#include "station/running.h"

namespace detente::station {

// "filling", "ready", "named", "confirmed", "wanted", "here", "refused".
const char* blob_state_name(record::BlobState state);

record::BlobKey blob_key(const Counterpart& counterpart, bool own, const Digest& root);

// What an entry names, with the state of its bytes here; "unknown" when nothing is known of it (yet).
Json attachment_json(const Running& running, const Counterpart& counterpart, bool own,
                     const record::Attachment& attachment);
// `blob`: what is stored of it.
Json document_json(const Running& running, const Counterpart& counterpart, const record::BlobKey& key,
                   const record::StoredBlob& blob);

}  // namespace detente::station
