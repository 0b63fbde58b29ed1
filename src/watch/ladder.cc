#include "watch/ladder.h"

#include <algorithm>

#include "watch/ladder_text.h"

namespace detente::watch {
namespace {

bool in_force(const LadderFacts& facts) {
  return facts.outage && facts.outage->from <= facts.now.wall &&
         facts.now.wall < facts.outage->until;
}

template <typename Test>
bool any_path(const Judged& judged, Test test) {
  return std::any_of(judged.paths.begin(), judged.paths.end(), test);
}

bool heard_on(const JudgedPath& path) { return path.finding.in.known == Known::kGood; }
bool known_to_arrive(const JudgedPath& path) { return path.finding.out.known == Known::kGood; }
bool cannot_send(const JudgedPath& path) { return path.facts->own.has_value(); }
bool is_one_way(const JudgedPath& path) { return path.one_way != OneWay::kNone; }
bool dead_out(const JudgedPath& path) { return path.finding.out.known == Known::kNot; }

// A line of none of whose paths this station has an end cannot be sent on either.
bool all_unplugged(const Judged& judged) {
  return std::all_of(judged.paths.begin(), judged.paths.end(), cannot_send);
}

// --- people ------------------------------------------------------------------

// Something known of a person there.
struct Person {
  Known known = Known::kUnknown;
  WallTime at;
  std::string officer, answer;  // the words of the two rungs; empty: says nothing of it
  Known answered = Known::kUnknown;
  bool claim = false;  // their station's word alone
};

// The newest of each rung.
struct Newest {
  std::optional<Person> person, answer;
};

std::string by_text(const std::string& by) { return by.empty() ? "" : " by " + by; }

std::string claim_text(const PeopleFacts& people) {
  return "on watch" + by_text(people.claim_on->by) +
         (people.claim_since ? " since " + time_text(*people.claim_since) : "") + ", as their station says (a claim)";
}

Newest newest_people(const PeopleFacts& people) {
  Newest newest;
  const auto take = [&](Person person) {
    // It was so then, and a planned call has come and gone since.
    if (!person.claim && person.at < people.known_from) person.known = person.answered = Known::kUnknown;
    if (!person.answer.empty() && (!newest.answer || newest.answer->at <= person.at)) newest.answer = person;
    if (!newest.person || newest.person->at <= person.at) newest.person = std::move(person);
  };
  if (people.claim_off)
    take({Known::kNot, *people.claim_off, "nobody on watch, as their station says (a claim)", "", Known::kUnknown, true});
  if (people.unanswered) {
    const bool many = people.unanswered_row > 1;
    const std::string row = std::to_string(people.unanswered_row) + " check calls in a row";
    take({Known::kNot, *people.unanswered,
          many                ? "nobody there at " + row
          : people.their_turn ? "nobody called us, though it was their turn"
                              : "nobody answered the check call",
          many                ? row + " without an answer"
          : people.their_turn ? "not called"
                              : "unanswered",
          Known::kNot});
  }
  if (people.called)
    take({Known::kGood, *people.called, "called us for the check call", "called us", Known::kGood});
  if (people.declined)
    take({Known::kGood, people.declined->at,
          "a person declined the call" + by_text(people.declined->by),
          "declined" + by_text(people.declined->by), Known::kNot});
  if (people.answered)
    take({Known::kGood, people.answered->at,
          "answered the check call" + by_text(people.answered->by),
          "answered" + by_text(people.answered->by), Known::kGood});
  if (people.presence) {
    const PresenceFacts& asked = *people.presence;
    if (asked.answer == Presence::kUnanswered) {
      take(
          {Known::kNot, asked.at, "nobody answered the presence query", "unanswered", Known::kNot});
    } else {
      const bool ready = asked.answer == Presence::kReady;
      take({Known::kGood, asked.at, "answered the presence query" + by_text(asked.by),
            ready ? "ready" : "not now", ready ? Known::kGood : Known::kNot});
    }
  }
  if (people.seen) take({Known::kGood, people.seen->at, people.seen_doing + by_text(people.seen->by), ""});
  if (!people.claim_on) return newest;
  // Their station's word shows nothing, and stands beside what does.
  const bool evidence = newest.person && newest.person->known == Known::kGood;
  if (newest.person && (evidence || people.claim_on->at < newest.person->at)) {
    if (!evidence || newest.person->at < people.claim_on->at) newest.person->officer += "; " + claim_text(people);
  } else {
    take({Known::kUnknown, people.claim_on->at, claim_text(people), "", Known::kUnknown, true});
  }
  return newest;
}

Duration wall_age(const LadderFacts& facts, WallTime at) {
  return std::chrono::seconds(facts.now.wall > at ? facts.now.wall.seconds - at.seconds : 0);
}

// --- rungs -------------------------------------------------------------------

Finding equipment_rung(const LadderFacts& facts) {
  if (facts.equipment.fault)
    return {Known::kNot, "the disk refuses: " + *facts.equipment.fault, std::nullopt};
  std::string words =
      "runs since " + started_text(facts) + ", its disk takes writes";
  if (facts.equipment.clock_synchronised == false)
    words += "; this machine's clock is not synchronised";
  return {Known::kGood, words, std::nullopt};
}

// The station there is up, although nothing comes by the paths of this line.
bool heard_elsewhere(const LadderFacts& facts) {
  return facts.station.session && !facts.station.farewell && facts.station.elsewhere &&
         facts.now.mono - facts.station.elsewhere->heard <= fresh_for(facts);
}

// Its counterparts take nothing of it any more, whatever still arrives.
bool is_revoked_here(const LadderFacts& facts) { return facts.own_lost && facts.own_lost->this_one; }

bool is_lost(const LadderFacts& facts) { return facts.station.lost && !facts.station.lost->successor; }

Finding path_rung(const Judged& judged) {
  if (judged.contact) {
    for (const JudgedPath& path : judged.paths)
      if (known_to_arrive(path) && heard_on(path))
        return {Known::kGood, "both directions of " + path.finding.name, path.finding.in.age};
    // One direction by one path, the other by another.
    const auto in = std::find_if(judged.paths.begin(), judged.paths.end(), heard_on);
    const auto out = std::find_if(judged.paths.begin(), judged.paths.end(), known_to_arrive);
    if (out != judged.paths.end())
      return {Known::kGood, "out by " + out->finding.name + ", in by " + in->finding.name,
              std::max(out->finding.out.age, in->finding.in.age)};
    return {Known::kUnknown,
            "heard on " + in->finding.name + "; nothing shows yet what arrives there",
            in->finding.in.age};
  }
  if (all_unplugged(judged)) return {Known::kNot, "this machine cannot send on any path", {}};
  for (const JudgedPath& path : judged.paths)
    if (is_one_way(path))
      return {Known::kNot, "one direction of " + path.finding.name + " is dead", {}};
  return {Known::kUnknown, "nothing comes on any path",
          age_of(judged.facts, judged.facts.station.heard)};
}

Finding station_rung(const Judged& judged) {
  const LadderFacts& facts = judged.facts;
  const auto age = age_of(facts, facts.station.heard);
  if (is_lost(facts)) return {Known::kNot, "declared lost by its own side", {}};
  if (facts.station.farewell)
    return {Known::kNot, "said farewell: \"" + facts.station.farewell->words + "\"",
            age_of(facts, facts.station.farewell->at)};
  if (facts.station.session && any_path(judged, heard_on))
    return {Known::kGood, "its packets come and verify", age};
  if (any_path(judged, heard_on)) return {Known::kGood, "its calls come and verify", age};
  if (heard_elsewhere(facts))
    return {Known::kGood, "its packets come by " + facts.station.elsewhere->path + ", which this line may not take",
            age_of(facts, facts.station.elsewhere->heard)};
  if (facts.station.other_accord)
    return {Known::kGood,
            facts.station.calls_not_read ? "answers, and cannot read this station's calls" : "answers, and holds another accord than this station",
            {}};
  for (const JudgedPath& path : judged.paths)
    if (path.refused) return {Known::kNot, path.finding.out.words, path.finding.out.age};
  if (facts.station.heard) return {Known::kUnknown, "last heard", age};
  return {Known::kUnknown, "not heard since this station's start",
          age_of(facts, facts.equipment.started)};
}

Finding open_rung(const LadderFacts& facts, Known station) {
  if (facts.cut_by_us || facts.cut_by_them) {
    const CutFacts& cut = facts.cut_by_them ? *facts.cut_by_them : *facts.cut_by_us;
    const std::string whom = facts.cut_by_us && facts.cut_by_them ? "both"
                             : facts.cut_by_us                    ? "us"
                                                                  : facts.far;
    const std::string left = left_open(facts);
    return {Known::kNot, (left.empty() ? "" : cut.what + " ") + "suspended by " + whom + (left.empty() ? "" : "; " + left + " not"),
            wall_age(facts, cut.since)};
  }
  const std::string beside = beside_words(facts);
  std::string words = beside.empty() ? "no suspension is known" : "open for text; " + beside;
  if (facts.hours) words += "; " + *facts.hours;
  return {station == Known::kGood ? Known::kGood : Known::kUnknown, words,
          age_of(facts, facts.station.heard)};
}

// A person cannot be known to be there behind a machine that is not.
Known behind(Known station, Known known) {
  return station == Known::kGood || known != Known::kGood ? known : Known::kUnknown;
}

std::array<Finding, kRungs> find_rungs(const Judged& judged) {
  const LadderFacts& facts = judged.facts;
  const Newest newest = newest_people(facts.people);
  std::array<Finding, kRungs> out;
  const auto at = [&](RungKind kind) -> Finding& { return out[static_cast<std::size_t>(kind)]; };
  at(RungKind::kEquipment) = equipment_rung(facts);
  at(RungKind::kPath) = path_rung(judged);
  at(RungKind::kStation) = station_rung(judged);
  const Known station = at(RungKind::kStation).known;
  at(RungKind::kLineOpen) = open_rung(facts, station);
  at(RungKind::kOfficer) = {
      Known::kUnknown, "no check call and no presence query was answered yet", {}};
  at(RungKind::kAnswer) = {Known::kUnknown, "nobody was asked yet", {}};
  if (newest.person)
    at(RungKind::kOfficer) = {behind(station, newest.person->known), newest.person->officer,
                              wall_age(facts, newest.person->at), newest.person->claim ? "claim" : "act"};
  if (newest.answer)
    at(RungKind::kAnswer) = {behind(station, newest.answer->answered), newest.answer->answer,
                             wall_age(facts, newest.answer->at), "act"};
  if (const std::string waiting = waiting_text(facts); !waiting.empty()) {
    Finding& answer = at(RungKind::kAnswer);
    answer.words = !newest.answer ? waiting : waiting + "; before that " + answer.words;
  }
  return out;
}

// --- the situation -----------------------------------------------------------

// All that is true, the most important first: of the whole line, then what another path makes up
// for.
std::vector<Situation> find_situations(const Judged& judged) {
  const LadderFacts& facts = judged.facts;
  std::vector<Situation> out;
  const auto add = [&](bool is_so, Situation situation) {
    if (is_so && std::find(out.begin(), out.end(), situation) == out.end())
      out.push_back(situation);
  };
  const bool refused = any_path(judged, [](const JudgedPath& path) { return path.refused; });
  add(is_revoked_here(facts), Situation::kRevokedHere);
  add(facts.equipment.fault.has_value(), Situation::kOwnEquipmentDown);
  add(facts.cut_by_us && facts.cut_by_them, Situation::kCutByBoth);
  add(facts.cut_by_us && !facts.cut_by_them, Situation::kCutByUs);
  add(facts.cut_by_them && !facts.cut_by_us, Situation::kCutByThem);
  if (facts.log_only) {  // no path, session or person says anything of it
    add(true, Situation::kLogOnly);
    return out;
  }
  add(is_lost(facts), Situation::kStationLost);
  // Who is silent by order shows nothing of its equipment, nor of the paths.
  add(!judged.contact && (facts.dark_by_us || facts.dark_by_them), Situation::kSilent);
  add(all_unplugged(judged), Situation::kOwnPathUnplugged);
  // Their packets come, or what of ours arrived they said by a path that this line may not take.
  const bool in_vain = any_path(judged, is_one_way) &&
                       (any_path(judged, heard_on) || (any_path(judged, known_to_arrive) && heard_elsewhere(facts)));
  if (!judged.contact) {
    add(in_vain, Situation::kOneDirection);
    add(facts.station.other_accord && !facts.station.session, Situation::kOtherAccord);
    add(in_force(facts), Situation::kOutageAnnounced);
    add(out.empty() && heard_elsewhere(facts), Situation::kLinesPathsDead);
    add(facts.station.farewell || (refused && out.empty()), Situation::kFarMachineOff);
    add(out.empty(), Situation::kSilent);
  } else {
    add(is_unconfirmed(facts), Situation::kNotConfirmed);
    const Newest newest = newest_people(facts.people);
    add(newest.person && newest.person->known == Known::kNot, Situation::kNobodyOnWatch);
  }
  add(any_path(judged, cannot_send), Situation::kOwnPathUnplugged);
  add(in_vain, Situation::kOneDirection);
  add(in_force(facts), Situation::kOutageAnnounced);
  // What is announced and made up for is no reason to say less than this.
  if (out.empty() || (judged.contact && out.front() == Situation::kOutageAnnounced))
    out.insert(out.begin(), Situation::kInContact);
  return out;
}

Judged judge_paths(const LadderFacts& facts) {
  Judged out{facts, {}, false};
  for (const PathFacts& path : facts.paths) out.paths.push_back(judge_path(path, facts));
  out.contact = facts.station.session && !facts.station.farewell && any_path(out, heard_on) &&
                !std::all_of(out.paths.begin(), out.paths.end(), dead_out);
  return out;
}

// A medium goes where the line's paths go; what was never sent on them is not known of it.
MediumFinding find_medium(accord::Medium medium, const Judged& judged) {
  if (medium != accord::Medium::kText && medium != accord::Medium::kDocument)
    return {medium, {Known::kUnknown, "not tested", {}}, {Known::kUnknown, "not tested", {}}};
  MediumFinding out{medium,
                    {Known::kUnknown, "no path is known to carry it", {}},
                    {Known::kUnknown, "no path is known to carry it", {}}};
  const auto better = [](Finding& have, const Finding& path, const std::string& name) {
    if (path.known != Known::kGood) return;
    if (have.known == Known::kGood && have.age <= path.age) return;
    have = {Known::kGood, "as packets of " + name, path.age};
  };
  for (const JudgedPath& path : judged.paths) {
    better(out.out, path.finding.out, path.finding.name);
    better(out.in, path.finding.in, path.finding.name);
  }
  if (medium == accord::Medium::kText && out.out.known == Known::kGood && judged.contact && is_unconfirmed(judged.facts))
    out.out = {Known::kUnknown, "arrives at their station, and is not confirmed as on its disk", judged.facts.now.mono - judged.facts.unconfirmed->since};
  if (out.out.known != Known::kGood && !judged.paths.empty() &&
      std::all_of(judged.paths.begin(), judged.paths.end(), dead_out))
    out.out = {Known::kNot, judged.paths.front().finding.out.words,
               judged.paths.front().finding.out.age};
  return out;
}

// Of a line that is log only packets say nothing, whatever the other lines' do. A cut holds all the same.
void forget_packets(Ladder& ladder, const LadderFacts& facts) {
  const Finding none{Known::kUnknown, "nothing of this line goes by the program", std::nullopt};
  for (std::size_t i = 1; i < kRungs; ++i)
    if (static_cast<RungKind>(i) != RungKind::kLineOpen || !(facts.cut_by_us || facts.cut_by_them))
      ladder.rungs[i] = none;
  const bool good = !facts.equipment.fault;
  ladder.highest_good = good ? std::optional(RungKind::kEquipment) : std::nullopt;
  ladder.first_not = good ? RungKind::kPath : RungKind::kEquipment;
}

// FLASH comes before all else; calls and queries wait for nothing else, unless nothing can go out, or may.
void add_duties(Ladder& ladder, const LadderFacts& facts) {
  const bool barred = is_revoked_here(facts) || facts.equipment.fault || facts.cut_by_us || facts.cut_by_them || facts.log_only || is_lost(facts);
  std::string duties = flash_text(facts, barred);
  const auto add = [&](const std::string& duty) {
    if (!duty.empty()) duties += (duties.empty() ? "" : " ") + duty;
  };
  if (!barred) add(duties_text(facts));
  if (!barred && !facts.announced.empty()) add("Say before the announced suspension what has to be said on this line, and report it.");
  if (duties.empty()) return;
  std::string& to_do = ladder.text.to_do;
  to_do = to_do == kNothingToDo ? duties : duties + " " + to_do;
}

// Of stations that have a successor: the line goes on, and what happened stays on the screen.
void add_lost(Ladder& ladder, const LadderFacts& facts) {
  if (facts.station.lost && facts.station.lost->successor) ladder.also.push_back(lost_words(facts));
  if (facts.own_lost && !facts.own_lost->this_one) ladder.also.push_back(own_lost_words(*facts.own_lost));
  if (facts.two_records > 0)
    ladder.also.push_back("TWO RECORDS of theirs that do not agree, both signed (" + std::to_string(facts.two_records) +
                          "): tell your superiors, and keep the proof (detente record evidence).");
}

}  // namespace

Ladder judge(const LadderFacts& facts) {
  const Judged judged = judge_paths(facts);
  Ladder out;
  out.rungs = find_rungs(judged);
  for (std::size_t i = 0; i < kRungs && !out.first_not; ++i) {
    const auto kind = static_cast<RungKind>(i);
    (out.rungs[i].known == Known::kGood ? out.highest_good : out.first_not) = kind;
  }
  if (facts.log_only) {
    forget_packets(out, facts);
  } else {
    for (const JudgedPath& path : judged.paths) out.paths.push_back(path.finding);
    for (const accord::Medium medium : facts.media) out.media.push_back(find_medium(medium, judged));
  }
  const std::vector<Situation> situations = find_situations(judged);
  out.situation = situations.front();
  out.text = text_of(out.situation, judged);
  for (const auto* beside : {&facts.cut_beside_by_us, &facts.cut_beside_by_them})
    if (*beside) out.also.push_back(beside_sentence(facts, **beside, beside == &facts.cut_beside_by_us));
  if (out.situation == Situation::kSilent && outlasts_outage(facts)) out.outage_over = facts.outage_over;
  add_duties(out, facts);
  for (std::size_t i = 1; i < situations.size(); ++i)
    out.also.push_back(also_text(situations[i], judged));
  if (facts.outage && facts.now.wall < facts.outage->from)
    out.also.push_back(also_text(Situation::kOutageAnnounced, judged));
  out.also.insert(out.also.end(), facts.announced.begin(), facts.announced.end());
  if (facts.hours && facts.outside_hours) out.also.push_back("Outside its hours: " + *facts.hours + ". FLASH rings all the same.");
  out.also.insert(out.also.end(), facts.hours_trouble.begin(), facts.hours_trouble.end());
  add_lost(out, facts);
  return out;
}

}  // namespace detente::watch
