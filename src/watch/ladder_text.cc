#include "watch/ladder_text.h"

#include <algorithm>

namespace detente::watch {
namespace {

// What to do stands beside what is known, and never says more than is known.
constexpr const char* kKeepOn =
    "Nothing here is to be repaired. The station goes on trying by itself; use another channel for "
    "what cannot wait, and note the hour.";

// It sees its own interfaces, and not what stands behind them in this house.
constexpr const char* kLookAround =
    "This machine finds no fault of its own. Have what stands between it and the way to them looked at on this side (switch, "
    "router, modem). The station goes on trying by itself; use another channel for what cannot wait, and note the hour.";

// A station that starts knows the configured addresses alone: where both ends have old ones, neither finds the other.
std::string address_to_do(const LadderFacts& facts, const PathFacts& path) {
  std::string out = "for " + path.name + " this station has " + (path.configured.empty() ? "an address of theirs" : path.configured);
  if (path.moved_to) out += ", and heard them last from " + *path.moved_to;
  return out + ". Another is entered here with: detente station path " + facts.far + " " + path.name +
         " --to ADDRESS:PORT, and a new start of this station";
}

constexpr const char* kByFile = "what has to reach them goes by file (detente courier export)";

std::string ago(const std::optional<Duration>& age) {
  return age ? " (" + span_text(*age) + " ago)" : "";
}

// "North was heard last at ...".
std::string heard_start(const LadderFacts& facts) {
  return facts.station.heard ? sentence_start(facts.far) + " was " + heard_text(facts)
                             : sentence_start(heard_text(facts));
}

// "The line goes on by path2", where another path makes up for it.
std::string made_up(const Judged& judged, const JudgedPath* trouble) {
  if (!judged.contact) return "";
  for (const JudgedPath& path : judged.paths)
    if (&path != trouble && path.finding.out.known == Known::kGood &&
        path.finding.in.known == Known::kGood)
      return " The line goes on by " + path.finding.name + ".";
  return "";
}

template <typename Test>
const JudgedPath* find_path(const Judged& judged, Test test) {
  const auto at = std::find_if(judged.paths.begin(), judged.paths.end(), test);
  return at == judged.paths.end() ? nullptr : &*at;
}

std::string unplugged_words(const Judged& judged) {
  std::string out;
  if (judged.paths.empty())
    out =
        "This station has none of the paths that the line may take: station.toml names none of "
        "them.";
  const JudgedPath* last = nullptr;
  for (const JudgedPath& path : judged.paths) {
    if (!path.facts->own) continue;
    last = &path;
    out += (out.empty() ? "" : " ") + std::string("This machine cannot send on ") +
           path.finding.name + " since " + since_text(judged.facts, path.facts->own->since) + ": " +
           path.facts->own->words + ".";
  }
  out += made_up(judged, last);
  if (!judged.contact)
    out += " Of " + judged.facts.far + " this says nothing: " + heard_text(judged.facts) + ".";
  return out;
}

std::string one_way_words(const Judged& judged, const JudgedPath& path) {
  const LadderFacts& facts = judged.facts;
  const std::string& far = facts.far;
  std::string out;
  if (path.one_way == OneWay::kWeDoNotHearThem) {
    out = "On " + path.finding.name + " " + far + " hears us and we do not hear " + far +
          ": what we sent there since " + since_text(facts, path.facts->answered_elsewhere->since) +
          " they answered by another path alone.";
  } else if (path.facts->lacking && path.facts->suspect_since) {
    out = "On " + path.finding.name + " we hear " + far + ago(path.finding.in.age) + " and " + far +
          " does not hear us: their packets say that nothing of ours has come since " +
          since_text(facts, *path.facts->suspect_since) + ".";
  } else {
    out = "On " + path.finding.name + " we hear " + far + " call" + ago(path.finding.in.age) +
          " and " + far + " does not hear us: " + std::to_string(path.facts->calls) +
          " calls of theirs in a row were answered, and no answer came to them.";
  }
  return out + made_up(judged, &path);
}

std::string names_of_paths(const Judged& judged) {
  std::string out;
  for (const JudgedPath& path : judged.paths) out += (out.empty() ? "" : ", ") + path.finding.name;
  return out;
}

// Which direction is dead nothing shows: what comes by the other path tells of the station, not of these.
std::string lines_paths_words(const Judged& judged) {
  const FarFacts::Elsewhere& elsewhere = *judged.facts.station.elsewhere;
  const JudgedPath* arrives = find_path(judged, [](const JudgedPath& one) { return one.finding.out.known == Known::kGood; });
  return "The station of " + judged.facts.far + " is up: it was heard by " + elsewhere.path + " at " + since_text(judged.facts, elsewhere.heard) +
         ago(age_of(judged.facts, elsewhere.heard)) + ". By " + names_of_paths(judged) +
         ", all that the accord gives this line, nothing comes, and " +
         (arrives == nullptr ? std::string("nothing of ours is known to arrive.")
                             : "what we send by " + arrives->finding.name + " is known to arrive.");
}

std::string far_off_words(const Judged& judged) {
  const LadderFacts& facts = judged.facts;
  if (facts.station.farewell)
    return "The station of " + facts.far + " said farewell at " +
           since_text(facts, facts.station.farewell->at) + ": \"" + facts.station.farewell->words +
           "\". Nothing was heard of it since.";
  const JudgedPath* path = find_path(judged, [](const JudgedPath& one) { return one.refused; });
  return "On " + path->finding.name + " " + path->facts->refused->words + " since " +
         since_text(facts, path->facts->refused->since) +
         ". That is a hint, not signed by anybody: the machine is on and its station does not run, or has "
         "another address by now, or somebody on the way says so. " +
         sentence_start(heard_text(facts)) + ".";
}

std::string far_off_to_do(const Judged& judged) {
  if (judged.facts.station.farewell) return kKeepOn;
  const JudgedPath* path = find_path(judged, [](const JudgedPath& one) { return one.refused; });
  return "Ask " + judged.facts.far + " by another channel whether its station runs, and whether an address has changed there or here: " +
         address_to_do(judged.facts, *path->facts) +
         ". If none has, nothing here is to be repaired. The station goes on trying by itself; use another channel for what cannot wait, "
         "and note the hour.";
}

std::string silent_to_do(const Judged& judged) {
  if (judged.paths.empty()) return kLookAround;
  return std::string(kLookAround) + " Ask there, too, whether an address has changed, theirs or ours: " +
         address_to_do(judged.facts, *judged.paths.front().facts) + ".";
}

std::string in_quotes(const std::string& reason) {
  return reason.empty() ? "No reason was given." : "The reason given: \"" + reason + "\".";
}

std::string by_mandate(const CutFacts& cut) { return cut.mandate.empty() ? "" : ", " + cut.mandate; }

// A moment is its author's, and whoever reads it has another clock before him.
std::string cut_time(const LadderFacts& facts, const CutFacts& cut, bool ours) {
  if (ours) return told_text(facts, cut.since);
  return time_text(cut.since) + " by " + facts.far + "'s clock" +
         (cut.since_by_ours ? " (" + time_text(*cut.since_by_ours) + " by ours)" : "");
}

// "North (duty-officer) suspended the line at ...".
std::string cut_sentence(const LadderFacts& facts, const CutFacts& cut, bool ours) {
  return (ours ? "We" : sentence_start(facts.far)) + (cut.by.empty() ? "" : " (" + cut.by + ")") + " suspended " +
         (cut.what.empty() ? "the line" : cut.what + " on this line") + " at " + cut_time(facts, cut, ours) +
         (cut.anew ? ", and anew at " + time_text(*cut.anew) : "") + by_mandate(cut) +
         (cut.came ? "; the act was signed so early and CAME HERE LATE, at " + time_text(*cut.came) + " by our clock" : "") + ". " +
         in_quotes(cut.reason) + (cut.left.empty() ? "" : " Not suspended: " + cut.left + ".");
}

std::string cut_words(const Judged& judged, Situation situation) {
  const LadderFacts& facts = judged.facts;
  std::string out;
  if (situation != Situation::kCutByUs) out = cut_sentence(facts, *facts.cut_by_them, false);
  if (situation != Situation::kCutByThem) out += (out.empty() ? "" : " ") + cut_sentence(facts, *facts.cut_by_us, true);
  if (facts.cut_by_us && facts.cut_by_us->dark) out += " In the dark: this station sends and answers nothing.";
  if (facts.cut_by_them && facts.cut_by_them->dark)
    out += " In the dark: they send and answer nothing, so whether their equipment and the paths work cannot be told.";
  return out + " " + sentence_start(heard_text(facts)) + ".";
}

// Of "SUSPENDED BY ...": what is, where it is not all.
std::string cut_title(const LadderFacts& facts, const std::string& by) {
  if (left_open(facts).empty()) return "SUSPENDED BY " + by;
  std::string what = facts.cut_by_them ? facts.cut_by_them->what : facts.cut_by_us->what;
  for (char& letter : what) letter = letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
  return what + " SUSPENDED BY " + by;
}

// Who may open it again is the accord's to say.
std::string cut_to_do(const LadderFacts& facts, Situation situation) {
  const std::string left = left_open(facts);
  std::string out = left.empty() ? "Do not send on this line" : "Send no text on this line; " + left + " may be sent";
  if (situation == Situation::kCutByThem) {
    out += facts.cut_by_them->dark ? std::string("; ") + kByFile + "."
           : left.empty()          ? "; what the accord exempts still passes."
                                   : ".";
    out += facts.lift_alone ? " They may lift their cut alone" : " To reopen it both sides must agree (detente restore propose)";
    return out + ". Report it, and keep the watch.";
  }
  if (facts.cut_by_us->dark) out += std::string("; ") + kByFile;
  if (!facts.lift_alone) return out + ". To reopen it both sides must agree: detente restore propose.";
  return out + (situation == Situation::kCutByUs ? ". To reopen it is a decision of this side: detente lift."
                                                 : ". To reopen it each side must lift its own cut, ours by detente lift, or both agree.");
}

SituationText silent_text(const Judged& judged) {
  const LadderFacts& facts = judged.facts;
  if (!facts.dark_by_us && !facts.dark_by_them)
    return {"SILENT, WITH NO WORD",
            heard_start(facts) + ". What we send draws no answer, and " +
                (outlasts_outage(facts) ? "the outage that " + facts.far + " had announced ended at " + time_text(facts.outage_over->until) +
                                              "; why it is silent since then nobody has said"
                                        : std::string("nobody has said why")) +
                ": equipment, path and people there cannot be told apart.",
            silent_to_do(judged)};
  const std::string ends = std::string("It ends with ") + (facts.lift_alone ? "the lift of one of these cuts, or " : "") +
                           "the hour of an agreed restoration.";
  std::string words, to_do;
  if (facts.dark_by_us) {
    words = "This side cut every line in the dark at " + cut_time(facts, *facts.dark_by_us, true) + by_mandate(*facts.dark_by_us) +
            ": by its own order this station sends and answers nothing. " + ends + " " + sentence_start(heard_text(facts)) + ".";
    to_do = sentence_start(kByFile) + ".";
  }
  if (facts.dark_by_them) {
    words += (words.empty() ? "" : " ") + sentence_start(facts.far) + " cut every line in the dark at " +
             cut_time(facts, *facts.dark_by_them, false) + by_mandate(*facts.dark_by_them) +
             ": by their own order they send and answer nothing, so whether their equipment and the paths work cannot be told." +
             (facts.dark_by_us ? "" : " " + ends + " " + sentence_start(heard_text(facts)) + ".");
    if (to_do.empty()) to_do = "Nothing here is to be repaired; " + std::string(kByFile) + ".";
  }
  return {facts.dark_by_us ? facts.dark_by_them ? "SILENT BY ORDER OF BOTH" : "SILENT BY OUR ORDER" : "SILENT BY ORDER OF " + facts.far,
          words, to_do};
}

std::string outage_words(const LadderFacts& facts) {
  const OutageFacts& outage = *facts.outage;
  std::string out = (outage.ours ? std::string("We") : sentence_start(facts.far)) + " announced";
  if (outage.announced) out += " at " + time_text(*outage.announced);
  if (!outage.by.empty()) out += " (" + outage.by + ")";
  out += " an outage from " + time_text(outage.from) + " until " + time_text(outage.until);
  if (!outage.text.empty()) out += ": \"" + outage.text + "\"";
  return out + ".";
}

std::string nobody_words(const LadderFacts& facts) {
  const PeopleFacts& people = facts.people;
  std::string out = "The station of " + facts.far + " is there (" + heard_text(facts) + ").";
  if (people.claim_off)
    out += " It says that nobody is on watch since " + told_text(facts, *people.claim_off) + " (a claim).";
  if (people.unanswered)
    out += (people.their_turn ? " Nobody called us for the check call at "
                              : " Nobody answered the check call at ") +
           told_text(facts, *people.unanswered) +
           (people.unanswered_row > 1
                ? ", the last of " + std::to_string(people.unanswered_row) + " in a row."
                : ".");
  if (people.claim_on) {
    out += " It says that somebody is on watch";
    if (!people.claim_on->by.empty()) out += " (" + people.claim_on->by + ")";
    out += (people.claim_since ? " since " + time_text(*people.claim_since) : "") + ", which is a claim.";
  }
  if (people.presence && people.presence->answer == Presence::kUnanswered)
    out += " Nobody answered the presence query at " + told_text(facts, people.presence->at) + ".";
  if (people.answered) out += " A person there last answered at " + told_text(facts, people.answered->at) + ".";
  const auto earlier = [&](const std::string& what, WallTime at, const std::string& by) {
    out += " A person there " + what + " at " + told_text(facts, at) + (by.empty() ? "" : " (" + by + ")") + ".";
  };
  if (people.declined) earlier("declined a check call", people.declined->at, people.declined->by);
  if (people.called) earlier("called us for a check call", *people.called, "");
  const bool said = people.presence && people.presence->answer != Presence::kUnanswered;
  if (said) earlier("answered a presence query", people.presence->at, people.presence->by);
  if (people.seen) earlier(people.seen_doing, people.seen->at, people.seen->by);
  if (!people.answered && !people.declined && !people.called && !said && !people.seen)
    out += " No person there is known to have done anything before.";
  return out;
}

std::string contact_words(const Judged& judged) {
  const LadderFacts& facts = judged.facts;
  std::string out = heard_start(facts);
  const auto both = [](const JudgedPath& path) {
    return path.finding.out.known == Known::kGood && path.finding.in.known == Known::kGood;
  };
  if (const JudgedPath* path = find_path(judged, both))
    return out + ", and what we send arrives (" + path->finding.name + ").";
  const auto arrives = [](const JudgedPath& path) {
    return path.finding.out.known == Known::kGood;
  };
  if (const JudgedPath* path = find_path(judged, arrives))
    return out + ", and what we send arrives by " + path->finding.name + ".";
  const auto suspect = [](const JudgedPath& path) { return path.facts->suspect_since.has_value(); };
  if (const JudgedPath* path = find_path(judged, suspect))
    return out + "; nothing that we sent was answered since " +
           since_text(facts, *path->facts->suspect_since) + ", and why is not known yet.";
  return out + "; whether what we send arrives is being tried.";
}

SituationText contact_text(const Judged& judged) {
  const std::string beside = beside_words(judged.facts);
  if (beside.empty()) return {"IN CONTACT", contact_words(judged), kNothingToDo};
  const std::string what = (judged.facts.cut_beside_by_them ? judged.facts.cut_beside_by_them : judged.facts.cut_beside_by_us)->what;
  return {"IN CONTACT; " + beside, contact_words(judged), "Send no " + what + " on this line; text may be sent."};
}

std::string log_only_words(const LadderFacts& facts) {
  const std::string begin = "By the accord nothing goes over this line by the program. ";
  if (!facts.contact) return begin + "No contact was logged by hand yet.";
  const ContactFacts& contact = *facts.contact;
  return begin + "The newest contact that was logged by hand: " + told_text(facts, contact.at) + ", " + contact.bearer +
         (contact.from_them ? ", from " + facts.far : ", from us") + ": \"" + contact.words + "\".";
}

std::string before_text(const LadderFacts& facts) {
  if (!facts.station.heard_before) return "";
  return "; before it last at " + told_text(facts, *facts.station.heard_before) + ", as this station noted then";
}

}  // namespace

std::string sentence_start(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z')
    text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

std::string span_text(Duration span) {
  const std::int64_t seconds = std::max<std::int64_t>(0, span.count() / 1'000'000);
  if (seconds < 120) return std::to_string(seconds) + " s";
  if (seconds < 2 * 3600) return std::to_string(seconds / 60) + " min";
  if (seconds < 2 * 86400) return std::to_string(seconds / 3600) + " h";
  return std::to_string(seconds / 86400) + " days";
}

bool outlasts_outage(const LadderFacts& facts) {
  return facts.outage_over && (!facts.station.heard || wall_of(facts, *facts.station.heard) <= facts.outage_over->until);
}

std::string heard_text(const LadderFacts& facts) {
  if (!facts.station.heard)
    return "nothing was heard since this station's start at " +
           started_text(facts) + before_text(facts);
  return "heard last at " + since_text(facts, *facts.station.heard) +
         ago(age_of(facts, facts.station.heard));
}

// What both leave, and of one cut what it leaves.
std::string left_open(const LadderFacts& facts) {
  if (!facts.cut_by_us) return facts.cut_by_them->left;
  if (!facts.cut_by_them) return facts.cut_by_us->left;
  return facts.cut_by_us->left == facts.cut_by_them->left ? facts.cut_by_us->left : "";
}

std::string beside_words(const LadderFacts& facts) {
  const std::optional<CutFacts>& ours = facts.cut_beside_by_us;
  const std::optional<CutFacts>& theirs = facts.cut_beside_by_them;
  if (ours && theirs && ours->what == theirs->what) return ours->what + " suspended by both";
  std::string out;
  if (theirs) out = theirs->what + " suspended by " + facts.far;
  if (ours) out += (out.empty() ? "" : ", ") + ours->what + " suspended by us";
  return out;
}

std::string beside_sentence(const LadderFacts& facts, const CutFacts& cut, bool ours) { return cut_sentence(facts, cut, ours); }

SituationText text_of(Situation situation, const Judged& judged) {
  const LadderFacts& facts = judged.facts;
  switch (situation) {
    case Situation::kInContact: return contact_text(judged);
    case Situation::kOwnEquipmentDown:
      return {
          "OWN EQUIPMENT DOWN",
          "The disk of this station refuses: " + *facts.equipment.fault +
              ". Nothing is taken, sent or receipted until it writes again.",
          "Make room or replace the disk (docs/operations.md, \"A full disk\" and \"A disk that "
          "rots\"); tell the other side by another channel."};
    case Situation::kOwnPathUnplugged:
      return {
          "OWN PATH UNPLUGGED", unplugged_words(judged),
          "Look at this machine: cable, interface, address, route, firewall. The station goes on "
          "by itself when it can send again."};
    case Situation::kFarMachineOff: 
      return {facts.station.farewell ? "FAR MACHINE OFF" : "FAR MACHINE OFF, BY A HINT", far_off_words(judged), far_off_to_do(judged)};
    case Situation::kOneDirection: {
      const JudgedPath* path =
          find_path(judged, [](const JudgedPath& one) { return one.one_way != OneWay::kNone; });
      const bool out = path->one_way == OneWay::kTheyDoNotHearUs;
      return {std::string("ONE DIRECTION DEAD: ") +
                  (out ? "they do not hear us" : "we do not hear them"),
              one_way_words(judged, *path),
              "Have " + path->finding.name + " looked at in the direction from " +
                  (out ? "here to " + facts.far : facts.far + " to here") +
                  ", firewalls first; tell " + facts.far + " by another channel."};
    }
    case Situation::kLinesPathsDead:
      return {"PATHS OF THIS LINE DEAD", lines_paths_words(judged),
              "Have " + names_of_paths(judged) + " looked at, both ends and all between; on another line " + facts.far + " can be told."};
    case Situation::kNotConfirmed:
      return {"ARRIVES THERE, NOT CONFIRMED", unconfirmed_words(facts),
              "Use another channel for what cannot wait, and tell " + facts.far +
                  ": its disk may be full, or what it takes on this line used up. What waits is kept here, and sent again by itself."};
    case Situation::kNobodyOnWatch:
      return {
          // Their station's word stands beside what was tried, and neither is the other's proof.
          facts.people.claim_on ? "NOBODY ANSWERS THERE" : "NOBODY ON WATCH THERE", nobody_words(facts),
          std::string(facts.people.under_way.empty()
                          ? "Ask whether anybody is at the machine: detente presence ask LINE --as YOU. "
                          : "") +
              "What you send is received by the machine there, and waits for a person."};
    case Situation::kCutByThem: return {cut_title(facts, facts.far), cut_words(judged, situation), cut_to_do(facts, situation)};
    case Situation::kCutByUs: return {cut_title(facts, "US"), cut_words(judged, situation), cut_to_do(facts, situation)};
    case Situation::kCutByBoth: return {cut_title(facts, "BOTH"), cut_words(judged, situation), cut_to_do(facts, situation)};
    case Situation::kOutageAnnounced:
      return {
          "OUTAGE ANNOUNCED", outage_words(facts) + " " + sentence_start(heard_text(facts)) + ".",
          "Wait until it ends; use another channel for what cannot wait. If nothing comes after "
          "the hour named, call by another channel."};
    case Situation::kSilent: return silent_text(judged);
    case Situation::kStationLost:
      return {"THEIR STATION IS DECLARED LOST", lost_words(facts),
              "Answer nobody who still speaks for it. Ask " + facts.far +
                  " by another channel for the bulletin of its new station: detente bulletin import FILE."};
    case Situation::kRevokedHere: return revoked_here_text(facts);
    case Situation::kLogOnly:
      return {"LOG ONLY", log_only_words(facts),
              "Speak over its own equipment, and log what was said: detente contact log."};
    case Situation::kOtherAccord:
      if (facts.station.calls_not_read)
        return {"THEY CANNOT READ OUR CALLS",
                "The station of " + facts.far + " answers, holds the same accord as this one, and cannot read this station's calls.",
                "Another version of détente runs there, or one of the two has not taken in the other's newest station: compare "
                "`detente --version` on both sides, and the bulletins of both stations. What waits is not lost."};
      return {"OTHER ACCORD THERE",
              "The station of " + facts.far + " answers, and holds another accord than this one.",
              "Compare the two digests (`detente status`), and sign one text together."};
  }
  return {};
}

std::string also_text(Situation situation, const Judged& judged) {
  if (situation == Situation::kOutageAnnounced) return outage_words(judged.facts);
  return text_of(situation, judged).words;
}

SituationText own_station_down(const std::string& why) {
  return {"OWN EQUIPMENT DOWN", why,
          "Until it runs nothing is received, and nothing is known of any line."};
}

const char* to_string(Known known) {
  switch (known) {
    case Known::kGood: return "known good";
    case Known::kNot: return "known not";
    case Known::kUnknown: return "not known";
  }
  return "";
}

const char* to_string(RungKind rung) {
  switch (rung) {
    case RungKind::kEquipment: return "our equipment";
    case RungKind::kPath: return "path";
    case RungKind::kStation: return "far station";
    case RungKind::kLineOpen: return "line open";
    case RungKind::kOfficer: return "far officer";
    case RungKind::kAnswer: return "answer";
  }
  return "";
}

const char* to_string(Situation situation) {
  switch (situation) {
    case Situation::kInContact: return "in-contact";
    case Situation::kOwnEquipmentDown: return "own-equipment-down";
    case Situation::kOwnPathUnplugged: return "own-path-unplugged";
    case Situation::kFarMachineOff: return "far-machine-off";
    case Situation::kOneDirection: return "one-direction-dead";
    case Situation::kLinesPathsDead: return "line-paths-dead";
    case Situation::kNotConfirmed: return "not-confirmed";
    case Situation::kNobodyOnWatch: return "nobody-on-watch";
    case Situation::kCutByThem: return "cut-by-them";
    case Situation::kCutByUs: return "cut-by-us";
    case Situation::kCutByBoth: return "cut-by-both";
    case Situation::kOutageAnnounced: return "outage-announced";
    case Situation::kSilent: return "silent";
    case Situation::kOtherAccord: return "other-accord";
    case Situation::kLogOnly: return "log-only";
    case Situation::kStationLost: return "station-lost";
    case Situation::kRevokedHere: return "revoked-here";
  }
  return "";
}

}  // namespace detente::watch
