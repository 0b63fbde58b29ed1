#include "core/amendment.h"

#include <algorithm>

#include "core/agreement_marks.h"

namespace detente::core {

namespace {

using record::Whose;

// So soon it is looked again whether the files are on the disk, so that the entry that names them may be written.
constexpr Duration kLookAgain = std::chrono::milliseconds(50);
// A disk that is full, or a queue, may have room later.
constexpr Duration kTryAgain = std::chrono::seconds(30);
constexpr const char* kMark = "accord-left";

}  // namespace

void Amendment::load(Context& context, record::Fence fence) {
  fence_ = fence;
  loaded_ = true;
  next_ = context.now.mono;
  const auto left = context.store.value(marks_key(kMark, *parts_.identity));
  left_noted_ = !parts_.identity->former || (left && equal(*left, parts_.identity->accord));
  if (left_noted_) parts_.link->note_former_accord_left();
}

void Amendment::note_left(Context& context) {
  left_noted_ = true;
  record::Batch batch;
  batch.fence = fence_;
  batch.writes.push_back(record::PutValue{marks_key(kMark, *parts_.identity), to_bytes(parts_.identity->accord)});
  const auto refused = [this](Context& then, const Error&) {
    left_noted_ = false;
    left_again_ = then.now.mono + kTryAgain;
  };
  context.effects.persist({std::move(batch)}, {}, refused, EffectQueue::Haste::kNone);
}

void Amendment::hold(Context& context, std::optional<Successor> successor) {
  successor_ = std::move(successor);
  due_ = false;
  parts_.link->set_successor(successor_ ? std::optional(successor_->what.accord) : std::nullopt);
  next_ = context.now.mono;
  advance(context);
}

bool Amendment::placed(const Digest& accord) const { return parts_.agreements->adopted(Whose::kAuthors, accord) != nullptr; }

bool Amendment::said(const Digest& accord) const {
  return placed(accord) || accord_line()->any_waiting([&](const record::Entry& entry) {
    const auto adoption = line::parse_adoption_body(entry.body);
    return entry.header.kind == record::kAdoption && adoption && adoption->accord == accord;
  });
}

void Amendment::say(Context& context, const line::Adoption& what, std::vector<record::Attachment> files) {
  record::Entry entry;
  entry.header.line = kAccordLine;
  entry.header.kind = record::kAdoption;
  entry.header.time = context.now.wall;
  entry.header.precedence = std::min(record::Precedence::kImmediate, accord_line()->setup().highest);
  entry.header.body_form = record::BodyForm::kCbor;
  entry.header.attachments = std::move(files);
  entry.body = line::adoption_body(what);
  if (!accord_line()->submit(context, std::move(entry))) next_ = context.now.mono + kTryAgain;
}

void Amendment::tell_other_side(Context& context) {
  const Bytes& bundle = successor_->bundle;
  const Digest root = record::blob_root(bundle);
  const auto here = context.store.blob({parts_.identity->lineage, parts_.identity->counterpart, true, root});
  if (here && here->state != record::BlobState::kFilling)
    return say(context, successor_->what, {{root, bundle.size(), line::kBundleMediaType, ""}});
  if (parts_.documents->is_being_put(root)) {
    next_ = context.now.mono + kLookAgain;
    return;
  }
  // What was handed over, or the word that it is whole, was refused: the disk may have room later.
  const bool refused = std::exchange(handed_over_, false);
  if (!refused) handed_over_ = parts_.documents->put(context, {root, bundle.size(), kAccordLine, 0, bundle}).has_value();
  next_ = context.now.mono + (handed_over_ ? kLookAgain : kTryAgain);
}

void Amendment::advance(Context& context) {
  if (!loaded_) return;
  if (!left_noted_ && context.now.mono >= left_again_ && parts_.link->former_accord_left()) note_left(context);
  const bool look = next_ && *next_ <= context.now.mono;
  if ((!successor_ && !look) || due_ || std::exchange(advancing_, true)) return;
  if (look) next_.reset();
  // Who lost this with its disk says it again; the other side has the files.
  const PairIdentity& identity = *parts_.identity;
  if (look && identity.former && !said(identity.accord))
    say(context, {identity.accord_version, identity.accord}, {});
  if (successor_) {
    const Digest& accord = successor_->what.accord;
    if (look && !said(accord)) tell_other_side(context);
    if (parts_.link->successor_in_use() || parts_.agreements->adopted(Whose::kOthers, accord) != nullptr) {
      due_ = true;
      context.effects.notify(AccordDue{identity.peer, accord});
    }
  }
  const bool waits = (identity.former && !placed(identity.accord)) || (successor_ && !placed(successor_->what.accord));
  if (due_) next_.reset();  // hold() looks again
  else if (look && !next_ && waits) next_ = context.now.mono + kTryAgain;  // its commit may be refused
  advancing_ = false;
}

}  // namespace detente::core
