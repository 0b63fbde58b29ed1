// Documents at the command line: handed over to the station in parts, awaited,
// saved, shown. spec/api.md, "Documents".
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "client_address.h"
#include "record/entry.h"

namespace detente::cli {

// Reads the file twice: for its root, then to hand it over; what the station has of it is not handed
// over again. `type` empty: by the file's name.
Result<record::Attachment> hand_over(const Context& context, const StationClient& station, const LineAddress& line,
                                     const std::string& path, const std::string& type);

// Until the other side has them all, with progress; or a cut stops them, or `patience` is over. Each as it stands then, as the
// station shows it.
Result<Json> await_documents(const Context& context, const StationClient& station, const LineAddress& line,
                             const std::vector<record::Attachment>& documents, const std::string& mark,
                             std::optional<std::chrono::milliseconds> patience);

// Where save_document() writes the document of an entry's attachment.
std::filesystem::path place_of_document(const Json& entry, const Json& attachment, const std::string& directory);
// Writes the document of an entry's attachment into the directory, verified against its root; kConflict
// when another file has its place. The path; nothing when it is not all here.
Result<std::string> save_document(const Context& context, const StationClient& station, const LineAddress& line,
                                  const Json& entry, const Json& attachment, const std::string& directory);

// "1.2 MB", "2 min 10 s".
std::string size_text(std::uint64_t bytes);
std::string duration_text(std::uint64_t seconds);
// Where a document is: "here", "43 %, 1.2 MB/s, 20 s left"; of an attachment or a document of the API.
std::string document_state_text(const Json& document);

}  // namespace detente::cli
