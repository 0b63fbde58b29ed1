#include "line/watch_acts.h"

#include "record/act_body.h"

namespace detente::line {

namespace {

using record::read_bounded, record::read_time, record::read_words;

// The last item of an array, when it has one more than `without`; never empty when it is there.
Result<std::string> words_of(wire::CborReader& reader, std::size_t items, std::size_t without) {
  if (items == without) return std::string();
  if (items != without + 1) return fail(Fault::kMalformed, "an act with too few or too many parts");
  return read_words(reader, kWatchWordsMax);
}

// Told apart by the kind, which is not known here: every kind's reader wants the end.
template <typename T>
Result<T> ended(const wire::CborReader& reader, T value) {
  DETENTE_TRY_VOID(reader.expect_end());
  return value;
}

Result<void> check_presence(const record::Entry& entry) {
  DETENTE_TRY(deed, parse_presence_body(entry.body));
  const auto& references = entry.header.references;
  if (deed == PresenceDeed::kAsked ? references.empty()
                                   : references.size() == 1 && references.front().whose == record::Whose::kOthers)
    return {};
  return fail(Fault::kMalformed,
              "a presence query refers to nothing; its answer refers to the other side's query");
}

Result<void> check_body(const record::Entry& entry) {
  switch (entry.header.kind) {
    case record::kCheckCall: {
      DETENTE_TRY(act, parse_call_body(entry.body));
      static_cast<void>(act);
      return {};
    }
    case record::kPresence: return check_presence(entry);
    case record::kHoursExtension: {
      DETENTE_TRY(until, parse_hours_body(entry.body));
      static_cast<void>(until);
      return {};
    }
    case record::kOutage: {
      DETENTE_TRY(outage, parse_outage_body(entry.body));
      static_cast<void>(outage);
      return {};
    }
    case record::kCircuitTest:
      if (entry.header.entry_class != record::EntryClass::kTest)
        return fail(Fault::kDenied, "a circuit test is of the class test and of no other");
      return wire::CborReader(entry.body).null();
    default:
      return fail(Fault::kUnsupported, "a desk does not write entries of this kind");
  }
}

bool is_persons(record::Kind kind) { return kind != record::kCircuitTest && kind != record::kOutage; }

}  // namespace

Bytes call_body(const CallAct& act) {
  wire::CborWriter out;
  out.array(act.words.empty() ? 3 : 4).uint(static_cast<std::uint64_t>(act.deed)).uint(act.day).uint(act.place);
  if (!act.words.empty()) out.text(act.words);
  return out.take();
}

Result<CallAct> parse_call_body(ByteView body) {
  wire::CborReader reader(body);
  DETENTE_TRY(items, reader.array());
  DETENTE_TRY(deed, read_bounded(reader, 3, "a check call's act"));
  DETENTE_TRY(day, read_bounded(reader, kCallDayMax, "a check call's date"));
  DETENTE_TRY(place, read_bounded(reader, kCallPlaceMax, "a check call's place"));
  DETENTE_TRY(words, words_of(reader, items, 3));
  return ended(reader, CallAct{static_cast<CallDeed>(deed), static_cast<std::uint32_t>(day),
                               static_cast<std::uint8_t>(place), std::move(words)});
}

Bytes presence_body(PresenceDeed deed) {
  return wire::CborWriter().array(1).uint(static_cast<std::uint64_t>(deed)).take();
}

Result<PresenceDeed> parse_presence_body(ByteView body) {
  wire::CborReader reader(body);
  DETENTE_TRY_VOID(reader.array(1));
  DETENTE_TRY(deed, read_bounded(reader, 2, "a presence act"));
  return ended(reader, static_cast<PresenceDeed>(deed));
}

Bytes on_watch_body(const OnWatch& claim) {
  wire::CborWriter out;
  if (!claim.since) return out.array(0).take();
  out.array(claim.who.empty() ? 1 : 2).uint(claim.since->seconds);
  if (!claim.who.empty()) out.text(claim.who);
  return out.take();
}

Result<OnWatch> parse_on_watch_body(ByteView body) {
  wire::CborReader reader(body);
  DETENTE_TRY(items, reader.array());
  if (items == 0) return ended(reader, OnWatch{});
  DETENTE_TRY(since, read_time(reader));
  DETENTE_TRY(who, words_of(reader, items, 1));
  return ended(reader, OnWatch{since, std::move(who)});
}

Bytes zone_rules_body(const std::vector<ZoneDigest>& zones) {
  wire::CborWriter out;
  out.array(zones.size());
  for (const ZoneDigest& zone : zones) out.array(2).text(zone.zone).bytes(zone.digest);
  return out.take();
}

Result<std::vector<ZoneDigest>> parse_zone_rules_body(ByteView body) {
  wire::CborReader reader(body);
  DETENTE_TRY(items, reader.array());
  if (items == 0 || items > kZoneDigestsMax) return fail(Fault::kMalformed, "zone rules: 1 to 12 zones");
  std::vector<ZoneDigest> out;
  for (std::size_t i = 0; i < items; ++i) {
    DETENTE_TRY_VOID(reader.array(2));
    DETENTE_TRY(name, reader.text());
    DETENTE_TRY_VOID(wire::check_text(name, kWatchWordsMax));
    DETENTE_TRY(bytes, reader.bytes());
    const auto digest = to_array<32>(bytes);
    if (name.empty() || !digest) return fail(Fault::kMalformed, "zone rules: a zone without name or digest");
    if (!out.empty() && out.back().zone >= name) return fail(Fault::kMalformed, "zone rules: not ascending");
    out.push_back({std::string(name), *digest});
  }
  return ended(reader, std::move(out));
}

Bytes hours_body(WallTime until) { return wire::CborWriter().array(1).uint(until.seconds).take(); }

Result<WallTime> parse_hours_body(ByteView body) {
  wire::CborReader reader(body);
  DETENTE_TRY_VOID(reader.array(1));
  DETENTE_TRY(until, read_time(reader));
  return ended(reader, until);
}

Bytes outage_body(const Outage& outage) {
  wire::CborWriter out;
  out.array(outage.words.empty() ? 2 : 3).uint(outage.from.seconds).uint(outage.until.seconds);
  if (!outage.words.empty()) out.text(outage.words);
  return out.take();
}

Result<Outage> parse_outage_body(ByteView body) {
  wire::CborReader reader(body);
  DETENTE_TRY(items, reader.array());
  DETENTE_TRY(from, read_time(reader));
  DETENTE_TRY(until, read_time(reader));
  if (until < from) return fail(Fault::kMalformed, "an outage that ends before it begins");
  DETENTE_TRY(words, words_of(reader, items, 2));
  return ended(reader, Outage{from, until, std::move(words)});
}

bool is_watch_act(record::Kind kind) { return kind >= record::kCheckCall && kind <= record::kCircuitTest; }

Result<void> check_watch_act(const record::Entry& entry, bool provable) {
  if (entry.header.body_form != record::BodyForm::kCbor)
    return fail(Fault::kMalformed, "an act of the watch is \"body\", not \"text\"");
  DETENTE_TRY_VOID(check_body(entry));
  if (provable && is_persons(entry.header.kind) && entry.signatures.empty())
    return fail(Fault::kDenied, "only a person does this: say --as OFFICER, whose signature it carries");
  return {};
}

}  // namespace detente::line
