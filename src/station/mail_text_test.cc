#include "station/mail_text.h"

#include <gtest/gtest.h>

#include "base/civil.h"
#include "io/hook.h"
#include "wire/utf8.h"

namespace detente::station {
namespace {

MailFields example_fields() {
  return {"duty@example.org", "south: north did not answer",
          "The check call of 2026-11-26 09:00 was not answered.\n한글\n",
          parse_utc("2026-11-26T09:30:05Z").value()};
}

std::string head_of(const std::string& mail) { return mail.substr(0, mail.find("\n\n") + 1); }

std::size_t longest_line(const std::string& mail) {
  std::size_t longest = 0;
  for (std::size_t at = 0; at < mail.size();) {
    const std::size_t end = mail.find('\n', at);
    longest = std::max(longest, end - at);
    at = end + 1;
  }
  return longest;
}

TEST(MailText, IsWhatAMailerTakes) {
  EXPECT_EQ(write_mail(example_fields()).value(),
            "To: duty@example.org\n"
            "Subject: south: north did not answer\n"
            "Date: Thu, 26 Nov 2026 09:30:05 +0000\n"
            "MIME-Version: 1.0\n"
            "Content-Type: text/plain; charset=utf-8\n"
            "Content-Transfer-Encoding: 8bit\n"
            "Auto-Submitted: auto-generated\n"
            "\n"
            "The check call of 2026-11-26 09:00 was not answered.\n"
            "한글\n");
  EXPECT_TRUE(io::check_hook_command(mail_command()));
}

TEST(MailText, NamesTheWeekday) {
  for (const auto& [date, text] : {std::pair("1970-01-01T00:00:00Z", "Thu, 1 Jan 1970 00:00:00"),
                                   std::pair("2028-02-29T23:59:59Z", "Tue, 29 Feb 2028 23:59:59"),
                                   std::pair("2026-08-02T12:00:00Z", "Sun, 2 Aug 2026 12:00:00")}) {
    MailFields fields = example_fields();
    fields.date = parse_utc(date).value();
    EXPECT_NE(write_mail(fields)->find(std::string("\nDate: ") + text + " +0000\n"),
              std::string::npos)
        << text;
  }
}

TEST(MailText, NoSubjectBecomesAHeader) {
  const std::string honest = head_of(*write_mail(example_fields()));
  for (const std::string evil : {"alarm\nBcc: evil@example.org",
                                 "alarm\r\nBcc: evil@example.org\r\n\r\nbody", "alarm\rBcc: x",
                                 "alarm\xe2\x80\xa8"
                                 "Bcc: x",
                                 "alarm\x85"
                                 "Bcc: x",
                                 "a\tb",
                                 "a\x0b"
                                 "Bcc: x",
                                 "a\x7f"}) {
    MailFields fields = example_fields();
    fields.subject = evil;
    const std::string head = head_of(*write_mail(fields));
    EXPECT_EQ(std::count(head.begin(), head.end(), '\n'),
              std::count(honest.begin(), honest.end(), '\n'))
        << head;
    EXPECT_EQ(head.find("\nBcc"), std::string::npos) << head;
    EXPECT_TRUE(std::all_of(head.begin(), head.end(), [](char c) {
      return c == '\n' || (c >= ' ' && c <= '~');
    })) << head;
  }
  MailFields fields = example_fields();
  fields.subject = std::string("a\0b", 3) + "서울";
  EXPECT_NE(write_mail(fields)->find("Subject: a?b??\n"), std::string::npos) << "one a character";
  fields.subject = std::string(5000, 's');
  EXPECT_LT(longest_line(head_of(*write_mail(fields))), 998u);
}

TEST(MailText, NoAddressIsAListACommandOrAHeader) {
  for (const char* good : {"duty@example.org", "root", "a.b+c=d_e-f9@mail-1.example", "x@y"})
    EXPECT_TRUE(check_mail_address(good)) << good;
  for (const std::string bad : {"",
                                "@example.org",
                                "duty@",
                                "duty@@example.org",
                                "a@b@c",
                                "a@b, c@d",
                                "a b@c",
                                "a@b\n",
                                "a@b\nBcc: c@d",
                                "Duty <duty@example.org>",
                                "\"a\"@b",
                                "-Xlog@b",
                                "-t",
                                "|/bin/sh",
                                "/etc/x",
                                ":include:/x",
                                "a..b@c",
                                "a.@b",
                                "a@.b",
                                "a@b.",
                                "a@-b",
                                "한@b",
                                "a@b;c",
                                "a!b@c",
                                "a%b@c"}) {
    EXPECT_FALSE(check_mail_address(bad)) << bad;
    MailFields fields = example_fields();
    fields.to = bad;
    EXPECT_FALSE(write_mail(fields)) << bad;
  }
  EXPECT_FALSE(check_mail_address(std::string(255, 'a')));
}

TEST(MailText, NoBodyBreaksItsLinesOrItsEnd) {
  MailFields fields = example_fields();
  fields.body = "\n\nBcc: evil@example.org\r\n\x1b[31m\n.\nFrom here\n" + std::string("\0", 1);
  EXPECT_TRUE(write_mail(fields)->ends_with(
      "\n\n\n\nBcc: evil@example.org<U+000D>\n<U+001B>[31m\n.\nFrom here\n<U+0000>\n"))
      << *write_mail(fields);
  fields.body.clear();
  for (int i = 0; i < 1500; ++i) fields.body += "한";
  const std::string wide = *write_mail(fields);
  EXPECT_LT(longest_line(wide), 998u);
  EXPECT_TRUE(wire::valid_utf8(wide)) << "broken between characters";
  fields.body = std::string(100000, 'x');
  const std::string long_one = *write_mail(fields);
  EXPECT_LT(long_one.size(), io::kHookInputBytesMax);
  EXPECT_TRUE(long_one.ends_with("(cut here: the rest is in the station)\n"));
}

}  // namespace
}  // namespace detente::station
