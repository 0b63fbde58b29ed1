#include "station/api.h"

#include <set>

#include "station/announcer.h"
#include "station/bulletins.h"
#include "station/lifts.h"
#include "station/proposals.h"
#include "wire/text.h"

namespace detente::station {

namespace {

constexpr std::uint64_t kEventsMax = 256;
constexpr Duration kLongPoll = std::chrono::seconds(25);

ApiResponse to_response(const Result<Json>& result) {
  if (result) return {200, dump(*result)};
  return {http_status(result.error().fault), dump(error_json(result.error()))};
}

Result<void> expect_no_members(const ApiRequest& request, const char* what) {
  DETENTE_TRY(json, parse_body(request));
  DETENTE_TRY(in, JsonReader::of(json, what));
  return in.close();
}

}  // namespace

tl::unexpected<Error> no_such_route() {
  return fail(Fault::kNotFound, "the station has no such address; spec/api.md names them all");
}

bool is(const ApiRequest& request, std::initializer_list<std::string_view> path) {
  if (path.size() != request.path.size()) return false;
  auto part = request.path.begin();
  for (std::string_view wanted : path)
    if (std::string_view have = *part++; wanted != "*" && wanted != have) return false;
  return true;
}

unsigned http_status(Fault fault) {
  switch (fault) {
    case Fault::kMalformed: return 400;
    case Fault::kAuthentication:
    case Fault::kDenied: return 403;
    case Fault::kNotFound: return 404;
    case Fault::kConflict:
    case Fault::kState: return 409;
    case Fault::kLimit: return 413;
    case Fault::kUnsupported: return 501;
    case Fault::kIo: return 500;
  }
  return 500;
}

Api::Api(Running& running, std::function<void()> stop)
    : running_(running),
      stop_(std::move(stop)),
      snapshot_(*running.store, running.dir.snapshot_file().string(),
                [&driver = *running.driver](std::function<void()> work) {
                  driver.post(std::move(work));
                }) {}

void Api::handle(const ApiRequest& request, Reply reply) {
  if (request.method == "GET") {
    if (is(request, {"v1", "events"})) return get_events(request, std::move(reply));
    if (is(request, {"v1", "snapshot"})) return get_snapshot(request, std::move(reply));
    if (is(request, {"v1", "counterparts", "*", "lines", "*", "documents", "*", "bytes"}))
      return get_document_bytes(request, std::move(reply));
    return reply(to_response(get(request)));
  }
  if (request.method == "POST") return post(request, std::move(reply));
  reply({405, dump(error_json({Fault::kUnsupported, "only GET and POST are known here"}))});
}

Result<Counterpart*> Api::find_counterpart(const ApiRequest& request) {
  Counterpart* found = running_.counterpart(request.path[2]);
  if (found != nullptr) return found;
  return fail(Fault::kNotFound, "this station has no counterpart " + wire::display_line(request.path[2].substr(0, 40)) +
                                    "; `detente status` lists them");
}

Result<const accord::Annex*> Api::find_annex(const Counterpart& counterpart, const std::string& name) {
  const accord::Annex* found = counterpart.accord.line_named(name);
  if (found == nullptr)
    if (const auto number = parse_number(name, "line", UINT16_MAX))
      found = counterpart.accord.annex(LineId{static_cast<std::uint16_t>(*number)});
  if (found != nullptr) return found;
  if (counterpart.retired_named(name) != nullptr)
    return fail(Fault::kState, "line " + wire::display_line(name.substr(0, 40)) + " was retired: version " +
                                   std::to_string(counterpart.accord.accord.version) + " of the accord with " +
                                   counterpart.name() + " does not have it any more. Its record stays readable");
  return fail(Fault::kNotFound, "the accord with " + counterpart.name() + " has no line " +
                                    wire::display_line(name.substr(0, 40)) + "; `detente status` lists them");
}

Result<Api::Target> Api::find_line(const ApiRequest& request) {
  DETENTE_TRY(counterpart, find_counterpart(request));
  DETENTE_TRY(annex, find_annex(*counterpart, request.path[4]));
  return Target{counterpart, annex};
}

Result<Json> Api::get(const ApiRequest& request) {
  if (is(request, {"v1", "status"})) return status_json(running_);
  if (is(request, {"v1", "paths"})) return paths_json(running_);
  if (is(request, {"v1", "clocks"})) {
    Json out{{"ok", true}};
    out.update(clocks_json(running_, nullptr));
    return out;
  }
  if (is(request, {"v1", "watch"}) || is(request, {"v1", "watch", "log"})) return get_watch(request);
  if (is(request, {"v1", "counterparts", "*", "proposals"})) {
    DETENTE_TRY(counterpart, find_counterpart(request));
    ProposalsWanted wanted;
    if (const auto id = request.query.find("id"); id != request.query.end()) wanted.id = id->second;
    if (const auto all = request.query.find("all"); all != request.query.end()) wanted.all = all->second != "0";
    return proposals_json(running_, *counterpart, wanted);
  }
  if (is(request, {"v1", "counterparts", "*", "lifts"})) {
    DETENTE_TRY(counterpart, find_counterpart(request));
    return lifts_json(running_, *counterpart);
  }
  if (request.path.size() >= 5 && request.path[1] == "counterparts" && request.path[3] == "lines") {
    Result<Json> out = get_line(request);
    // After the read: when the disk lies, what is missing from the answer is not known to be missing.
    if (const auto fault = running_.store->fault()) return tl::unexpected<Error>(*fault);
    return out;
  }
  return no_such_route();
}

// A line that was retired has its record, and nothing else.
Result<Api::Target> Api::find_readable(const ApiRequest& request) {
  DETENTE_TRY(counterpart, find_counterpart(request));
  const bool of_the_record = request.path.size() >= 6 && (request.path[5] == "entries" || request.path[5] == "documents" ||
                                                          request.path[5] == "record" || request.path[5] == "extract" ||
                                                          request.path[5] == "two-records");
  const std::string& name = request.path[4];
  const accord::Annex* retired = of_the_record ? counterpart->retired_named(name) : nullptr;
  if (of_the_record && retired == nullptr)
    if (const auto number = parse_number(name, "line", UINT16_MAX))
      retired = counterpart->retired(LineId{static_cast<std::uint16_t>(*number)});
  if (retired != nullptr && counterpart->accord.line_named(name) == nullptr) return Target{counterpart, retired};
  return find_line(request);
}

Result<Json> Api::get_line(const ApiRequest& request) {
  DETENTE_TRY(target, find_readable(request));
  if (is(request, {"v1", "counterparts", "*", "lines", "*"}))
    return line_json(running_, *target.counterpart, *target.annex);
  if (is(request, {"v1", "counterparts", "*", "lines", "*", "status"}))
    return ladder_json(running_, *target.counterpart, *target.annex);
  if (is(request, {"v1", "counterparts", "*", "lines", "*", "entries"}))
    return entries_json(running_, *target.counterpart, *target.annex, request);
  if (is(request, {"v1", "counterparts", "*", "lines", "*", "entries", "*", "*"}))
    return one_entry_json(running_, *target.counterpart, *target.annex, request);
  if (is(request, {"v1", "counterparts", "*", "lines", "*", "documents"}))
    return documents_json(running_, *target.counterpart, *target.annex, request);
  if (is(request, {"v1", "counterparts", "*", "lines", "*", "documents", "*"}))
    return one_document_json(running_, *target.counterpart, request);
  if (is(request, {"v1", "counterparts", "*", "lines", "*", "record"}))
    return get_record(target, request);
  if (is(request, {"v1", "counterparts", "*", "lines", "*", "extract"}))
    return extract_json(running_, *target.counterpart, *target.annex, request);
  if (is(request, {"v1", "counterparts", "*", "lines", "*", "two-records"}))
    return two_records_json(running_, *target.counterpart, *target.annex);
  if (request.path.size() == 6) return get_line_watch(target, request);
  return no_such_route();
}

Result<Json> Api::get_record(const Target& target, const ApiRequest& request) {
  std::optional<std::uint64_t> at;
  if (const auto found = request.query.find("at"); found != request.query.end()) {
    DETENTE_TRY(size, parse_number(found->second, "at", UINT64_MAX));
    at = size;
  }
  return record_json(running_, *target.counterpart, at, *target.annex);
}

void Api::get_events(const ApiRequest& request, Reply reply) {
  const Result<std::uint64_t> since =
      query_number(request, "since", running_.events.newest(), UINT64_MAX);
  const bool newest = request.query.count("newest") > 0;
  const auto asked_run = request.query.find("run");
  const std::string run = asked_run == request.query.end() ? std::string() : asked_run->second;
  const Result<std::uint64_t> wait = query_number(
      request, "timeout_ms", static_cast<std::uint64_t>(kLongPoll.count() / 1000), kWaitMsMax);
  if (!since || !wait)
    return reply(to_response(tl::unexpected<Error>(since ? wait.error() : since.error())));
  const auto tell = [this, since = *since, run, reply, told = std::make_shared<bool>(false)] {
    if (std::exchange(*told, true)) return;
    reply(to_response(running_.events.after(since, kEventsMax, run)));
  };
  if (newest) return reply(to_response(running_.events.newest_of(kEventsMax)));
  if (*since != running_.events.newest() || *wait == 0 || !running_.events.is_this(run)) return tell();
  const std::uint64_t waiting = running_.events.when_more(tell);
  running_.driver->after(std::chrono::milliseconds(*wait), [this, waiting, tell] {
    running_.events.forget(waiting);
    tell();
  });
}

void Api::get_snapshot(const ApiRequest& request, Reply reply) {
  const Result<std::uint64_t> wait = query_number(request, "timeout_ms", 0, kWaitMsMax);
  if (!wait) return reply(to_response(tl::unexpected<Error>(wait.error())));
  const auto tell = [this, reply, told = std::make_shared<bool>(false)] {
    if (!std::exchange(*told, true)) reply(to_response(snapshot_.json()));
  };
  snapshot_.when_done(tell);
  running_.driver->after(std::chrono::milliseconds(*wait), tell);
}

void Api::post(const ApiRequest& request, Reply reply) {
  if (is(request, {"v1", "counterparts", "*", "lines", "*", "entries"}))
    return post_entry(request, std::move(reply));
  if (is(request, {"v1", "counterparts", "*", "lines", "*", "documents", "*"}))
    return post_document(request, std::move(reply));
  if (is(request, {"v1", "counterparts", "*", "courier"})) return post_courier_export(request, std::move(reply));
  if (is(request, {"v1", "courier"})) return post_courier_import(request, std::move(reply));
  if (is(request, {"v1", "counterparts", "*", "announcements"})) return reply(to_response(post_announcement_text(request)));
  if (is(request, {"v1", "counterparts", "*", "lines", "*", "lift", "take-back"})) return reply(to_response(post_take_back(request)));
  if (is(request, {"v1", "bulletins"})) return reply(to_response(post_bulletin(request)));
  if (is(request, {"v1", "watch"})) return reply(to_response(post_watch(request)));
  if (is(request, {"v1", "snapshot"})) {
    Result<void> begun = expect_no_members(request, "snapshot");
    if (begun) begun = snapshot_.begin();
    return reply(to_response(begun ? Result<Json>(snapshot_.json())
                                   : tl::unexpected<Error>(begun.error())));
  }
  if (is(request, {"v1", "stop"})) {
    if (const auto asked = expect_no_members(request, "stop"); !asked)
      return reply(to_response(tl::unexpected<Error>(asked.error())));
    reply(to_response(Json{{"ok", true}, {"stopping", true}}));
    // The answer leaves first; a reader that is slower than this finds the connection closed.
    return running_.driver->after(std::chrono::milliseconds(20), stop_);
  }
  reply(to_response(no_such_route()));
}

void Api::post_entry(const ApiRequest& request, Reply reply) {
  const auto submit = [&]() -> Result<void> {
    DETENTE_TRY(target, find_line(request));
    DETENTE_TRY(json, parse_body(request));
    if (json.is_object() && json.contains("messages")) return submit_several(target, json, reply);
    return submit_one(target, json, reply);
  };
  if (const Result<void> done = submit(); !done)
    reply(to_response(tl::unexpected<Error>(done.error())));
}

Result<Json> Api::post_announcement_text(const ApiRequest& request) {
  DETENTE_TRY(counterpart, find_counterpart(request));
  static_cast<void>(counterpart);
  DETENTE_TRY(json, parse_body(request));
  return running_.announcer->keep_text(json);
}

Result<Json> Api::post_take_back(const ApiRequest& request) {
  DETENTE_TRY(target, find_line(request));
  DETENTE_TRY_VOID(expect_no_members(request, "take-back"));
  return take_back_lift(running_, *target.counterpart, *target.annex);
}

Result<Json> Api::post_bulletin(const ApiRequest& request) {
  DETENTE_TRY(json, parse_body(request));
  DETENTE_TRY(in, JsonReader::of(json, "bulletin"));
  const auto bytes = in.base64("bulletin");
  if (!bytes) in.wrong("bulletin", "the bulletin's bytes in base64");
  const std::string side = in.text("side").value_or(running_.dir.name());
  DETENTE_TRY_VOID(in.close());
  if (side == running_.dir.name()) return publish_bulletin(running_, *bytes);
  Counterpart* counterpart = running_.counterpart(side);
  if (counterpart == nullptr)
    return fail(Fault::kNotFound, "bulletin: this station has no counterpart of the name in \"side\"");
  return take_carried_bulletin(running_, *counterpart, *bytes);
}

}  // namespace detente::station
