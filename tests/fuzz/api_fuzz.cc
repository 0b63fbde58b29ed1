// What programs and people give a running station: request targets and what they ask for, submissions in JSON, its
// configuration. spec/api.md. Only src/station's parsers, compiled in beside the core.
#include "fuzz.h"
#include "record/blob.h"
#include "station/api_request.h"
#include "station/station_config.h"
#include "station/submission.h"
#include "station/watch_deed.h"

namespace detente::fuzz {

namespace {

void check_submission(const station::Json& json) {
  static_cast<void>(station::dump(json));
  const auto submission = station::parse_submission(json);
  if (!submission) return;
  // The command line writes what the station reads: the same values.
  const station::Json written = station::write_submission(*submission);
  const auto again =
      station::parse_submission(station::Json::parse(station::dump(written), nullptr, false));
  FUZZ_EXPECT(again.has_value());
  FUZZ_EXPECT(again->entry == submission->entry && again->wait == submission->wait &&
              again->timeout_ms == submission->timeout_ms && again->timed == submission->timed &&
              again->mandate == submission->mandate &&
              again->references.size() == submission->references.size());
}

// Who signs a deed signs its text: it reads to one value, which writes that text.
void check_deed(const station::Json& json) {
  if (const auto deed = station::parse_deed(json))
    FUZZ_EXPECT(station::dump(station::write_deed(*deed)) == station::dump(json));
}

// One value, however many zeros it begins with, and below every bound that it is below.
void check_number(const std::string& text) {
  const auto number = station::parse_number(text, "x", UINT64_MAX);
  const auto small = station::parse_number(text, "x", UINT16_MAX);
  FUZZ_EXPECT(small.has_value() == (number && *number <= UINT16_MAX));
  if (!number) return;
  const std::string written = std::to_string(*number);
  FUZZ_EXPECT(text.size() >= written.size() && text.ends_with(written));
  FUZZ_EXPECT(text.find_first_not_of('0') >= text.size() - written.size());
}

void check_root(const std::string& text) {
  if (const auto root = station::parse_root(text))
    FUZZ_EXPECT(text.size() == 64 && station::parse_root(to_hex(*root)).value() == *root);
}

// Each part where each of them may stand: what a request is of, the station looks at first.
void check_request(const station::ApiRequest& request) {
  for (const std::string& part : request.path) {
    check_number(part);
    check_root(part);
  }
  for (const auto& named : request.query) check_number(named.second);
  const auto says = [&](const char* key) { return request.query.count(key) > 0; };
  if (const auto own = station::parse_whose(request)) FUZZ_EXPECT(request.query.at("whose") == (*own ? "own" : "far"));
  const auto piece = station::first_piece(request);
  FUZZ_EXPECT(piece ? *piece <= record::kPiecesMax && (*piece == 0 || says("piece")) : says("piece"));
  if (const auto length = station::document_length(request))
    FUZZ_EXPECT(says("length") && record::piece_count(*length) <= record::kPiecesMax);
}

void check_courier(const station::Json& json) {
  const auto asked = station::parse_courier_asked(json);
  if (!asked) return;
  FUZZ_EXPECT(*asked ? json.contains("line") && (*asked)->index.has_value() != (*asked)->waiting.has_value()
                     : json.value("line", station::Json()).is_null());
}

}  // namespace

void run(ByteView input) {
  const std::string text = text_of(input);
  if (const auto json = station::parse_json(text, "what was posted")) {
    check_submission(*json);
    check_deed(*json);
    check_courier(*json);
    if (const auto messages = station::split_messages(*json))
      for (const station::Json& message : *messages) check_submission(message);
  }
  if (const auto request = station::parse_target(text)) {
    FUZZ_EXPECT(text.starts_with('/') && request->path.size() <= 16 && request->query.size() <= 16);
    check_request(*request);
  }
  if (const auto address = station::parse_address(text)) {
    const auto again = station::parse_address(address->text());
    FUZZ_EXPECT(again && *again == *address);
  }
  if (const auto config = station::parse_station_config(text)) {
    const auto written = station::write_station_config(*config);
    FUZZ_EXPECT(written.has_value());
    const auto again = station::parse_station_config(*written);
    FUZZ_EXPECT(again && *again == *config);
  }
}

Seeds seeds() {
  const auto bytes = [](std::string_view text) { return to_bytes(as_bytes(text)); };
  station::Submission full;
  full.entry.header.author = OfficerId{2};
  full.entry.header.time = {1770000000};
  full.entry.header.due = WallTime{1770000100};
  full.entry.header.precedence = record::Precedence::kFlash;
  full.entry.header.action = {"commander"};
  full.entry.header.label = "RESTRICTED";
  full.entry.header.subject = "Patrol boats";
  full.entry.body = bytes("Turn back.");
  full.entry.signatures = {{OfficerId{2}, 1770000001, 1, {}}};
  full.references = {{record::Whose::kOthers, record::EpochId{1}, 4, Digest{2}}};
  full.wait = station::Wait::kReceipt;
  station::Submission coded;
  coded.entry.header.kind = record::kPersonReceipt;
  coded.entry.header.body_form = record::BodyForm::kCbor;
  coded.entry.body = {0x81, 0x00};
  station::StationConfig config;
  config.providers = {"/usr/lib/provider.so"};
  config.counterparts = {{"north", "main", {{"fibre", {"127.0.0.1", 7001}, {"::1", 7002}}}}};
  station::Deed deed;
  deed.what = "contact";
  deed.time = deed.at = {1770000000};
  deed.counter = 1770000000;
  deed.officer = OfficerId{2};
  deed.line = "north/navy";
  deed.bearer = "telephone";
  deed.way = "in";
  deed.words = "Do you hear us?";
  return {{"deed", bytes(station::dump(station::write_deed(deed)))},
          {"submission", bytes(station::dump(station::write_submission(full)))},
          {"submission-coded", bytes(station::dump(station::write_submission(coded)))},
          {"several", bytes(R"({"wait":"durable","messages":[{"text":"a"},{"text":"b","precedence":"flash"}]})")},
          {"twice", bytes(R"({"text":"do","text":"do not"})")},
          {"nested", bytes("{\"text\":[[[[{\"a\":1e400}]]]]}")},
          {"target", bytes("/v1/counterparts/north/lines/a%2Fb%20c/entries?since=4&whose=far&x")},
          {"document", bytes("/v1/counterparts/north/lines/navy/documents/" + std::string(64, 'e') + "/bytes?whose=far&piece=016")},
          {"document-part", bytes("/v1/counterparts/north/lines/7/documents/" + std::string(64, 'A') + "?length=2147483648&piece=16")},
          {"courier", bytes(R"({"line":"navy","index":4})")},
          {"courier-waiting", bytes(R"({"line":"7","waiting":12})")},
          {"courier-both", bytes(R"({"line":"7","index":4,"waiting":12})")},
          {"courier-whole", bytes("{}")},
          {"address", bytes("[2001:db8::1]:7001")},
          {"config", bytes(station::write_station_config(config).value())}};
}

}  // namespace detente::fuzz
