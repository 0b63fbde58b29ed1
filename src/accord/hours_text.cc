#include "accord/hours_text.h"

#include "accord/annex.h"

namespace detente::accord {

Result<HoursText> parse_hours(std::string_view text) {
  DETENTE_TRY(document, TomlDocument::parse(text, "hours", kAnnexTextMax));
  auto root = document.root();
  HoursText out{read_hours(document, root), read_check_calls(document, root)};
  root.close();
  DETENTE_TRY_VOID(document.result());
  DETENTE_TRY_VOID(check_hours(out.calls, out.terms, "hours"));
  return out;
}

}  // namespace detente::accord
