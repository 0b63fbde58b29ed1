#include "line/release.h"

#include <gtest/gtest.h>

#include "line/exact_body_for_test.h"
#include "line/proposal.h"
#include "record/announcement.h"

namespace detente::line {
namespace {

TEST(Release, ReadsBackAndNoPartOfItDoes) {
  const Release release{WallTime{1'000}, crypto::sha256(as_bytes("text"))};
  EXPECT_EQ(parse_release_body(release_body(release)), release);
  expect_exact(release_body(release), parse_release_body);
}

class AnnouncementOffer : public testing::Test {
 protected:
  AnnouncementOffer() {
    what_.core = "The lines are open again.";
    proposal_.matter = Matter::kAnnouncement;
    proposal_.instant = WallTime{2'000};
    attached_ = {{crypto::sha256(as_bytes("root")), 100, "text/plain", ""}};
  }
  std::optional<Fault> fault() {
    proposal_.content = record::announcement_content(what_);
    record::Entry entry;
    entry.header.kind = record::kProposal;
    entry.header.time = WallTime{1'000};
    entry.header.entry_class = entry_class_;
    entry.header.body_form = record::BodyForm::kCbor;
    entry.header.attachments = attached_;
    entry.body = proposal_body(proposal_);
    entry.signatures.resize(1);
    const auto checked = check_proposal_act(entry);
    return checked ? std::optional<Fault>() : std::optional(checked.error().fault);
  }
  record::Announcement what_;
  Proposal proposal_;
  record::EntryClass entry_class_ = record::EntryClass::kLive;
  std::vector<record::Attachment> attached_;
};

TEST_F(AnnouncementOffer, CarriesTheTextThatIsShownAndNoOther) {
  EXPECT_FALSE(fault());
  what_.mode = record::AnnouncementMode::kShown;
  EXPECT_FALSE(fault());
  what_.mode = record::AnnouncementMode::kUnseen;
  EXPECT_EQ(fault(), Fault::kMalformed) << "attached all the same";
  attached_.clear();
  EXPECT_FALSE(fault());
  what_.mode = record::AnnouncementMode::kShown;
  EXPECT_EQ(fault(), Fault::kMalformed) << "not attached";
}

TEST_F(AnnouncementOffer, NamesAnInstantThatIsNotFarAway) {
  proposal_.instant = WallTime{1'000 + record::kAnnouncedAheadMax};
  EXPECT_FALSE(fault());
  proposal_.instant = WallTime{1'001 + record::kAnnouncedAheadMax};
  EXPECT_EQ(fault(), Fault::kMalformed);
  proposal_.instant = WallTime{1'000};
  EXPECT_EQ(fault(), Fault::kState) << "it has passed";
  proposal_.instant.reset();
  EXPECT_EQ(fault(), Fault::kMalformed);
}

TEST_F(AnnouncementOffer, IsNoDrillAndHasABound) {
  entry_class_ = record::EntryClass::kDrill;
  EXPECT_EQ(fault(), Fault::kMalformed);
  entry_class_ = record::EntryClass::kLive;
  attached_.front().length = record::kAnnouncedTextMax + 1;
  EXPECT_EQ(fault(), Fault::kLimit);
}

}  // namespace
}  // namespace detente::line
