// Two stations that talk by files, and the network between them off or on: what the courier's tests share.
#pragma once

#include <gtest/gtest.h>

#include "sim/names_for_test.h"
#include "sim/quiet_pair.h"

namespace detente::sim {

inline constexpr LineId kDeniable{2};

class Files : public testing::Test {
 protected:
  Files() : pair_(47) {
    pair_.tamper = [this](std::size_t, Bytes datagram) -> std::optional<Bytes> {
      if (dark_) return std::nullopt;
      return datagram;
    };
  }

  const core::Line& line(std::size_t side, LineId id = kLine) {
    return *pair_.station(side).peer(PeerId{0}).line(id);
  }
  bool contact(std::size_t side) { return pair_.station(side).peer(PeerId{0}).contact_made(); }
  std::uint64_t held(std::size_t side, LineId id = kLine) { return line(side, id).far().durable_size(); }
  std::uint64_t receipted(std::size_t side, LineId id = kLine) { return line(side, id).own().receipted_size(); }
  void say(std::size_t side, const std::string& text, LineId id = kLine,
           record::Precedence precedence = record::Precedence::kRoutine) {
    ASSERT_TRUE(pair_.say(side, id, text, precedence));
    pair_.settle();
  }
  record::Entry cut_of_the_line(std::size_t side, const std::string& reason) {
    record::Entry cut;
    cut.header.kind = record::kRegister;
    cut.header.body_form = record::BodyForm::kCbor;
    cut.header.precedence = record::Precedence::kFlash;
    cut.header.time = pair_.now(side).wall;
    cut.header.author = OfficerId{1};
    cut.signatures.push_back({OfficerId{1}, 1, 1, {}});
    cut.body = line::cut_body({{{kLine, 1}}, line::kAllMedia, {}, reason});
    return cut;
  }
  void expect_no_alarm() {
    for (std::size_t side : {0u, 1u})
      for (const std::string& alarm : alarms(side)) ADD_FAILURE() << side << ": " << alarm;
  }
  core::CourierPacked pack(std::size_t side) {
    auto packed = pair_.pack(side);
    EXPECT_TRUE(packed) << packed.error().message;
    return packed ? *packed : core::CourierPacked{};
  }
  core::CourierTaken take(std::size_t side, const Bytes& file) {
    auto taken = pair_.take(side, file);
    EXPECT_TRUE(taken) << taken.error().message;
    return taken ? *taken : core::CourierTaken{};
  }
  Error refused(std::size_t side, const Bytes& file) {
    auto taken = pair_.take(side, file);
    EXPECT_FALSE(taken);
    return taken ? Error{} : taken.error();
  }
  // A file from there to here; what it brought to the line.
  core::CourierLine carry(std::size_t from, LineId id = kLine) {
    const core::CourierTaken taken = take(1 - from, pack(from).file);
    for (const core::CourierLine& one : taken.lines)
      if (one.line == id) return one;
    return {};
  }
  void meet() {
    pair_.start();
    pair_.run(std::chrono::minutes(1));
    ASSERT_TRUE(contact(0) && contact(1));
    go_dark();
  }
  void go_dark() {
    dark_ = true;
    pair_.run(std::chrono::minutes(1));
    alarms(0);
    alarms(1);
  }
  // Both have never heard each other on a path, and have by files.
  void meet_by_files() {
    dark_ = true;
    pair_.start();
    carry(0);
    carry(1);
    carry(0);
    ASSERT_TRUE(contact(0) && contact(1));
  }
  void restart(std::size_t side) {
    pair_.stop(side);
    pair_.start(side);
    pair_.settle();
  }
  std::vector<std::string> alarms(std::size_t side) {
    std::vector<std::string> out;
    for (const core::DeskEvent& event : pair_.take_events(side))
      if (const auto* alarm = std::get_if<core::Alarm>(&event)) out.push_back(alarm->text);
    return out;
  }
  std::vector<Digest> leaves(std::size_t side, bool own, LineId id = kLine) {
    const record::LogKey key = own ? line(side, id).own().key() : line(side, id).far().key();
    std::vector<Digest> out;
    for (const auto& entry : pair_.store(side).entries(key, 0, UINT64_MAX, 10000)) out.push_back(entry.leaf);
    return out;
  }
  void expect_same_record(LineId id = kLine) {
    for (std::size_t side : {0u, 1u}) {
      EXPECT_EQ(leaves(side, true, id), leaves(1 - side, false, id)) << "log of side " << side;
      EXPECT_EQ(line(side, id).queued(), 0u);
    }
  }

  QuietPair pair_;
  bool dark_ = false;
};

}  // namespace detente::sim
