#include "wire/utf8.h"

#include <utf8proc.h>

namespace detente::wire {

std::optional<char32_t> next_code_point(std::string_view text, std::size_t& at) {
  const std::string_view rest = text.substr(at, 4);  // no form is longer
  utf8proc_int32_t point = -1;
  const utf8proc_ssize_t used =
      utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(rest.data()),
                       static_cast<utf8proc_ssize_t>(rest.size()), &point);
  if (used <= 0 || point < 0) return std::nullopt;
  at += static_cast<std::size_t>(used);
  return static_cast<char32_t>(point);
}

bool valid_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    if (!next_code_point(text, at)) return false;
  }
  return true;
}

}  // namespace detente::wire
