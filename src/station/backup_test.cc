#include "station/backup.h"

#include <gtest/gtest.h>

namespace detente::station {
namespace {

Manifest some() {
  Manifest out{"south", "south/main", WallTime{1'795'533'000}, {}};
  for (const char* name : {"side.toml", "card.note", "station/station.toml", "station/station.key",
                           "station/record.db", "station/watch.log", "station/pairs/north.key", "station/announcements/texts/00ff", "officers/kim.age",
                           "accords/north/accord.note", "accords/north/2/accord.note", "accords/north/in-force",
                           "bulletins/south/1.cbor"}) {
    Manifest::File& file = out.files[name];
    file.size = out.files.size();
    file.sha256.fill(static_cast<std::uint8_t>(file.size));
  }
  return out;
}

TEST(Backup, ManifestIsReadAsWritten) {
  const Manifest manifest = some();
  const auto back = parse_manifest(write_manifest(manifest));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->side, manifest.side);
  EXPECT_EQ(back->station, manifest.station);
  EXPECT_EQ(back->made, manifest.made);
  EXPECT_EQ(back->files, manifest.files);
}

TEST(Backup, ALaterFormIsNamedAsSuch) {
  std::string text = write_manifest(some());
  text.replace(text.find("detente-backup/1"), 16, "detente-backup/2");
  const auto refused = parse_manifest(text);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::kUnsupported);
  EXPECT_NE(refused.error().message.find("detente-backup/2"), std::string::npos);
}

TEST(Backup, WhatDoesNotBelongIsRefused) {
  for (const char* name : {"vault/root.age", "station/anchor", "station/api.sock", "../side.toml",
                           "station/pairs/../anchor", "station/pairs/a/b.key", "station/pairs",
                           "cards", "accords/north", "accords/accord.note", "station/restored"}) {
    EXPECT_FALSE(is_kept_file(name)) << name;
    Manifest manifest = some();
    manifest.files[name] = {};
    const auto refused = parse_manifest(write_manifest(manifest));
    ASSERT_FALSE(refused) << name;
    EXPECT_EQ(refused.error().fault, Fault::kMalformed) << name;
  }
}

TEST(Backup, WhatAStationNeedsIsNotLeftOut) {
  for (const char* name : {"side.toml", "card.note", "station/station.toml", "station/station.key",
                           "station/record.db"}) {
    Manifest manifest = some();
    manifest.files.erase(name);
    const auto refused = parse_manifest(write_manifest(manifest));
    ASSERT_FALSE(refused) << name;
    EXPECT_NE(refused.error().message.find(name), std::string::npos);
  }
  for (const char* text : {"", "{}", "[]", "{\"format\":1}", "not json"})
    EXPECT_FALSE(parse_manifest(text)) << text;
}

}  // namespace
}  // namespace detente::station
