// What was signed of a log, one after the other: a check of a record that no station has open reads all
// of it, however many there are.
#pragma once

#include <functional>
#include <string>

#include "record/store.h"

namespace detente::io {

struct OnSigned {
  std::function<Result<void>(const record::StoredCheckpoint&)> checkpoint;
  std::function<Result<void>(const record::StoredCosignature&)> receipt;
};
// Each by its size, the checkpoints first. What an answer refuses ends it.
Result<void> read_signed(const std::string& path, const record::LogKey& log, const OnSigned& on);
// Checkpoints and receipts of all logs.
Result<std::uint64_t> count_signed(const std::string& path);

}  // namespace detente::io
