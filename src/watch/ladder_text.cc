#include "watch/ladder_text.h"

#include <algorithm>

namespace detente::watch {
namespace {

// What to do stands beside what is known, and never says more than is known.
constexpr const char* kKeepOn =
    "Nothing here is to be repaired. The station goes on trying by itself; use another channel for "
    "what cannot wait, and note the hour.";

std::string ago(const std::optional<Duration>& age) {
  return age ? " (" + span_text(*age) + " ago)" : "";
}

std::string sentence_start(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z')
    text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
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
  return "The station of " + judged.facts.far + " is up: it was heard by " + elsewhere.path + " at " + since_text(judged.facts, elsewhere.heard) +
         ago(age_of(judged.facts, elsewhere.heard)) + ". By " + names_of_paths(judged) +
         ", all that the accord gives this line, nothing comes, and nothing of ours is known to arrive.";
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
         ". That is a hint, not signed by anybody: the machine is on and its station does not run, "
         "or "
         "somebody on the way says so. " +
         sentence_start(heard_text(facts)) + ".";
}

std::string in_quotes(const std::string& reason) {
  return reason.empty() ? "No reason was given." : "The reason given: \"" + reason + "\".";
}

std::string by_mandate(const CutFacts& cut) { return cut.mandate.empty() ? "" : ", " + cut.mandate; }

std::string cut_words(const Judged& judged, Situation situation) {
  const LadderFacts& facts = judged.facts;
  std::string out;
  if (situation != Situation::kCutByUs)
    out = sentence_start(facts.far) + " suspended the line at " +
          time_text(facts.cut_by_them->since) + by_mandate(*facts.cut_by_them) + ". " + in_quotes(facts.cut_by_them->reason);
  if (situation != Situation::kCutByThem)
    out += (out.empty() ? "" : " ") + std::string("We suspended the line at ") +
           time_text(facts.cut_by_us->since) + by_mandate(*facts.cut_by_us) + ". " + in_quotes(facts.cut_by_us->reason);
  if (facts.cut_by_us && facts.cut_by_us->dark) out += " In the dark: this station sends and answers nothing.";
  if (facts.cut_by_them && facts.cut_by_them->dark)
    out += " In the dark: they send and answer nothing, so whether their equipment and the paths work cannot be told.";
  return out + " " + sentence_start(heard_text(facts)) + ".";
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
    out += " It says that nobody is on watch since " + time_text(*people.claim_off) + " (a claim).";
  if (people.unanswered)
    out += (people.their_turn ? " Nobody called us for the check call at "
                              : " Nobody answered the check call at ") +
           time_text(*people.unanswered) +
           (people.unanswered_row > 1
                ? ", the last of " + std::to_string(people.unanswered_row) + " in a row."
                : ".");
  if (people.presence && people.presence->answer == Presence::kUnanswered)
    out += " Nobody answered the presence query at " + time_text(people.presence->at) + ".";
  out += people.answered
             ? " A person there last answered at " + time_text(people.answered->at) + "."
             : " No person there is known to have answered before.";
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

std::string log_only_words(const LadderFacts& facts) {
  const std::string begin = "By the accord nothing goes over this line by the program. ";
  if (!facts.contact) return begin + "No contact was logged by hand yet.";
  const ContactFacts& contact = *facts.contact;
  return begin + "The newest contact that was logged by hand: " + time_text(contact.at) + ", " + contact.bearer +
         (contact.from_them ? ", from " + facts.far : ", from us") + ": \"" + contact.words + "\".";
}

}  // namespace

std::string span_text(Duration span) {
  const std::int64_t seconds = std::max<std::int64_t>(0, span.count() / 1'000'000);
  if (seconds < 120) return std::to_string(seconds) + " s";
  if (seconds < 2 * 3600) return std::to_string(seconds / 60) + " min";
  if (seconds < 2 * 86400) return std::to_string(seconds / 3600) + " h";
  return std::to_string(seconds / 86400) + " days";
}

std::string heard_text(const LadderFacts& facts) {
  if (!facts.station.heard)
    return "nothing was heard since this station's start at " +
           since_text(facts, facts.equipment.started);
  return "heard last at " + since_text(facts, *facts.station.heard) +
         ago(age_of(facts, facts.station.heard));
}

std::string lost_words(const LadderFacts& facts) {
  const LostFacts& lost = *facts.station.lost;
  std::string out = sentence_start(facts.far) + " declared its station at " + lost.post + " (no. " +
                    std::to_string(lost.number) + ") lost" + (lost.at ? " on " + time_text(*lost.at) : "") +
                    ": what still comes from it is not taken. ";
  if (lost.calls > 0)
    out += "Somebody calls with its keys (" + std::to_string(lost.calls) + " calls since this station's start, the last " +
           span_text(age_of(facts, lost.called).value_or(Duration{})) + " ago) and gets no answer. ";
  return out + (lost.successor ? "Station no. " + std::to_string(*lost.successor) + " has its place."
                               : "No other station was named in its place.");
}

std::string own_lost_words(const LostFacts& lost) {
  return "Our station at " + lost.post + ", no. " + std::to_string(lost.number) + ", was declared lost" +
         (lost.at ? " on " + time_text(*lost.at) : "") +
         (lost.successor ? "; this one, no. " + std::to_string(*lost.successor) + ", has its place." : ".");
}

SituationText text_of(Situation situation, const Judged& judged) {
  const LadderFacts& facts = judged.facts;
  switch (situation) {
    case Situation::kInContact: return {"IN CONTACT", contact_words(judged), kNothingToDo};
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
    case Situation::kFarMachineOff: return {"FAR MACHINE OFF", far_off_words(judged), kKeepOn};
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
    case Situation::kNobodyOnWatch:
      return {
          "NOBODY ON WATCH THERE", nobody_words(facts),
          std::string(facts.people.under_way.empty()
                          ? "Ask whether anybody is at the machine: detente presence ask LINE --as YOU. "
                          : "") +
              "What you send is received by the machine there, and waits for a person."};
    case Situation::kCutByThem:
      return {
          "SUSPENDED BY " + facts.far, cut_words(judged, situation),
          "Do not send on this line; what the accord exempts still passes. Report it, and keep the "
          "watch."};
    case Situation::kCutByUs:
      return {"SUSPENDED BY US", cut_words(judged, situation),
              std::string("Do not send on this line. To reopen it ") +
                  (facts.lift_alone ? "is a decision of this side: detente lift LINE --as YOU."
                                    : "both sides must agree: detente restore propose.")};
    case Situation::kCutByBoth:
      return {"SUSPENDED BY BOTH", cut_words(judged, situation),
              "Do not send on this line. To reopen it both sides must agree."};
    case Situation::kOutageAnnounced:
      return {
          "OUTAGE ANNOUNCED", outage_words(facts) + " " + sentence_start(heard_text(facts)) + ".",
          "Wait until it ends; use another channel for what cannot wait. If nothing comes after "
          "the hour named, call by another channel."};
    case Situation::kSilent:
      return {
          "SILENT, WITH NO WORD",
          heard_start(facts) +
              ". What we send draws no answer, and nobody has said why: equipment, path and people "
              "there cannot be told apart.",
          kKeepOn};
    case Situation::kStationLost:
      return {"THEIR STATION IS DECLARED LOST", lost_words(facts),
              "Answer nobody who still speaks for it. Ask " + facts.far +
                  " by another channel for the bulletin of its new station: detente bulletin import FILE."};
    case Situation::kLogOnly:
      return {"LOG ONLY", log_only_words(facts),
              "Speak over its own equipment, and log what was said: detente contact log."};
    case Situation::kOtherAccord:
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

std::string duties_text(const LadderFacts& facts) {
  using What = UnderWay::What;
  std::string out;
  for (const UnderWay& one : facts.people.under_way) {
    const std::string since = time_text(one.since), until = time_text(one.until);
    if (!out.empty()) out += " ";
    switch (one.what) {
      case What::kWeCalled: out += "Wait for the answer to our call of " + since + ", until " + until + "."; break;
      case What::kWeAsked: out += "Wait for the answer to our query of " + since + ", until " + until + "."; break;
      case What::kOurCall: out += "It is our turn: make the check call of " + since + ": detente call LINE --as YOU."; break;
      case What::kTheirCall:
        out += "They are late with the check call of " + since + ": you may make it: detente call LINE --as YOU.";
        break;
      case What::kTheyCalled: out += "They called at " + since + ": detente answer LINE --as YOU."; break;
      case What::kTheyAsked:
        out += "They ask since " + since + " whether anybody is here: detente presence ready LINE --as YOU, or not-now.";
        break;
    }
  }
  return out;
}

std::string waiting_text(const LadderFacts& facts) {
  using What = UnderWay::What;
  std::string out;
  for (const UnderWay& one : facts.people.under_way)
    if (one.what == What::kWeCalled || one.what == What::kWeAsked)
      out += std::string(out.empty() ? "" : "; ") + (one.what == What::kWeCalled ? "called" : "asked whether anybody is there") +
             " at " + time_text(one.since) + ", waiting for an answer until " + time_text(one.until);
  return out;
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
    case Situation::kNobodyOnWatch: return "nobody-on-watch";
    case Situation::kCutByThem: return "cut-by-them";
    case Situation::kCutByUs: return "cut-by-us";
    case Situation::kCutByBoth: return "cut-by-both";
    case Situation::kOutageAnnounced: return "outage-announced";
    case Situation::kSilent: return "silent";
    case Situation::kOtherAccord: return "other-accord";
    case Situation::kLogOnly: return "log-only";
    case Situation::kStationLost: return "station-lost";
  }
  return "";
}

}  // namespace detente::watch
