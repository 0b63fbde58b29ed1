// A mail as a local mailer takes it on standard input (sendmail -t -i): RFC 5322
// headers and a plain text in UTF-8. The station speaks no SMTP.
//
// Nothing that is said in a mail can become a header or an address of it: the
// headers' values are printable ASCII on one line, whatever is put in, and the
// only address is the one that station.toml names. From and Message-ID are left
// to the mailer, which knows who sends.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace detente::station {

inline constexpr std::size_t kMailSubjectBytesMax = 200;
inline constexpr std::size_t kMailBodyBytesMax = 16 * 1024;

struct MailFields {
  std::string to;
  std::string subject;  // what is not printable ASCII becomes "?", what is too long is cut
  std::string body;     // made safe to show; cut, and said to be, above the limit
  WallTime date;
};

// "duty@example.org", or the name of a user of this machine. Letters, digits and . _ + = - before
// the @; no display name, no list, nothing that a mailer reads as a command.
Result<void> check_mail_address(std::string_view address);
// Lines end in LF, as mailers on standard input want. Fails for the address alone.
Result<std::string> write_mail(const MailFields& fields);
// The hook that sends it.
std::vector<std::string> mail_command();

}  // namespace detente::station
