// Story: the report's own story, played by the same core between two stations over lossy paths, with crashes and clocks
// of their own, all by one seed: five lines open; north announces that it cuts every one, with its reason and an hour;
// messages that cross it; a long silence; letters and the agreement to restore by files alone, some of them twice, out
// of order or lost; at the agreed instant the tests and the opening, with one path of military-east dead in one
// direction; an announcement that each station releases by its own clock; the first words and calls afterwards.
//
// Persons act on what their own station shows them and on nothing else, and try again what came to nothing: after a
// crash in the tests they agree anew. What must hold is checked on the way (Node, told()) and at the end from both
// stores (story_checks.cc).
#pragma once

#include "sim/stage.h"

namespace detente::sim {

struct StoryOptions {
  std::uint64_t seed = 1;
  Duration silence = std::chrono::minutes(288);  // at most, until the first letter; a quarter at least
};

struct StoryReport : StageReport {
  std::uint64_t files_packed = 0;
  std::uint64_t files_taken = 0;  // again counts again
  std::uint64_t files_lost = 0;
  std::uint64_t tries = 0;         // messages that were refused while the lines were cut
  std::uint64_t into_silence = 0;  // datagrams that were sent while the lines were silent
  std::uint64_t restorations = 0;  // until every line was open: one, and more where a station died in the tests
  std::uint64_t released = 0;      // announcements, of both sides
  double days = 0;                 // that the story took
};

class Story final : public Stage {
 public:
  explicit Story(StoryOptions options);
  StoryReport run();

 private:
  static constexpr std::size_t kSouth = 0, kNorth = 1;
  static constexpr LineId kLiaison{2}, kCalled{3};
  // A message that its writer wants to be sure of: written again if the station died over it.
  struct Wanted {
    std::optional<std::uint64_t> number;
    std::int64_t written_at = 0;
  };
  struct Release {
    WallTime due_at;
    std::uint64_t life = 0;  // of the station, in which the files were written last
  };
  using Found = std::vector<std::pair<record::Reference, record::Entry>>;

  core::PeerSetup setup(std::size_t node) override;
  void told(std::size_t node, const core::DeskEvent& event) override;
  const core::Peer& peer(std::size_t node) const { return nodes_[node]->station->peer(PeerId{0}); }
  std::int64_t true_time_of(std::size_t node, WallTime wall) const;

  // story.cc
  void plan_before();
  void chat(std::size_t node);
  void look(std::size_t node);
  void plan_the_hour();
  void begin_silence();
  void set_paths_dead(bool dead);
  void watch_for_the_day();
  void plan_the_day(std::int64_t instant);
  void plan_crash(std::size_t node, Duration after, Duration within);
  // One time in eight: between what the station has just asked of its disk.
  void crash_in_its_commits(std::size_t node);
  void step_clock(std::size_t node, Duration after);
  void postman(std::size_t node);
  void send_off(std::size_t from, const core::CourierPacked& packed);
  void hand_in(std::size_t to, const std::shared_ptr<const Bytes>& file);

  // story_persons.cc
  static const char* reason();
  static Digest text(std::size_t node);
  std::vector<LineId> closed_lines(std::size_t node) const;
  bool reopened(std::size_t node, LineId line) const;
  bool waits(std::size_t node, const core::Line::Pick& pick) const;
  std::optional<record::Reference> reference_to(std::size_t node, const line::ActPlace& at) const;
  std::vector<line::ActPlace> offers(std::size_t node, record::Whose whose, line::Matter matter) const;
  void act_on_what_is_shown(std::size_t node);
  void write_somewhere(std::size_t node);
  bool is_written(std::size_t node, const Wanted& wanted) const;
  void write(std::size_t node, LineId line, Wanted& wanted);
  void write_letters(std::size_t node);
  void write_first_words(std::size_t node);
  void call(std::size_t node);
  void announce_cut();
  void seek_restoration();
  void answer_restoration();
  void accept(std::size_t node, const line::ActPlace& at);
  void speak_at_desk(std::size_t node);
  void seek_announcement();
  void counter_announcement();
  void propose_announcement(std::size_t node, WallTime instant, const std::optional<line::ActPlace>& in_place_of);
  void release(std::size_t node, const core::AnnouncementChanged& event);
  bool is_over() const;

  // story_checks.cc
  static record::Whose of(std::size_t author, std::size_t seen_from);
  // Of that line, as this node's disk has it.
  Found find(std::size_t node, LineId line, record::Whose whose, const core::Line::Pick& pick) const;
  void check_end();
  void check_cut(std::size_t node);
  void check_silence(std::size_t node, std::size_t author);
  void check_calls(std::size_t node);
  bool agreed_twice(std::size_t node);
  void check_reports(std::size_t node);
  void check_releases(std::size_t node);

  StoryReport out_;
  bool dark_ = false;  // the cut is in the dark, and the network is there; else nothing crosses that in the silence
  bool clock_known_[2] = {true, true};
  Duration silence_{0};                // before the first letter
  std::optional<WallTime> effective_;  // the announced hour, by north's clock
  bool silent_ = false;
  std::optional<std::int64_t> silent_since_;
  std::uint64_t sent_before_ = 0;         // datagrams, until the silence
  std::optional<std::int64_t> the_day_;   // the first agreed instant, by true time
  bool crashed_on_the_day_ = false;       // or later
  int call_done_[2] = {0, 0};             // 1: the morning's, 2: the one after the restoration
  Wanted letters_[2];
  std::map<std::pair<std::size_t, LineId>, Wanted> first_words_;
  std::map<line::ActPlace, Release> releases_[2];
};

}  // namespace detente::sim
