#include "core/contact.h"

#include <algorithm>

#include "crypto/hash.h"
#include "wire/reader.h"

namespace detente::core {

namespace {
constexpr std::uint8_t kDigestWanted = 0x01;
constexpr std::uint8_t kAnswer = 0x02;
constexpr std::size_t kTagsMax = 16;
}  // namespace

bool Contact::made() const {
  return std::all_of(lines_->begin(), lines_->end(),
                     [](const auto& line) { return line.second->contact_made(); });
}

std::vector<Line*> Contact::most_urgent_first(const Lines& lines) {
  std::vector<Line*> out;
  for (const auto& [id, line] : lines) out.push_back(line.get());
  std::stable_sort(out.begin(), out.end(), [](const Line* a, const Line* b) { return a->most_urgent_sent() > b->most_urgent_sent(); });
  return out;
}

ByteArray<4> Contact::digest_as(Whose whose) const {
  Bytes all;
  for (const auto& [id, line] : *lines_) {
    append_be(all, id.value, 2);
    // What they hold and have receipts for is what we have receipts for and hold.
    if (whose == Whose::kTheirs) line->append_receipted(all);
    line->append_held(all);
    if (whose == Whose::kOurs) line->append_receipted(all);
  }
  return *to_array<4>(ByteView(crypto::sha256({ByteView(all)})).first(4));
}

ByteArray<4> Contact::digest() const { return digest_as(Whose::kOurs); }

void Contact::told(Context& context, const ByteArray<4>& theirs) {
  differs_ = theirs != digest_as(Whose::kTheirs);
  if (differs_) {
    ask_states(context);
  } else {
    for (Line* line : most_urgent_first(*lines_)) line->make_contact(context);
  }
  pursue(context);
}

void Contact::not_told(Context& context) {
  if (made()) return;
  tries_ = 0;
  next_try_ = context.now.mono;  // by frame, at once
}

void Contact::ask_states(Context& context) {
  std::vector<wire::Frame> frames;
  for (const auto& [id, line] : *lines_) frames.push_back(line->state_frame(context, !line->contact_made()));
  static_cast<void>(link_->send(context, frames, {}));
}

void Contact::on_frame(Context& context, ByteView body, std::uint64_t session) {
  wire::ByteReader reader(body);
  const auto flags = reader.u8();
  const auto digest = reader.take(4);
  if (!flags || !digest || *flags == 0 || *flags > 3 || !frames_.take(context.now.mono)) return;
  if ((*flags & kDigestWanted) != 0) {
    std::vector<wire::SessionTag> tags;
    while (reader.left() >= 2 && tags.size() < kTagsMax)
      tags.push_back(static_cast<wire::SessionTag>(*reader.be(2)));
    link_->leave_sessions_except(tags, session);
    wire::Frame answer{wire::FrameType::kContact, wire::FrameClass::kLive, false, {kAnswer}};
    append(answer.body, this->digest());
    static_cast<void>(link_->send(context, {std::move(answer)}, {}));
    for (Line* line : most_urgent_first(*lines_)) line->resume(context);
    if (*flags == kDigestWanted) return;  // it was not told yet what we hold; what it holds may still change
  }
  told(context, *to_array<4>(*digest));
}

void Contact::pursue(Context& context) {
  if (made()) {
    next_try_.reset();
    tries_ = 0;
  } else if (link_->ready() && !next_try_) {
    next_try_ = context.now.mono + link_->timeout(0);
  }
}

void Contact::on_deadline(Context& context) {
  if (!next_try_ || context.now.mono < *next_try_) return;
  next_try_.reset();
  if (made() || !link_->ready()) return;
  next_try_ = context.now.mono + link_->timeout(++tries_);
  if (tries_ % 3 == 0) link_->no_answer(context);
  if (differs_) return ask_states(context);
  wire::Frame ask{wire::FrameType::kContact, wire::FrameClass::kLive, false, {kDigestWanted}};
  append(ask.body, digest());
  const auto tags = link_->session_tags();
  // The newest, if there are more.
  for (std::size_t i = tags.size() - std::min(tags.size(), kTagsMax); i < tags.size(); ++i)
    append_be(ask.body, tags[i], 2);
  static_cast<void>(link_->send(context, {std::move(ask)}, {}));
}

std::optional<Instant> Contact::next_deadline() const {
  return link_->ready() ? next_try_ : std::nullopt;
}

}  // namespace detente::core
