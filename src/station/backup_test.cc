#include "station/backup.h"

#include <gtest/gtest.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "io/descriptor.h"
#include "io/sqlite_test_folder.h"
#include "station/replace_directory.h"

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

std::string text_in(const io::Path& directory) {
  const auto bytes = io::read_file(directory / "text", 100);
  return bytes ? std::string(as_string(*bytes)) : "none";
}

// The kernel tells of each name in the order in which it changes.
TEST(Backup, AReplacedDirectoryIsNeverAbsentAndTheOldOneIsKept) {
  const io::TestFolder folder;
  const io::Path fresh = folder.file("fresh"), to = folder.file("south"), aside = folder.file("aside");
  for (const auto& [path, text] : {std::pair(fresh, "new"), std::pair(to, "old")}) {
    ASSERT_TRUE(io::make_directory(path));
    ASSERT_TRUE(io::write_file(path / "text", as_bytes(text), io::kSecretMode));
  }
  const io::Descriptor watch(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  ASSERT_TRUE(watch);
  ASSERT_GE(::inotify_add_watch(watch.get(), to.parent_path().c_str(), IN_MOVED_FROM | IN_MOVED_TO), 0);
  const auto done = replace_directory(fresh, to, aside);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(text_in(to), "new");
  EXPECT_EQ(text_in(aside), "old");
  EXPECT_FALSE(io::exists(fresh));

  alignas(inotify_event) char events[4096];
  const ssize_t size = ::read(watch.get(), events, sizeof(events));
  ASSERT_GT(size, 0);
  std::vector<std::uint32_t> of_it;
  for (ssize_t at = 0; at < size;) {
    const auto* event = reinterpret_cast<const inotify_event*>(events + at);
    if (std::string(event->name) == "south") of_it.push_back(event->mask & (IN_MOVED_FROM | IN_MOVED_TO));
    at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
  }
  // Taken by the new one before the old one left it.
  EXPECT_EQ(of_it, (std::vector<std::uint32_t>{IN_MOVED_TO, IN_MOVED_FROM}));
}

TEST(Backup, ADirectoryThatCannotBeReplacedStaysAndSoDoesTheNewOne) {
  const io::TestFolder folder;
  const io::Path fresh = folder.file("fresh"), to = folder.file("none"), aside = folder.file("aside");
  ASSERT_TRUE(io::make_directory(fresh));
  ASSERT_TRUE(io::write_file(fresh / "text", as_bytes("new"), io::kSecretMode));
  EXPECT_FALSE(replace_directory(fresh, to, aside));
  EXPECT_EQ(text_in(fresh), "new");
  EXPECT_FALSE(io::exists(aside));
}

}  // namespace
}  // namespace detente::station
