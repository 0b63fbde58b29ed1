// Years of silence on five lines: whether anything grows that should not, and whether the first word after
// them finds the station ready.
#include <ctime>
#include <filesystem>

#include "bench.h"
#include "bench_silent_station.h"
#include "bench_stations.h"

namespace detente::cli {

namespace {

struct Years {
  std::vector<SilentYear> years;
  FirstExchange first;
  double seconds = 0;
};

Result<Years> silent_years(const SilenceSetting& setting) {
  const std::clock_t began = std::clock();
  Years out;
  DETENTE_TRY(station, SilentStation::start(setting));
  for (std::uint32_t i = 0; i < setting.years; ++i) {
    DETENTE_TRY(year, station->year());
    out.years.push_back(year);
  }
  DETENTE_TRY(first, station->answer());
  out.first = first;
  out.seconds = static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC;
  return out;
}

// Of one line and year, from the second year's end on: the first fills caches and windows.
double growth(const Years& years, std::uint64_t SilentYear::*field) {
  const SilentYear &early = years.years[1], &late = years.years.back();
  const double spans = static_cast<double>(years.years.size() - 2);
  return (static_cast<double>(late.*field) - static_cast<double>(early.*field)) / spans / kSilentLines;
}

Result<void> check_first_words(const Years& years) {
  const FirstExchange& first = years.first;
  if (first.signs_of_life == 1 && first.silent_row == 0 && first.queued == 0 && first.their_bulletins >= years.years.size())
    return {};
  return fail(Fault::kState, "after the silence: " + std::to_string(first.signs_of_life) + " signs of life, " +
                                 std::to_string(first.silent_row) + " calls still counted as silent, " +
                                 std::to_string(first.queued) + " entries not receipted, " +
                                 std::to_string(first.their_bulletins) + " bulletins there");
}

}  // namespace

Result<std::vector<Figure>> bench_silence(const BenchChoices& choices) {
  const std::string memory_disk = "/dev/shm";
  DETENTE_TRY(directory, TemporaryDirectory::make(std::filesystem::is_directory(memory_disk) ? memory_disk : choices.on));
  SilenceSetting setting;
  setting.directory = directory->path();
  setting.years = choices.quick ? 3 : 20;
  setting.awake_minutes = choices.quick ? 30 : 120;
  DETENTE_TRY(years, silent_years(setting));
  DETENTE_TRY_VOID(check_first_words(years));
  const SilentYear &early = years.years[1], &late = years.years.back();
  const auto sent = [](const SilentYear& year) { return static_cast<double>(year.datagrams) / year.awake_hours; };
  // Ten bytes a day of a line are kept, in an array that doubles: in a short run one doubling shows.
  const double heap_goal = choices.quick ? 13'000 : 6000;
  const std::string conditions =
      std::to_string(setting.years) + " years, " + std::to_string(kSilentLines) + " lines of two calls a day, awake " +
      std::to_string(setting.awake_minutes) + " minutes of each day, a start every " +
      std::to_string(setting.restart_days) + " days";
  return std::vector<Figure>{
      {"silence.heap", "B", {growth(years, &SilentYear::heap_bytes)}, {}, heap_goal,
       conditions + "; growth of the process's heap, a line and year"},
      {"silence.record", "B", {growth(years, &SilentYear::record_bytes)}, {}, 8192, "growth of the database, a line and year"},
      {"silence.watch_log", "B", {growth(years, &SilentYear::watch_log_bytes)}, {}, 600'000,
       "growth of the watch log, a line and year, the hourly tries of the counterpart included"},
      {"silence.sent", "/h", {sent(late)}, {sent(early)}, 1.05, "datagrams an hour in the last year, and in the second"},
      {"silence.queued", "", {static_cast<double>(late.queued)}, {}, 64.0 * kSilentLines + setting.years,
       "entries that wait: what was under way when the silence began, and the bulletins"},
      {"silence.alarms", "/y", {static_cast<double>(late.alarms)}, {}, 3.0 * kSilentLines, "alarms in the last year"},
      {"silence.arrived", "ms", {years.first.arrived_ms}, {}, 500, "from their station's start to the newest call there, 20 ms round trip"},
      {"silence.answered", "ms", {years.first.answered_ms}, {}, 600, "and to the answer in our book"},
      {"silence.time", "s", {years.seconds}, {}, choices.quick ? 60.0 : 600.0, "of the processor, both stations, and the disk in memory"}};
}

}  // namespace detente::cli
