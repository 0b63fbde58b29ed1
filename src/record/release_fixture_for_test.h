// A text that two sides agreed on in the accord line of World: the ground on which released announcements are verified in tests.
#pragma once

#include <string>
#include <vector>

#include "record/extract_fixture_for_test.h"
#include "record/proposal_body.h"
#include "record/release_file.h"
#include "wire/cbor.h"

namespace detente::record::test {

inline constexpr OfficerId kEnvoy{5};
inline constexpr WallTime kInstant{kBegin + 3600};

// South proposes on the accord line, and north accepts.
class Agreement {
 public:
  Agreement() {
    for (const bool own : {true, false}) {
      world.reader.log_by_key[world.log(kAccordLine, own)];
      accord::Roster& roster = own ? world.south_roster : world.north_roster;
      accord::Credential envoy = roster.by_number(kDuty)->credential;
      envoy.number = kEnvoy;
      envoy.lines.reset();
      (void)roster.add(accord::issue_credential(envoy, world.keys(own).root).value()).value();
    }
    what.core = "The lines are open again.";
    what.mode = AnnouncementMode::kUnseen;
    what.text = announced_text_digest(salt, as_bytes(text));
    what.other = crypto::sha256(as_bytes("theirs"));
  }

  Entry proposal() {
    wire::CborWriter body;
    body.array(4).uint(static_cast<std::uint64_t>(Matter::kAnnouncement)).bytes(announcement_content(what)).uint(kInstant.seconds).null();
    return signed_entry(true, kProposal, body.take(), {});
  }
  // To the newest proposal, which is in its place.
  Entry answer(std::uint64_t act) {
    const LogKey log = world.log(kAccordLine, true);
    const StoredEntry& newest = world.reader.log_by_key[log].entries.back();
    wire::CborWriter body;
    body.array(1).uint(act);
    return signed_entry(false, kProposalAnswer, body.take(), {{Whose::kOthers, log.epoch, newest.index, newest.leaf}});
  }
  void agree(const Entry& proposed, std::uint64_t act = 0) {
    world.append(kAccordLine, true, proposed);
    world.close(kAccordLine, true, true);
    world.append(kAccordLine, false, answer(act));
    world.close(kAccordLine, false, true);
  }
  void agree(std::uint64_t act = 0) { agree(proposal(), act); }

  // South's own text, released at the minute. Everything on the accord line is in evidence.
  ReleaseFile file() const {
    std::vector<ExtractChoice> choices;
    for (const bool own : {true, false}) {
      const LogKey log = world.log(kAccordLine, own);
      for (const StoredEntry& entry : world.reader.log_by_key.at(log).entries) choices.push_back({log, entry.index});
    }
    const Bytes evidence = world.extract(choices).value();
    return {"south", what.core, what.mode, kInstant, kInstant, what.text, what.other, salt, evidence, text};
  }

  World world;
  Announcement what;
  AnnouncementSalt salt{7};
  std::string text = "Today at ten both sides took up the receivers.\n\nThe ministry.\n";

 private:
  Entry signed_entry(bool own, Kind kind, Bytes body, std::vector<Reference> references) {
    Entry entry = world.message(kAccordLine, "");
    entry.header.kind = kind;
    entry.header.body_form = BodyForm::kCbor;
    entry.header.author = kEnvoy;
    entry.header.references = std::move(references);
    entry.body = std::move(body);
    entry.signatures.push_back(sign_entry(entry.header, entry.body, world.in_force.digest, 1, kEnvoy, ++counter_,
                                          world.keys(own).officer));
    return entry;
  }

  std::uint64_t counter_ = kBegin;
};

}  // namespace detente::record::test
