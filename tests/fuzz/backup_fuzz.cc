// A backup's file as `detente restore` takes it, once it is unsealed: the archive and its manifest. src/station/backup.h. One
// spelling: whatever is accepted is what the writer would have written; and no name leads out of a directory.
#include <filesystem>

#include "fuzz.h"
#include "station/backup.h"
#include "station/tar.h"

namespace detente::fuzz {

namespace {

struct Taken {
  bool good = true;
  std::vector<std::pair<station::TarMember, Bytes>> members;
};

// In parts as `choices` says; without choices in one.
Taken take(ByteView archive, Choices* choices) {
  Taken out;
  station::TarReader reader({[&](const station::TarMember& member) -> Result<void> {
                               FUZZ_EXPECT(station::is_tar_name(member.name));
                               const std::filesystem::path inside = std::filesystem::path("/d") / member.name;
                               FUZZ_EXPECT(inside == inside.lexically_normal() && inside.string().starts_with("/d/"));
                               out.members.emplace_back(member, Bytes{});
                               return {};
                             },
                             [&](ByteView part) -> Result<void> {
                               append(out.members.back().second, part);
                               return {};
                             },
                             [&]() -> Result<void> {
                               FUZZ_EXPECT(out.members.back().second.size() == out.members.back().first.size);
                               return {};
                             }});
  out.good = in_parts(archive, choices, 900, [&](ByteView part) { return reader.add(part).has_value(); }) && reader.finish().has_value();
  return out;
}

Bytes member_bytes(const station::TarMember& member, ByteView bytes) {
  Bytes out = station::tar_header(member, {1770000000}).value();
  append(out, bytes);
  out.resize(out.size() + station::tar_padding(member.size));
  return out;
}

station::Manifest manifest() {
  station::Manifest out{"south", "south/main", {1770000000}, {}};
  for (const char* name : {"side.toml", "card.note", "station/station.toml", "station/station.key", station::kRecordName})
    out.files[name] = {3, Digest{1}};
  return out;
}

}  // namespace

void run(ByteView input) {
  const Taken whole = take(input, nullptr);
  Choices choices(input);
  const Taken parts = take(input, &choices);
  FUZZ_EXPECT(whole.good == parts.good);
  if (whole.good) {
    FUZZ_EXPECT(whole.members == parts.members);
    std::size_t size = station::tar_end().size();
    for (const auto& [member, bytes] : whole.members) {
      const auto header = station::tar_header(member, {0});
      FUZZ_EXPECT(header.has_value());
      size += header->size() + bytes.size() + station::tar_padding(member.size);
    }
    FUZZ_EXPECT(size <= input.size());
  }
  if (const auto read = station::parse_manifest(text_of(input))) {
    const auto again = station::parse_manifest(station::write_manifest(*read));
    FUZZ_EXPECT(again && again->side == read->side && again->station == read->station && again->made == read->made &&
                again->files == read->files);
    for (const auto& [name, file] : read->files) FUZZ_EXPECT(name == station::kRecordName || station::is_kept_file(name));
  }
}

Seeds seeds() {
  const Bytes text = to_bytes(as_bytes(station::write_manifest(manifest())));
  Bytes archive = member_bytes({station::kManifestName, text.size()}, text);
  append(archive, member_bytes({"station/pairs/north.key", 3}, Bytes{1, 2, 3}));
  append(archive, member_bytes({"officers/kim.age", 0}, {}));
  append(archive, station::tar_end());
  return {{"manifest", text}, {"archive", archive}, {"cut", Bytes(archive.begin(), archive.begin() + 1030)}};
}

}  // namespace detente::fuzz
