#include "station/hook_book.h"

#include <gtest/gtest.h>

namespace detente::station {
namespace {

HookConfig command(HookOn on, std::string program, std::uint32_t after = 0) {
  HookConfig out;
  out.on = on;
  out.command = {std::move(program)};
  out.after_minutes = after;
  return out;
}

TEST(HookBook, EachHookThatFailsIsNamedUntilItWorks) {
  HookConfig mail;
  mail.mail = "duty@south.example";
  const std::vector<HookConfig> hooks = {command(HookOn::kAlarm, "/bin/ring"), command(HookOn::kEscalation, "/bin/ring", 10), mail};
  EXPECT_EQ(hook_name(0, hooks[0]), "hook 1, on alarm: /bin/ring");
  EXPECT_EQ(hook_name(1, hooks[1]), "hook 2, on escalation after 10 min: /bin/ring");
  EXPECT_EQ(hook_name(2, hooks[2]), "hook 3, on alarm: mail to duty@south.example");
  HookBook book(hooks);
  EXPECT_TRUE(book.failing().empty());
  EXPECT_FALSE(book.worked(hook_name(0, hooks[0])));
  book.failed(hook_name(2, hooks[2]), WallTime{100}, "ended with status 3");
  book.failed(hook_name(0, hooks[0]), WallTime{110}, "was killed: it ran longer than 1 s");
  book.failed(hook_name(0, hooks[0]), WallTime{120}, "ended with status 1");
  book.failed("hook 9, on alarm: /gone", WallTime{120}, "ended with status 1");
  const auto failing = book.failing();
  ASSERT_EQ(failing.size(), 2u) << "none that station.toml has no more";
  EXPECT_EQ(failing[0].hook, "hook 1, on alarm: /bin/ring");
  EXPECT_EQ(failing[0].since, WallTime{110});
  EXPECT_EQ(failing[0].last, WallTime{120});
  EXPECT_EQ(failing[0].times, 2u);
  EXPECT_EQ(failing[0].words, "ended with status 1");
  EXPECT_EQ(failing[1].words, "ended with status 3");
  EXPECT_TRUE(book.worked(hook_name(0, hooks[0])));
  EXPECT_EQ(book.failing().size(), 1u);
}

}  // namespace
}  // namespace detente::station
