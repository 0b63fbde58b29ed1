// Api: what programs on this machine may ask of the station. spec/api.md.
//
// Runs on the station's thread and answers at once, but for submissions that wait
// and for long polls. Every answer is JSON; every object names its counterpart.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <tuple>

#include "station/api_http.h"
#include "station/api_request.h"
#include "station/running.h"
#include "station/snapshot_task.h"
#include "station/submission.h"
#include "station/verdict.h"
#include "watch/ladder.h"

namespace detente::station {

class Api {
 public:
  using Reply = ApiServer::Reply;

  // `stop`: ends the station, after the answer went out.
  Api(Running& running, std::function<void()> stop);

  void handle(const ApiRequest& request, Reply reply);
  // Everything that happens, before what the station itself does about it.
  void on_event(const core::DeskEvent& event);
  // A counterpart goes on under another accord. Who waits for what will not come any more is answered now.
  void on_accord_changed(const Counterpart& counterpart);

 private:
  // A line that a request names.
  struct Target {
    Counterpart* counterpart = nullptr;
    const accord::Annex* annex = nullptr;
  };
  // A submission whose sender waits for more than its acceptance.
  using PendingKey = std::tuple<PeerId, LineId, core::SubmissionId>;
  struct Pending {
    Wait wait = Wait::kDurable;
    Reply reply;
    std::optional<EntryPlace> placed;
    bool queued = false;
    Instant began;
  };

  Result<Counterpart*> find_counterpart(const ApiRequest& request);
  // By its name or its number.
  static Result<const accord::Annex*> find_annex(const Counterpart& counterpart, const std::string& name);
  Result<Target> find_line(const ApiRequest& request);
  Result<Target> find_readable(const ApiRequest& request);
  Result<Json> get(const ApiRequest& request);
  Result<Json> get_line(const ApiRequest& request);
  Result<Json> get_watch(const ApiRequest& request);  // api_watch.cc
  Result<Json> get_record(const Target& target, const ApiRequest& request);
  Result<Json> get_line_watch(const Target& target, const ApiRequest& request);
  Result<Json> post_watch(const ApiRequest& request);
  void get_events(const ApiRequest& request, Reply reply);
  void get_document_bytes(const ApiRequest& request, Reply reply);
  void get_snapshot(const ApiRequest& request, Reply reply);
  void post(const ApiRequest& request, Reply reply);
  void post_entry(const ApiRequest& request, Reply reply);
  // api_post.cc. After an error nothing was submitted and nobody was answered.
  Result<void> submit_one(const Target& target, const Json& json, Reply reply);
  Result<void> submit_several(const Target& target, const Json& json, Reply reply);
  void post_document(const ApiRequest& request, Reply reply);
  // api_courier.cc
  static Result<std::optional<core::CourierAct>> courier_act(const Counterpart& counterpart, const ApiRequest& request);
  void post_courier_export(const ApiRequest& request, Reply reply);
  void post_courier_import(const ApiRequest& request, Reply reply);
  bool on_courier(const core::DeskEvent& event);  // whether it was of a file
  void on_part(PeerId peer, core::SubmissionId id, ApiResponse response);
  Result<Json> post_take_back(const ApiRequest& request);
  Result<Json> post_bulletin(const ApiRequest& request);
  Result<Json> post_announcement_text(const ApiRequest& request);

  void answer(const PendingKey& key, const Pending& pending, const char* state);
  void give_up(const PendingKey& key);
  void on_receipt(const core::ReceiptVerified& receipt);

  Running& running_;
  std::function<void()> stop_;
  std::map<PendingKey, Pending> pending_;
  std::map<std::pair<PeerId, core::SubmissionId>, Reply> handed_over_;  // parts of documents
  std::map<std::pair<PeerId, core::CourierId>, Reply> couriers_;         // files that are made or taken
  SnapshotTask snapshot_;
};

// api_status.cc
Json status_json(Running& running);
Json line_json(Running& running, const Counterpart& counterpart, const accord::Annex& annex);
// api_ladder.cc
Json finding_json(const watch::Finding& finding);
Json situation_json(const watch::Ladder& ladder);
Json ladder_json(Running& running, const Counterpart& counterpart, const accord::Annex& annex);
Json clock_json(const LinkView& view, const Now& now);
Json synchronised_json(const std::optional<bool>& synchronised);
// api_clocks.cc: of all counterparts, or of one.
Json clocks_json(const Running& running, const Counterpart* only);
// api_documents.cc
Result<Json> documents_json(Running& running, const Counterpart& counterpart, const accord::Annex& annex, const ApiRequest& request);
Result<Json> one_document_json(Running& running, const Counterpart& counterpart, const ApiRequest& request);
// api_paths.cc
struct PathView {
  const PathConfig& config;
  accord::PathKind kind;
  const core::PathState& state;
  bool best;
  Now now;
  std::optional<watch::Trouble> moved = {};  // where they are followed to
};
Json path_json(const PathView& view);
Json paths_json(Running& running);
// api_entries.cc: `request.path` ends in entries, entries/{whose}/{index} or record.
Result<Json> entries_json(Running& running, const Counterpart& counterpart,
                          const accord::Annex& annex, const ApiRequest& request);
Result<Json> one_entry_json(Running& running, const Counterpart& counterpart,
                            const accord::Annex& annex, const ApiRequest& request);
// api_record.cc
// `at`: of each log the root at that size, too.
Result<Json> record_json(Running& running, const Counterpart& counterpart, std::optional<std::uint64_t> at,
                         const accord::Annex& annex);
// api_courier.cc: what a file of the other station's brought.
Json courier_json(const Counterpart& counterpart, const core::CourierTaken& taken);
// api_extract.cc
Result<Json> extract_json(Running& running, const Counterpart& counterpart,
                          const accord::Annex& annex, const ApiRequest& request);
// The proofs that the other station signed two records of this line.
Result<Json> two_records_json(Running& running, const Counterpart& counterpart, const accord::Annex& annex);
tl::unexpected<Error> no_such_route();
// Whether the request's path is this one; "*" stands for any part.
bool is(const ApiRequest& request, std::initializer_list<std::string_view> path);
// api_submit.cc: what the station checks and fills in before the core sees it.
Result<record::Entry> prepare_entry(Running& running, const Counterpart& counterpart,
                                    const accord::Annex& annex, Submission submission);

unsigned http_status(Fault fault);

}  // namespace detente::station
