#include "station/hook_event.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/civil.h"
#include "wire/utf8.h"

namespace detente::station {
namespace {

HookEvent example_event() {
  return {HookOn::kAlarm,
          7,
          "silence",
          "south/main",
          "north",
          "liaison",
          "north did not answer the check call of 09:00",
          parse_utc("2026-11-26T00:30:00Z").value()};
}

const HookConfig kBell{HookOn::kAlarm, {"/usr/local/bin/bell", "--loud"}, "", {}, 0, 30};
const HookConfig kMail{HookOn::kAlarm, {}, "duty@example.org", {}, 0, 20};

TEST(HookEvent, ACommandGetsVariablesAndOneObject) {
  const HookCall call = hook_call(kBell, example_event()).value();
  EXPECT_EQ(call.command.words, kBell.command) << "never data in the command line";
  EXPECT_EQ(call.command.time_limit, Duration(std::chrono::seconds(30)));
  EXPECT_EQ(call.input.environment,
            (std::map<std::string, std::string>{
                {"DETENTE_EVENT", "alarm"},
                {"DETENTE_ALARM", "7"},
                {"DETENTE_KIND", "silence"},
                {"DETENTE_STATION", "south/main"},
                {"DETENTE_COUNTERPART", "north"},
                {"DETENTE_LINE", "liaison"},
                {"DETENTE_WORDS", "north did not answer the check call of 09:00"},
                {"DETENTE_AT", "2026-11-26T00:30:00Z"}}));
  EXPECT_EQ(call.input.standard_input,
            R"({"event":"alarm","alarm":7,"kind":"silence","station":"south/main",)"
            R"("counterpart":"north","line":"liaison",)"
            R"("words":"north did not answer the check call of 09:00","at":1795653000})"
            "\n");
}

TEST(HookEvent, AMailIsForTheLocalMailer) {
  HookEvent event = example_event();
  event.words = "first\nBcc: evil@example.org\n\x1b[2J";
  event.kind = "sil\nBcc: evil@example.org";
  const HookCall call = hook_call(kMail, event).value();
  EXPECT_EQ(call.command.words, (std::vector<std::string>{"/usr/sbin/sendmail", "-t", "-i"}));
  const std::string& mail = call.input.standard_input;
  EXPECT_TRUE(
      mail.starts_with("To: duty@example.org\nSubject: detente south/main: alarm 7, "
                       "sil?Bcc: evil@example.org, north/liaison\nDate: "))
      << mail;
  const std::string head = mail.substr(0, mail.find("\n\n") + 1);
  EXPECT_EQ(head.find("\nBcc:"), std::string::npos) << head;
  EXPECT_NE(mail.find("\n\nfirst\nBcc: evil@example.org\n<U+001B>[2J\n"), std::string::npos)
      << mail;
}

TEST(HookEvent, SaysWhichAndWhere) {
  HookEvent event = example_event();
  event.on = HookOn::kSignOfLife;
  event.line.clear();
  EXPECT_NE(
      hook_call(kMail, event)->input.standard_input.find(": SIGN OF LIFE 7, silence, north\n"),
      std::string::npos);
  event.on = HookOn::kEscalation;
  event.counterpart.clear();
  EXPECT_NE(hook_call(kMail, event)
                ->input.standard_input.find(": NOBODY ACKNOWLEDGED alarm 7, silence\n"),
            std::string::npos);
}

TEST(HookEvent, AReleasedTextIsNamedByItsPath) {
  HookEvent event = example_event();
  event.on = HookOn::kAnnouncement;
  event.file = "/srv/south/station/announcements/north-own-3.txt";
  const HookCall call = hook_call({HookOn::kAnnouncement, {"/usr/local/bin/publish"}, "", {}, 0, 30}, event).value();
  EXPECT_EQ(call.input.environment.at("DETENTE_EVENT"), "announcement");
  EXPECT_EQ(call.input.environment.at("DETENTE_FILE"), event.file);
  EXPECT_NE(call.input.standard_input.find(R"("file":"/srv/south/station/announcements/north-own-3.txt"})"), std::string::npos);
  const HookCall mail = hook_call(kMail, event).value();
  EXPECT_NE(mail.input.standard_input.find("RELEASED announcement, agreed with north\n"), std::string::npos);
  EXPECT_NE(mail.input.standard_input.find("the text is in " + event.file), std::string::npos);
}

TEST(HookEvent, WhateverIsSaidTheRunnerTakesIt) {
  boost::asio::io_context context;
  io::HookRunner runner(context);
  HookEvent event = example_event();
  for (const std::string& words : {std::string(100000, 'x'), std::string(5000, '\0'),
                                  std::string(5000, '\xff'), std::string()}) {
    event.words = words;
    for (const HookConfig& hook :
         {HookConfig{HookOn::kAlarm, {"/bin/true"}, "", {}, 0, 20}, kMail}) {
      HookCall call = hook_call(hook, event).value();
      EXPECT_TRUE(wire::valid_utf8(call.input.standard_input));
      if (!hook.mail.empty()) continue;  // no mail is sent from here
      EXPECT_FALSE(nlohmann::json::parse(call.input.standard_input, nullptr, false).is_discarded());
      std::optional<io::HookOutcome> outcome;
      const auto started = runner.run(std::move(call.command), std::move(call.input),
                                      [&](const io::HookOutcome& out) { outcome = out; });
      ASSERT_TRUE(started) << started.error().message;
      while (!outcome && context.run_one_for(std::chrono::seconds(20)) > 0) {
      }
      ASSERT_TRUE(outcome);
      EXPECT_TRUE(outcome->good());
      context.restart();
    }
  }
}

TEST(HookEvent, AHookThatIsNoneIsRefused) { EXPECT_FALSE(hook_call(HookConfig(), example_event())); }

}  // namespace
}  // namespace detente::station
