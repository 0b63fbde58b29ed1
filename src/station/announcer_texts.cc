// Announcer: the texts of this side's, and what a desk may sign for.
#include <spdlog/spdlog.h>

#include "record/blob.h"
#include "station/announcer.h"
#include "station/proposals.h"
#include "wire/text.h"

namespace detente::station {

namespace {

using record::AnnouncementMode;
using record::Whose;

// What ended a proposal may yet count for nothing, when its officer is revoked: so long its text is kept.
constexpr std::uint32_t kAfterItsEnd = 72 * 3600;
// Of what an officer keeps here and signs, perhaps with others, or does not; and of an offer whose hour nobody answered.
constexpr std::uint32_t kUnsigned = 30 * 86'400;
constexpr Duration kBetweenLooks = std::chrono::seconds(10);
constexpr std::size_t kSaltDigits = 2 * sizeof(record::AnnouncementSalt);

std::optional<record::Announcement> announcement_in(const record::Entry& entry) {
  const auto proposal = line::parse_proposal_body(entry.body);
  if (!proposal || proposal->matter != line::Matter::kAnnouncement) return std::nullopt;
  auto what = record::parse_announcement_content(proposal->content);
  return what ? std::optional(std::move(*what)) : std::nullopt;
}

}  // namespace

io::Path Announcer::text_file(const Digest& digest) const {
  return running_.dir.announced_texts_dir() / to_hex(digest);
}

// The salt in hexadecimal digits, LF, the text.
Result<void> Announcer::save_text(const record::AnnouncementSalt& salt, const std::string& text, const Digest& digest) {
  DETENTE_TRY_VOID(io::make_directory(running_.dir.announced_texts_dir()));
  return io::write_file(text_file(digest), as_bytes(to_hex(salt) + "\n" + text), io::kSecretMode);
}

Result<Announcer::KeptText> Announcer::kept_text(const Digest& digest) const {
  const auto bytes = io::read_file(text_file(digest), record::kAnnouncedTextMax + kSaltDigits + 1);
  if (!bytes && bytes.error().fault == Fault::kNotFound)
    return fail(Fault::kNotFound, "the text is not at this station any more (" + text_file(digest).string() + "): put the file back from your copy");
  if (!bytes) return tl::unexpected<Error>(bytes.error());
  const std::string all = as_string(*bytes);
  const auto salt_bytes = from_hex(std::string_view(all).substr(0, kSaltDigits));
  const auto salt = salt_bytes ? to_array<sizeof(record::AnnouncementSalt)>(*salt_bytes) : std::nullopt;
  if (!salt || all.size() <= kSaltDigits + 1) return fail(Fault::kMalformed, text_file(digest).string() + ": not a text as this station keeps them");
  KeptText out{*salt, all.substr(kSaltDigits + 1)};
  if (record::announced_text_digest(out.salt, as_bytes(out.text)) != digest)
    return fail(Fault::kConflict, text_file(digest).string() + ": it is not the text that was signed for; put the right one back");
  return out;
}

// Every digest that a proposal names for this side, and whether something still needs its text.
void Announcer::note_needed(const Counterpart& counterpart, std::map<Digest, bool>& needed) const {
  const core::Peer& peer = this->peer(counterpart);
  const core::Agreements& agreements = peer.agreements();
  const std::uint64_t now = running_.driver->now().wall.seconds;
  for (const line::ActPlace& at : agreements.book().proposals()) {
    const auto text = agreements.announced_text(at, Whose::kAuthors);
    const auto outcome = agreements.book().outcome(at);
    if (!text || !outcome) continue;
    bool& wanted = needed[*text];
    const bool out = peer.announcements().state(at).stage == core::Announcements::Stage::kReleased;
    // What took an offer's place names its text, or another.
    if (wanted || out || outcome->state == line::ProposalState::kReplaced || agreements.released(at, Whose::kAuthors) != nullptr) continue;
    const bool offered = outcome->state == line::ProposalState::kOffered;
    const auto ended = offered ? agreements.book().find(at)->instant : agreements.book().time_of(outcome->decided_at);
    const std::uint64_t still = offered ? kUnsigned : kAfterItsEnd;
    wanted = outcome->state == line::ProposalState::kAccepted || !ended || now < ended->seconds + still;
  }
  running_.line(counterpart.peer, kAccordLine).any_waiting([&](const record::Entry& entry) {
    if (const auto what = announcement_in(entry)) needed[what->text] = true;
    return false;
  });
}

void Announcer::drop_texts() {
  const Now now = running_.driver->now();
  if (now.mono < texts_looked_at_ + kBetweenLooks) return;
  texts_looked_at_ = now.mono;
  const auto names = io::list_files(running_.dir.announced_texts_dir());
  if (!names || names->empty()) return;
  std::map<Digest, bool> needed;
  for (const auto& counterpart : running_.counterparts) note_needed(*counterpart, needed);
  for (const std::string& name : *names) {
    const auto bytes = from_hex(name);
    const auto digest = bytes ? to_array<sizeof(Digest)>(*bytes) : std::nullopt;
    if (!digest) continue;
    const io::Path file = text_file(*digest);
    const auto known = needed.find(*digest);
    const auto written = io::written_at(file);
    const bool drop = known != needed.end() ? !known->second
                                            : written && now.wall.seconds > std::uint64_t{written->seconds} + kUnsigned;
    if (!drop) continue;
    const auto gone = io::remove_file(file);
    if (!gone) log_.warn("a text that nothing needs any more was not removed: {}", gone.error().message);
    else log_.info("the text {} is dropped: nothing needs it any more", name);
  }
}

Result<Json> Announcer::keep_text(const Json& request) {
  DETENTE_TRY(in, JsonReader::of(request, "announcement"));
  const auto bytes = in.base64("text");
  const auto mode = record::announcement_mode_from(in.text("mode").value_or(""));
  DETENTE_TRY_VOID(in.close());
  if (!bytes || !mode) return fail(Fault::kMalformed, "announcement: \"text\" in base64, \"mode\" identical, shown or unseen");
  const std::string text = as_string(*bytes);
  DETENTE_TRY_VOID(record::check_announced_text(text));
  record::AnnouncementSalt salt{};
  if (*mode == AnnouncementMode::kUnseen) running_.random.fill(salt);
  const Digest digest = record::announced_text_digest(salt, as_bytes(text));
  DETENTE_TRY_VOID(save_text(salt, text, digest));
  return Json{{"ok", true}, {"digest", to_hex(digest)}, {"salt", to_hex(salt)}};
}

// What the other side attached to its proposal, and named in it.
Result<std::string> Announcer::shown_text(const Counterpart& counterpart, const line::ActPlace& at) const {
  const core::Agreements& agreements = peer(counterpart).agreements();
  const auto named = agreements.announced_text(at, agreements.whose(at));
  const auto entry = proposal_entry(running_, counterpart, at);
  if (!named || !entry || entry->header.attachments.size() != 1)
    return fail(Fault::kState, "the proposal was to show its text, and none is attached: reject it");
  const record::BlobKey key{counterpart.accord.lineage, counterpart.name(), agreements.whose(at) == Whose::kAuthors,
                            entry->header.attachments.front().digest};
  const auto whole = running_.whole_document(key, record::kAnnouncedTextMax);
  if (!whole) return fail(Fault::kState, "their text has not arrived yet: wait until `detente announce show` shows it");
  if (record::announced_text_digest({}, *whole) != *named)
    return fail(Fault::kConflict, "the text that they show is not the one that they signed for: the two differ. Reject the proposal");
  const std::string text = as_string(*whole);
  DETENTE_TRY_VOID(record::check_announced_text(text));
  return text;
}

Result<void> Announcer::check_offer(const Counterpart& counterpart, const record::Entry& entry) {
  const auto what = announcement_in(entry);
  if (!what) return {};
  DETENTE_TRY(kept, kept_text(what->text));
  if (what->mode != AnnouncementMode::kUnseen) {
    const record::Attachment& shown = entry.header.attachments.front();
    if (kept.salt != record::AnnouncementSalt{} || shown.digest != record::blob_root(as_bytes(kept.text)) || shown.length != kept.text.size())
      return fail(Fault::kConflict, "the text that is attached is not the one that is signed for");
  }
  if (!what->other) return {};
  const core::Agreements& agreements = peer(counterpart).agreements();
  const auto on = agreements.target(Whose::kAuthors, entry.header);
  const auto theirs = on ? agreements.announced_text(*on, Whose::kOthers) : std::nullopt;
  if (!theirs || *theirs != *what->other)
    return fail(Fault::kConflict, "the announcement names a text of the other side's that it has not offered: answer their proposal");
  if (what->mode != AnnouncementMode::kShown) return {};
  DETENTE_TRY(read, shown_text(counterpart, *on));
  static_cast<void>(read);
  return {};
}

// Whoever accepts has read what he was to be shown, and has what he is to release.
Result<void> Announcer::check_acceptance(const Counterpart& counterpart, const record::Entry& entry) {
  DETENTE_TRY(answer, line::parse_answer_body(entry.body));
  const core::Agreements& agreements = peer(counterpart).agreements();
  const auto on = agreements.target(Whose::kAuthors, entry.header);
  const line::Proposal* proposal = on ? agreements.book().find(*on) : nullptr;
  if (answer.act != line::AnswerAct::kAccept || proposal == nullptr || proposal->matter != line::Matter::kAnnouncement) return {};
  DETENTE_TRY(what, record::parse_announcement_content(proposal->content));
  if (what.mode != AnnouncementMode::kUnseen) {
    DETENTE_TRY(theirs, shown_text(counterpart, *on));
    if (what.mode == AnnouncementMode::kIdentical) return save_text({}, theirs, what.text);
  }
  const auto own = agreements.announced_text(*on, Whose::kAuthors);
  if (!own) return {};  // the core says what to do
  DETENTE_TRY(kept, kept_text(*own));
  static_cast<void>(kept);
  return {};
}

Result<void> Announcer::check_submission(const Counterpart& counterpart, const record::Entry& entry) {
  return entry.header.kind == record::kProposal ? check_offer(counterpart, entry) : check_acceptance(counterpart, entry);
}

}  // namespace detente::station
