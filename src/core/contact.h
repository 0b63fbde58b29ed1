// Contact: before a station that has just started signs anything, it learns what
// the other side holds of it; else a disk that was copied back from last month
// would sign a second history. spec/session.md section 8.
#pragma once

#include <map>
#include <memory>

#include "core/line.h"
#include "core/link.h"

namespace detente::core {

class Contact final : public ContactSource {
 public:
  using Lines = std::map<LineId, std::unique_ptr<Line>>;
  // Those whose entries without a receipt are the more urgent go first, where several lines send at once.
  static std::vector<Line*> most_urgent_first(const Lines& lines);

  // Borrowed; both outlive it.
  Contact(const Lines& lines, Link& link) : lines_(&lines), link_(&link) {}

  bool made() const override;
  ByteArray<4> digest() const override;
  void told(Context& context, const ByteArray<4>& digest) override;
  void not_told(Context& context) override;

  // A contact frame on the session of this serial.
  void on_frame(Context& context, ByteView body, std::uint64_t session);
  // A session is there, or a line made its contact.
  void pursue(Context& context);
  void on_deadline(Context& context);
  std::optional<Instant> next_deadline() const;

 private:
  // As this side computes it, or as the other side must if both know all of each other.
  enum class Whose { kOurs, kTheirs };
  ByteArray<4> digest_as(Whose whose) const;
  void ask_states(Context& context);

  const Lines* lines_;
  Link* link_;
  bool differs_ = false;  // the digests do: line by line
  Bucket frames_{16, 2, std::chrono::seconds(1)};  // each can draw all that is unreceipted on every line
  unsigned tries_ = 0;
  std::optional<Instant> next_try_;
};

}  // namespace detente::core
