// Documents: as fast as one goes between two station processes, and what a FLASH
// waits for beside one on a slow path (virtual time over the same core).
// tests/system/documents_test.py does the second to real stations.
#include <thread>

#include "bench.h"
#include "bench_machine.h"
#include "bench_stations.h"
#include "client_documents.h"
#include "crypto/aead.h"
#include "io/file.h"
#include "io/os_random.h"
#include "io/os_clock.h"
#include "lab.h"
#include "record/blob.h"
#include "sim/preempt_figures.h"

namespace detente::cli {

namespace {

constexpr std::size_t kPacketPayload = 1150;
constexpr auto kPoll = std::chrono::milliseconds(2);

double seconds_since(Instant began) { return static_cast<double>((io::os_now().mono - began).count()) / 1e6; }

// Bytes a second of a bare loop: each piece hashed by its author and by its receiver, each packet sealed
// and opened under two ciphers.
Result<double> bare_rate(ByteView document) {
  DETENTE_TRY(aead, crypto::AeadAlgorithm::load(kLabAead));
  io::OsKeyRandom random;
  const crypto::AeadKey inner(aead, random.array<32>()), outer(aead, random.array<32>());
  const Instant began = io::os_now().mono;
  std::uint64_t counter = 0;
  for (std::size_t at = 0; at < document.size(); at += record::kPieceBytes) {
    const ByteView piece = document.subspan(at, std::min(record::kPieceBytes, document.size() - at));
    if (record::leaf_hash(piece) != record::leaf_hash(piece)) return fail(Fault::kIo, "a hash that is not itself");
    for (std::size_t from = 0; from < piece.size(); from += kPacketPayload, ++counter) {
      const ByteView part = piece.subspan(from, std::min(kPacketPayload, piece.size() - from));
      Bytes nonce(4);
      append_be(nonce, counter, 8);
      const Bytes sealed = outer.seal(nonce, {}, inner.seal(nonce, {}, part));
      DETENTE_TRY(opened, outer.open(nonce, {}, sealed));
      DETENTE_TRY(plain, inner.open(nonce, {}, opened));
      if (plain.size() != part.size()) return fail(Fault::kIo, "a packet that is not itself");
    }
  }
  return static_cast<double>(document.size()) / seconds_since(began);
}

struct Moved {
  double seconds = 0;
  double near_cpu = 0, far_cpu = 0;
};

// From the message's submission until the other side's confirmation is here.
Result<Moved> move_document(const StationClient& client, const Context& context, const io::Path& file,
                            const StationProcess& near, const StationProcess& far) {
  const LineAddress line{"north", "full"};
  DETENTE_TRY(document, hand_over(context, client, line, file.string(), "application/octet-stream"));
  const std::string root = to_hex(document.digest);
  const double near_before = near.cpu_seconds(), far_before = far.cpu_seconds();
  const Instant began = io::os_now().mono;
  DETENTE_TRY(sent, client.post(line.target() + "/entries",
                                {{"text", "a document"},
                                 {"wait", "none"},
                                 {"attachments", Json::array({{{"root", root}, {"length", document.length}}})}}));
  static_cast<void>(sent);
  for (;;) {
    DETENTE_TRY(now, client.get(line.target() + "/documents/" + root + "?whose=own"));
    if (now.value("state", "") == "confirmed") break;
    if (seconds_since(began) > 120)
      return fail(Fault::kState, "the document was not there after two minutes: " + document_state_text(now));
    std::this_thread::sleep_for(kPoll);
  }
  return Moved{seconds_since(began), near.cpu_seconds() - near_before, far.cpu_seconds() - far_before};
}

Result<Figure> throughput(const BenchChoices& choices, Context& context) {
  DETENTE_TRY(directory, TemporaryDirectory::make(choices.on));
  DETENTE_TRY(machine, Machine::on(directory->path()));  // refuses a tmpfs
  LabChoices lab;
  lab.lines = {{"full", false, 3}};
  DETENTE_TRY(sides, make_bench_lab(*directory, std::move(lab), context));
  const StationProcess south(sides[0].dir);
  const StationProcess north(sides[1].dir);
  DETENTE_TRY(side, SideDir::open(sides[0].dir));
  const StationClient client(side);
  DETENTE_TRY_VOID(wait_for_link(client));
  Figure figure{"throughput.document", "MB/s", {}, {}, 0.7,
                "100 MB, from the message's submission to the other side's word that all of it is on its disk; limit: a bare loop "
                "on one core that hashes twice, seals and opens twice"};
  figure.at_least = true;
  std::vector<double> near, far;
  const std::size_t size = choices.quick ? 20'000'000 : 100'000'000;
  for (std::size_t i = 0; i < (choices.quick ? 5u : 9u); ++i) {
    Bytes document(size);
    context.random().fill(document);
    const io::Path file = io::Path(directory->path()) / "document.bin";
    DETENTE_TRY_VOID(io::write_file(file, document, 0600));
    DETENTE_TRY(limit, bare_rate(document));
    DETENTE_TRY(moved, move_document(client, context, file, south, north));
    figure.values.push_back(static_cast<double>(size) / moved.seconds / 1e6);
    figure.limits.push_back(limit / 1e6);
    near.push_back(moved.near_cpu / static_cast<double>(size) * 1e9);
    far.push_back(moved.far_cpu / static_cast<double>(size) * 1e9);
  }
  char cpu[120];
  std::snprintf(cpu, sizeof cpu, "; processor time a megabyte: %.1f ms in the sending station, %.1f ms in the receiving one",
                median(near), median(far));
  figure.note += cpu;
  return figure;
}

}  // namespace

Result<std::vector<Figure>> bench_document(const BenchChoices& choices, Context& context) {
  DETENTE_TRY(figure, throughput(choices, context));
  return std::vector<Figure>{std::move(figure)};
}

Result<std::vector<Figure>> bench_preempt(const BenchChoices& choices) {
  const std::size_t runs = choices.quick ? 10 : 60;
  Figure figure{"preempt.flash_2400", "B", {}, {}, 1,
                "a FLASH during a document of 1 MB at 2,400 bit/s: bytes of the document on the wire after it was queued; limit: "
                "one packet"};
  figure.worst = true;
  for (std::size_t i = 0; i < runs; ++i) {
    const Duration after = std::chrono::seconds(20) + std::chrono::milliseconds(1700 * i / runs);
    const auto run = sim::preempt_figures(i + 1, 2400, 1'000'000, after);
    if (!run.arrived) return fail(Fault::kState, "the FLASH did not arrive");
    figure.values.push_back(static_cast<double>(run.bytes_before));
    figure.limits.push_back(static_cast<double>(run.packet_bytes));
  }
  return std::vector<Figure>{figure};
}

}  // namespace detente::cli
