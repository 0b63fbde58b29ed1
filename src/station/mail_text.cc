#include "station/mail_text.h"

#include <algorithm>
#include <array>

#include "base/civil.h"
#include "wire/text.h"
#include "wire/utf8.h"

namespace detente::station {
namespace {

constexpr std::size_t kAddressBytesMax = 254;
// RFC 5322 section 2.1.1 bounds a line by 998 bytes and advises 78 characters; words are not broken
// for the advice alone.
constexpr std::size_t kLineBytesMax = 900;

bool is_alnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

// RFC 5322's dot-atom with fewer characters, and no first one that is an option's or a path's.
bool is_atoms(std::string_view text, std::string_view also) {
  return !text.empty() && is_alnum(text.front()) && is_alnum(text.back()) &&
         text.find("..") == text.npos && std::all_of(text.begin(), text.end(), [&](char c) {
           return is_alnum(c) || also.find(c) != also.npos;
         });
}

std::string date_text(WallTime time) {
  static constexpr std::array kDays = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
  static constexpr std::array kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const CivilDate date = date_of(time);
  return std::string(kDays[time.seconds / 86400 % 7]) + ", " + std::to_string(date.day) + " " +
         kMonths[date.month - 1] + " " + std::to_string(date.year) + " " +
         format_utc(time).substr(11, 8) + " +0000";
}

std::string header_text(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size() && out.size() < kMailSubjectBytesMax;) {
    const std::size_t begin = at;
    if (!wire::next_code_point(text, at)) ++at;
    const char c = text[begin];
    out += at - begin == 1 && c >= ' ' && c <= '~' ? c : '?';
  }
  return out;
}

// Where a text of more than `max` bytes can be cut: between two characters.
std::size_t cut_at(std::string_view text, std::size_t max) {
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t next = at;
    if (!wire::next_code_point(text, next)) ++next;
    if (next > max) break;
    at = next;
  }
  return at;
}

void add_line(std::string& out, std::string_view line) {
  do {
    const std::size_t size = cut_at(line, kLineBytesMax);
    out.append(line.substr(0, size)).append("\n");
    line.remove_prefix(size);
  } while (!line.empty());
}

std::string body_text(std::string_view body) {
  const std::string safe = wire::display_text(body);
  std::string_view rest = std::string_view(safe).substr(0, cut_at(safe, kMailBodyBytesMax));
  const bool is_cut = rest.size() < safe.size();
  std::string out;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    add_line(out, rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  if (is_cut) out += "(cut here: the rest is in the station)\n";
  return out;
}

}  // namespace

Result<void> check_mail_address(std::string_view address) {
  const std::size_t at = address.find('@');
  const bool good = address.size() <= kAddressBytesMax &&
                    is_atoms(address.substr(0, at), "._+=-") &&
                    (at == address.npos || is_atoms(address.substr(at + 1), ".-"));
  if (good) return {};
  return fail(Fault::kMalformed, "\"" + wire::display_line(address.substr(0, 80)) +
                                     "\" is no address that a mail can go to; write one alone, as "
                                     "duty@example.org, or a user of this machine");
}

Result<std::string> write_mail(const MailFields& fields) {
  DETENTE_TRY_VOID(check_mail_address(fields.to));
  return "To: " + fields.to + "\nSubject: " + header_text(fields.subject) +
         "\nDate: " + date_text(fields.date) +
         "\nMIME-Version: 1.0"
         "\nContent-Type: text/plain; charset=utf-8"
         "\nContent-Transfer-Encoding: 8bit"
         // RFC 3834: no holiday notice answers it.
         "\nAuto-Submitted: auto-generated"
         "\n\n" +
         body_text(fields.body);
}

std::vector<std::string> mail_command() { return {"/usr/sbin/sendmail", "-t", "-i"}; }

}  // namespace detente::station
