#include "core/courier.h"

#include <algorithm>
#include <utility>

namespace detente::core {

namespace {

constexpr std::size_t kTakenMax = 256;      // numbers that are remembered, to say "taken before"
constexpr std::size_t kSectionBytes = 600;  // of a line's state and receipt, at most

}  // namespace

// A challenge that was given to a life of the other station's that is over must not be answered by its files.
void Courier::wake(Context& context) {
  const bool same_station = std::exchange(far_key_, link_->pair().remote_static) == link_->pair().remote_static;
  if (life_ && same_station && far_lives_ == link_->far_lives()) return;
  if (!same_station) other_.reset();  // the numbers that a lost one named are nothing to the one in its place
  if (!life_) life_ = context.keys.array<16>();
  challenge_ = context.keys.array<16>();
  far_lives_ = link_->far_lives();
}

Result<void> Courier::check_stations() const {
  if (link_->remote().we_are)
    return fail(Fault::kDenied, "this station (" + identity_->our_station + ") was declared lost by its own side: it makes "
                                "and takes no courier files any more");
  if (link_->lost())
    return fail(Fault::kState, identity_->counterpart + " declared its station " + identity_->their_station +
                                   " lost, and no other has its place here: nothing goes to it, and nothing of it is taken. "
                                   "Import the bulletin of the station that takes its place (detente bulletin import); "
                                   "what is sent waits until then");
  return {};
}

// Whoever took a station makes files in its name as before.
Result<void> Courier::check_maker(Context& context, const link::ParsedCourier& file) const {
  const Result<SecretBytes> psk = link_->psk().at(file.header.secret_epoch);
  link::PairConfig pair = link_->pair();
  for (const crypto::AgreePublic& key : link_->remote().revoked) {
    pair.remote_static = key;
    if (!psk || !link::open_courier(pair, psk->view(), file)) continue;
    link_->note_revoked_file(context);
    return fail(Fault::kDenied, "this courier file was made by the station " + file.header.from + " that " +
                                    identity_->counterpart + " has declared lost: nothing of it is taken. Tell your "
                                    "superiors who brought it: that station is in somebody's hands, and runs");
  }
  return check_stations();
}

// --- out ---------------------------------------------------------------------------

Result<CourierId> Courier::pack(Context& context, const std::optional<CourierAct>& act) {
  DETENTE_TRY_VOID(check_stations());
  wake(context);
  if (act && lines_->count(act->line) == 0)
    return fail(Fault::kNotFound, "there is no line of number " + std::to_string(act->line.value) + " under this accord");
  if (act && act->waiting) return pack_waiting(context, *act);
  if (act) DETENTE_TRY_VOID(lines_->at(act->line)->courier_act(context, context.now.wall.seconds, act->index));
  const CourierId id = next_id_++;
  // What was submitted is durable first, then has its place, and that is durable before it leaves.
  if (act) {
    after_commits(context, id, [this, id, act](Context& then) { tell_packed(then, id, act); });
  } else {
    after_commits(context, id, [this, id](Context& then) {
      for (const auto& [line_id, line] : *lines_) line->place_for_courier(then);
      after_commits(then, id, [this, id](Context& last) { tell_packed(last, id, std::nullopt); });
    });
  }
  return id;
}

// It, and what stands before it in the outbox, get their places on the disk before it leaves.
Result<CourierId> Courier::pack_waiting(Context& context, const CourierAct& act) {
  Line& line = *lines_->at(act.line);
  if (!line.is_waiting(*act.waiting))
    return fail(Fault::kNotFound, "nothing of number " + std::to_string(*act.waiting) +
                                      " waits on that line, or it has its index by now; `detente record show` lists both");
  if (!line.contact_made())
    return fail(Fault::kState, "this station has not heard since its start what the other side holds, and gives nothing an "
                               "index before: export a file (detente courier export), have it imported there, and import the one that is exported there then");
  const CourierId id = next_id_++;
  after_commits(context, id, [this, id, act](Context& then) {
    const auto index = lines_->at(act.line)->place_for_courier(then, act.waiting);
    if (!index)
      return then.effects.notify(CourierFailed{
          identity_->peer, id, Error{Fault::kState, "what waits there cannot have its index now: its line is cut, or as much is on its "
                                                    "way as may be at once. `detente courier export` takes that along first"}});
    after_commits(then, id, [this, id, line = act.line, index = *index](Context& last) {
      tell_packed(last, id, CourierAct{line, index, {}});
    });
  });
  return id;
}

void Courier::after_commits(Context& context, CourierId id, EffectQueue::Then then) {
  context.effects.persist({}, std::move(then), [this, id](Context& now, const Error& error) {
    now.effects.notify(CourierFailed{identity_->peer, id, error});
  });
}

void Courier::tell_packed(Context& context, CourierId id, const std::optional<CourierAct>& act) {
  Result<CourierPacked> packed = build(context, id, act);
  if (packed) {
    context.effects.notify(std::move(*packed));
  } else {
    context.effects.notify(CourierFailed{identity_->peer, id, packed.error()});
  }
}

Result<CourierPacked> Courier::build(Context& context, CourierId id, const std::optional<CourierAct>& act) {
  DETENTE_TRY_VOID(check_stations());  // a bulletin may have come meanwhile
  wake(context);
  CourierPacked out{identity_->peer, id, {}, 0, 0, 0, 0, 0, true};
  // As a first packet's counter: a clock lifts it and never refuses.
  out.number = last_number_ = std::max<std::uint64_t>(last_number_ + 1, context.now.wall.seconds);
  link::CourierContents contents;
  contents.made = context.now.wall;
  contents.life = *life_;
  contents.challenge = challenge_;
  if (other_) contents.answers = other_->challenge;
  contents.session = link_->newest_session();
  contents.told = other_ ? other_->number : 0;
  if (act) {
    DETENTE_TRY(section, lines_->at(act->line)->courier_act(context, contents.made.seconds, act->index));
    lines_->at(act->line)->leaves_by_courier();
    contents.sections.push_back(std::move(section));
  } else {
    const std::size_t sections = std::min(lines_->size(), link::kCourierSectionsMax) * kSectionBytes;
    std::size_t room = link::kCourierContentsMax - std::min(sections, link::kCourierContentsMax / 2);
    for (const auto& [line_id, line] : *lines_) {
      contents.sections.push_back(line->courier_section(context, contents.made.seconds, room, out.left_out));
      if (!contents.sections.back().entries.empty()) line->leaves_by_courier();
      for (const link::CourierEntry& entry : contents.sections.back().entries) room -= entry.frame.size() + 8;
      out.waiting += line->queued();
      out.contact = out.contact && line->contact_made();
    }
  }
  for (const link::CourierSection& section : contents.sections) {
    out.entries += section.entries.size();
    out.receipts += section.receipt ? 1 : 0;
  }
  const link::CourierHeader header{identity_->accord,         identity_->our_station, identity_->their_station,
                                   link_->psk().epoch(),      out.number,             context.keys.array<32>()};
  DETENTE_TRY(file, link::seal_courier(link_->pair(), link_->psk().psk(), header,
                                       link::encode_courier_contents(contents)));
  out.file = std::move(file);
  return out;
}

// --- in ----------------------------------------------------------------------------

// Of the accord before this one as long as the other station is not known to have left it; and of the next one, which its
// station goes on under already.
bool Courier::takes_accord(const Digest& accord) const {
  if (accord == identity_->accord || accord == link_->successor()) return true;
  return accord == identity_->former && !link_->former_accord_left();
}

Result<void> Courier::check_header(const link::CourierHeader& header) const {
  if (header.from == identity_->our_station)
    return fail(Fault::kConflict, "this courier file was made here, for " + header.to + ": have it imported there");
  if (header.to != identity_->our_station)
    return fail(Fault::kConflict, "this courier file is for the station " + header.to + ", and this one is " +
                                      identity_->our_station + ": hand it on unopened");
  if (header.from != identity_->their_station)
    return fail(Fault::kConflict, "this courier file is of the station " + header.from +
                                      ", with which this one shares no accord");
  if (!takes_accord(header.accord))
    return fail(Fault::kConflict, "this courier file was made under accord " + to_hex(header.accord) +
                                      ", and this station holds " + to_hex(identity_->accord) +
                                      ": compare the two texts, then ask for a new file");
  return {};
}

Result<link::CourierContents> Courier::open(Context& context, const link::ParsedCourier& file) {
  const std::uint16_t epoch = file.header.secret_epoch;
  const Result<SecretBytes> psk = link_->psk().at(epoch);
  if (!psk && psk.error().fault == Fault::kNotFound)
    return fail(Fault::kState, "this courier file was made under a secret that is deleted here, since both stations had "
                               "moved on: export a file here, have it imported there, and ask for a new one");
  if (!psk)
    return fail(Fault::kState, "this courier file was made under a secret " +
                                   std::to_string(epoch - link_->psk().epoch()) +
                                   " steps ahead of this station's, at most 24 can be made up: import an older file first");
  Result<Bytes> contents = link::open_courier(link_->pair(), psk->view(), file);
  if (!contents) {
    context.effects.notify(Alarm{identity_->peer, AlarmKind::kCourier, contents.error().message});
    return tl::unexpected<Error>(contents.error());
  }
  // What the other station left behind it does not open any more.
  link_->follow_psk(context, epoch);
  return link::parse_courier_contents(*contents);
}

// What a file says of the life in which it was made. Only one that was made after its station had heard of this
// life, by a file or a session, may be believed; and of two lives of the other station's only the later.
Courier::Age Courier::meet(Context& context, const link::CourierContents& contents, std::uint64_t number) {
  wake(context);
  const bool by_session = contents.session && link_->knows_session(*contents.session);
  const bool heard = by_session || contents.answers == challenge_;
  const bool same = other_ && other_->life == contents.life;
  if (other_ && !same && !by_session && number <= other_->number) return Age::kOfFormerLife;
  const bool began_anew = other_ && !same;
  // It answers this life, and its station had a session before this life began: had it begun anew since, its first contact
  // on a path would have drawn another challenge. So the sessions that are here are with the very life that made the file.
  const bool lived_before = (!other_ || same) && heard && !by_session && contents.session.has_value();
  if (same && lived_before) other_->sessions = 0;
  if (!same) {
    other_ = Other{contents.life, contents.challenge, 0, 0, {}, lived_before ? 0 : link_->session_count()};
    // A session that the file does not name may be of a life before it, and bring what is not in this disk's record.
    if (!by_session && !lived_before) link_->leave_all_sessions();
  }
  if (number > other_->number) {
    other_->number = number;
    other_->challenge = contents.challenge;
  }
  // After a disk was copied back a clock may be behind, too.
  last_number_ = std::max(last_number_, contents.told);
  if (by_session) return Age::kHeard;
  // The challenge that the former life was given is void, whoever answers it.
  if (began_anew) challenge_ = context.keys.array<16>();
  return heard && !began_anew ? Age::kHeard : Age::kUnheard;
}

std::vector<Line::CourierIntake> Courier::hand_on(Context& context, const link::CourierContents& contents,
                                                  bool newest) {
  const bool by_session = contents.session && link_->knows_session(*contents.session);
  // Within one life what is held never falls: a session of the file's life may have brought what is newer than the file.
  std::optional<std::uint64_t> newer_than;
  if (newest) newer_than = by_session ? 0 : other_->sessions;
  std::vector<Line::CourierIntake> out;
  for (const link::CourierSection& section : contents.sections) {
    const auto line = lines_->find(section.line);
    if (line == lines_->end()) {
      context.effects.notify(Alarm{identity_->peer, AlarmKind::kBadEntry,
                                   "a courier file speaks of a line that the accord does not have"});
      continue;
    }
    out.push_back(line->second->take_courier(context, section, contents.made.seconds, newer_than));
  }
  return out;
}

Result<CourierId> Courier::take(Context& context, ByteView file) {
  DETENTE_TRY(parsed, link::parse_courier(file));
  DETENTE_TRY_VOID(check_header(parsed.header));
  DETENTE_TRY_VOID(check_maker(context, parsed));
  DETENTE_TRY(contents, open(context, parsed));
  if (parsed.header.accord == link_->successor()) link_->note_successor_in_use();
  if (parsed.header.accord == identity_->accord) link_->note_former_accord_left();
  const std::uint64_t number = parsed.header.number;
  const std::uint64_t highest = other_ && other_->life == contents.life ? other_->number : 0;
  CourierTaken taken{identity_->peer, 0, CourierKind::kNew, number, contents.made};
  const Age age = meet(context, contents, number);
  if (age == Age::kOfFormerLife)
    return fail(Fault::kState, "this courier file was made before the other station began anew, and a later one was "
                               "imported: nothing of it is taken, and the later ones have all that it had");
  taken.id = next_id_++;
  std::vector<Line::CourierIntake> intakes;
  if (age == Age::kUnheard) {
    taken.kind = CourierKind::kUnheard;
  } else {
    if (number < highest) taken.kind = CourierKind::kOlder;
    if (!other_->taken.insert(number).second) taken.kind = CourierKind::kRepeated;
    if (other_->taken.size() > kTakenMax) other_->taken.erase(other_->taken.begin());
    const bool newest = number > other_->state_number;
    // One that holds a single entry says nothing of the rest.
    const bool states = std::any_of(contents.sections.begin(), contents.sections.end(),
                                    [](const link::CourierSection& section) { return section.state.has_value(); });
    if (newest && states) other_->state_number = number;
    intakes = hand_on(context, contents, newest);
  }
  finish(context, std::move(taken), std::move(intakes));
  return next_id_ - 1;
}

void Courier::finish(Context& context, CourierTaken taken, std::vector<Line::CourierIntake> intakes) {
  const CourierId id = taken.id;
  after_commits(context, id, [this, taken = std::move(taken), intakes = std::move(intakes)](Context& then) mutable {
    for (const Line::CourierIntake& intake : intakes)
      taken.lines.push_back(lines_->at(intake.line)->courier_report(then, intake));
    then.effects.notify(std::move(taken));
  });
}

}  // namespace detente::core
