#include "client_documents.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>

#include "client_commands.h"
#include "client_live.h"
#include "client_show.h"
#include "clocks.h"
#include "core/document_terms.h"
#include "io/file.h"
#include "io/file_stream.h"
#include "record/blob.h"
#include "wire/text.h"

namespace detente::cli {

namespace {

constexpr auto kPoll = std::chrono::milliseconds(250);

constexpr std::pair<std::string_view, std::string_view> kTypes[] = {
    {".pdf", "application/pdf"},  {".txt", "text/plain"},      {".csv", "text/csv"},
    {".png", "image/png"},        {".jpg", "image/jpeg"},      {".jpeg", "image/jpeg"},
    {".tif", "image/tiff"},       {".tiff", "image/tiff"},     {".svg", "image/svg+xml"},
    {".zip", "application/zip"},  {".json", "application/json"}, {".xml", "application/xml"},
    {".odt", "application/vnd.oasis.opendocument.text"},
    {".docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"}};

std::string type_of(const std::filesystem::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const auto& [known, type] : kTypes)
    if (known == extension) return std::string(type);
  return "application/octet-stream";
}

// What is left of a name that may hurt nobody as a file's name here: no directory, no hidden file,
// no option of a program, no control character.
std::string harmless_name(std::string_view name) {
  std::string out;
  for (const char c : wire::display_line(name)) {
    const auto byte = static_cast<unsigned char>(c);
    const bool bad = byte < 0x20 || byte == 0x7f || std::string_view("/\\:*?\"<>|").find(c) != std::string_view::npos;
    out += bad ? '_' : c;
  }
  while (!out.empty() && (out.front() == '.' || out.front() == '-' || out.front() == ' ')) out.erase(0, 1);
  return out.empty() ? "document" : out;
}

int per_cent(std::uint64_t bytes, std::uint64_t length) {
  return length == 0 ? 0 : static_cast<int>(bytes * 100 / length);
}

// Calls `each` with parts of at most core::kPartBytesMax bytes, of as many as there were when it was opened; one that has
// fewer or more by now (a log that is written on would never end) is a conflict.
Result<void> in_parts(io::FileReader& file, const std::string& name,
                      const std::function<Result<void>(std::uint64_t at, ByteView part)>& each) {
  Bytes buffer(core::kPartBytesMax);
  std::uint64_t at = 0;
  do {
    const auto part = MutableBytes(buffer).first(std::min<std::uint64_t>(buffer.size(), file.size() - at));
    std::size_t filled = 0;
    while (filled < part.size()) {
      DETENTE_TRY(got, file.read(part.subspan(filled)));
      if (got == 0) return fail(Fault::kConflict, name + " became shorter while it was read; send it when nobody writes to it");
      filled += got;
    }
    DETENTE_TRY_VOID(each(at, part));
    at += filled;
  } while (at < file.size());
  DETENTE_TRY(more, file.read(MutableBytes(buffer).first(1)));
  if (more > 0) return fail(Fault::kConflict, name + " became longer while it was read; send it when nobody writes to it");
  return {};
}

Result<Digest> root_of(const Context& context, io::FileReader& file, const std::string& name) {
  record::Frontier frontier;
  DETENTE_TRY_VOID(in_parts(file, name, [&](std::uint64_t at, ByteView part) -> Result<void> {
    for (std::size_t from = 0; from < part.size() || (from == 0 && at == 0); from += record::kPieceBytes)
      frontier.append(record::leaf_hash(part.subspan(from, std::min(record::kPieceBytes, part.size() - from))));
    context.progress(fmt::format("reading {}: {} %", name, per_cent(at + part.size(), file.size())));
    return {};
  }));
  return frontier.root();
}

std::string document_target(const LineAddress& line, const Digest& root) {
  return line.target() + "/documents/" + to_hex(root);
}

}  // namespace

std::string size_text(std::uint64_t bytes) {
  if (bytes < 10'000) return fmt::format("{} B", bytes);
  if (bytes < 1'000'000) return fmt::format("{} kB", bytes / 1000);
  return bytes < 1'000'000'000 ? fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6)
                               : fmt::format("{:.2f} GB", static_cast<double>(bytes) / 1e9);
}

std::string duration_text(std::uint64_t seconds) {
  if (seconds < 60) return fmt::format("{} s", seconds);
  if (seconds < 3600) return fmt::format("{} min {} s", seconds / 60, seconds % 60);
  if (seconds < 86400) return fmt::format("{} h {} min", seconds / 3600, seconds % 3600 / 60);
  return fmt::format("{} days {} h", seconds / 86400, seconds % 86400 / 3600);
}

std::string document_state_text(const Json& document) {
  const std::string state = document.value("state", "unknown");
  if (state == "here") return "here";
  if (state == "confirmed") return "on the other side's disk";
  if (state == "refused") return "not fetched: too large, or no room for it here";
  if (state == "filling") return "not handed over to the end";
  if (state == "ready") return "at the station, in no message yet";
  if (state == "unknown") return "not known here";
  const std::uint64_t length = document.value("length", std::uint64_t{0});
  const std::uint64_t bytes = document.value("bytes", std::uint64_t{0});
  const std::uint64_t rate = document.value("bytes_per_second", std::uint64_t{0});
  const std::string there = state == "named" ? "there" : "here";
  std::string out = fmt::format("{} % {}", per_cent(bytes, length), there);
  const Json stopped = document.value("stopped", Json());
  if (stopped == "cut") return out + ", stopped: its line is cut for documents; it goes on when that is restored";
  if (stopped == "retired") return out + ", stopped: its line was retired; the rest does not go any more";
  if (stopped == "not-signed")
    return out + ", stopped: what comes of it is not what its author signed, bytes or length; it is asked for again, ever more rarely";
  if (rate == 0) return out + ", waiting";
  out += fmt::format(", {}/s", size_text(rate));
  if (document["seconds_left"].is_number())
    out += ", " + duration_text(document["seconds_left"].get<std::uint64_t>()) + " left";
  return out;
}

Result<record::Attachment> hand_over(const Context& context, const StationClient& station, const LineAddress& line,
                                     const std::string& path, const std::string& type) {
  DETENTE_TRY(file, io::FileReader::open(path));
  const std::filesystem::path name(path);
  record::Attachment out;
  out.length = file.size();
  out.media_type = type.empty() ? type_of(name) : type;
  out.file_name = name.filename().string();
  if (!wire::check_text(out.file_name, record::kFileNameBytesMax)) out.file_name = "document" + name.extension().string();
  if (!wire::check_text(out.file_name, record::kFileNameBytesMax)) out.file_name = "document";
  DETENTE_TRY(root, root_of(context, file, out.file_name));
  out.digest = root;
  const std::string target = document_target(line, root);
  std::uint64_t first = 0;
  if (const auto known = station.get(target + "?whose=own")) {
    if (known->value("state", "") != "filling") {
      context.progress({});
      return out;
    }
    first = known->value("pieces_filled", std::uint64_t{0});
  }
  DETENTE_TRY_VOID(file.rewind());
  DETENTE_TRY_VOID(in_parts(file, out.file_name, [&](std::uint64_t at, ByteView part) -> Result<void> {
    const std::uint64_t piece = at / record::kPieceBytes;
    const std::uint64_t pieces = part.size() / record::kPieceBytes;
    const bool last = at + part.size() >= out.length;
    if (!last && piece + pieces <= first) return {};
    context.progress(fmt::format("handing {} over to the station: {} %", out.file_name, per_cent(at, out.length)));
    DETENTE_TRY(answer, station.post_bytes(
                            target + "?length=" + std::to_string(out.length) + "&piece=" + std::to_string(piece), part));
    static_cast<void>(answer);
    return {};
  }));
  context.progress({});
  DETENTE_TRY(known, station.get(target + "?whose=own"));
  if (known.value("state", "") == "filling")
    return fail(Fault::kConflict, path + " changed while it was read; send it when nobody writes to it");
  return out;
}

Result<Json> await_documents(const Context& context, const StationClient& station, const LineAddress& line,
                             const std::vector<record::Attachment>& documents, const std::string& mark,
                             std::optional<std::chrono::milliseconds> patience) {
  const auto since = std::chrono::steady_clock::now();
  Json out = Json::array();
  for (const record::Attachment& document : documents) {
    const std::string name = mark + "  " + wire::display_line(document.file_name) + ", " + size_text(document.length);
    for (;;) {
      DETENTE_TRY(now, station.get(document_target(line, document.digest) + "?whose=own"));
      const bool there = now.value("state", "") == "confirmed";
      const bool late = patience && std::chrono::steady_clock::now() - since >= *patience;
      if (there || late || now.value("stopped", Json()).is_string()) {
        context.progress({});
        context.say(name + ": " + document_state_text(now) +
                    (there ? "" : late ? "; it goes on by itself, and `detente documents` shows how far it is" : ""));
        out.push_back(std::move(now));
        break;
      }
      context.progress(name + ": " + document_state_text(now));
      std::this_thread::sleep_for(kPoll);
    }
  }
  return out;
}

std::filesystem::path place_of_document(const Json& entry, const Json& attachment, const std::string& directory) {
  // Index and beginning of the root: two documents of one name stay apart.
  return std::filesystem::path(directory) / fmt::format("{}-{}-{}", entry.value("index", std::uint64_t{0}),
                                                        attachment.value("root", "").substr(0, 8),
                                                        harmless_name(attachment.value("file_name", "")));
}

Result<std::string> save_document(const Context& context, const StationClient& station, const LineAddress& line,
                                  const Json& entry, const Json& attachment, const std::string& directory) {
  const auto root_bytes = from_hex(attachment.value("root", ""));
  const auto root = root_bytes ? to_array<32>(*root_bytes) : std::nullopt;
  if (!root) return fail(Fault::kIo, "the station's answer cannot be read: is it of the same version?");
  const std::uint64_t length = attachment.value("length", std::uint64_t{0});
  const std::filesystem::path path = place_of_document(entry, attachment, directory);
  const std::string name = path.filename().string();
  DETENTE_TRY_VOID(io::make_directory(directory));
  if (io::exists(path)) {
    DETENTE_TRY(held, io::FileReader::open(path));
    const auto same = root_of(context, held, name);
    context.progress({});
    if (same && *same == *root) return path.string();
    return fail(Fault::kConflict, path.string() + " is there and is another file: move it away, or save elsewhere");
  }
  DETENTE_TRY(file, io::FileWriter::create(path));
  record::Frontier frontier;
  const std::string whose = entry.value("whose", "far");
  for (std::uint64_t piece = 0; piece < record::piece_count(length);) {
    DETENTE_TRY(bytes, station.get_bytes(document_target(line, *root) + "/bytes?whose=" + whose +
                                         "&piece=" + std::to_string(piece)));
    const ByteView part = as_bytes(bytes);
    for (std::size_t at = 0; at < part.size() || (at == 0 && length == 0); at += record::kPieceBytes, ++piece)
      frontier.append(record::leaf_hash(part.subspan(at, std::min(record::kPieceBytes, part.size() - at))));
    if (part.empty() && length > 0) return fail(Fault::kIo, "the station gave no bytes of the document");
    DETENTE_TRY_VOID(file.write(part));
    context.progress(fmt::format("saving {}: {} %", name, per_cent(piece, record::piece_count(length))));
  }
  context.progress({});
  if (frontier.root() != *root)
    return fail(Fault::kAuthentication, "what the station gave is not the document that the entry names: nothing was saved");
  DETENTE_TRY_VOID(file.commit(0600));
  return path.string();
}

namespace {

struct DocumentsOptions {
  std::string address;
  bool watch = false;
};

// Page by page: the station answers others between two of them.
Result<std::vector<Json>> all_documents(const StationClient& station, const LineAddress& line) {
  std::vector<Json> out;
  for (std::string place;;) {
    DETENTE_TRY(page, station.get(line.target() + "/documents" + place));
    for (Json& document : page["documents"]) out.push_back(std::move(document));
    const Json& next = page["next"];
    if (next.is_null()) return out;
    place = "?from=" + next.value("root", "") + "&whose=" + next.value("whose", "");
  }
}

Result<void> documents(Context& context, const DocumentsOptions& options) {
  DETENTE_TRY(side, context.side());
  const StationClient station(side, StationClient::patience_for(options.watch));
  const auto frame = [&]() -> Result<LiveFrame> {
    DETENTE_TRY(status, station.get("/v1/status"));
    std::vector<LineAddress> lines = all_lines(status);
    if (!options.address.empty()) {
      DETENTE_TRY(line, find_line(status, options.address));
      lines = {line};
    }
    LiveFrame out{{}, Json{{"ok", true}, {"documents", Json::array()}}};
    for (const LineAddress& line : lines) {
      DETENTE_TRY(documents, all_documents(station, line));
      for (Json& document : documents) {
        out.lines.push_back(fmt::format("{}  {}  {}…  {:>8}  {}", line.text(), document.value("whose", ""),
                                        document.value("root", "").substr(0, 8),
                                        size_text(document.value("length", std::uint64_t{0})),
                                        document_state_text(document)));
        out.json["documents"].push_back(std::move(document));
      }
    }
    if (out.lines.empty()) out.lines.emplace_back("no documents");
    DETENTE_TRY_VOID(add_clocks(out, station, lines.size() == 1 ? lines.front().counterpart : ""));
    return out;
  };
  return show_once_or_live(context, options.watch, kRedrawMoving, frame);
}

}  // namespace

void add_documents_commands(CLI::App& app, Context& context) {
  auto options = std::make_shared<DocumentsOptions>();
  CLI::App* command = app.add_subcommand("documents", "Documents of both sides: how far each has come");
  command->add_option("ADDRESS", options->address, "One line; all of them without it");
  command->add_flag("--watch", options->watch, "Show it again twice a second, until Ctrl-C");
  example(*command, "detente documents north/military-west --watch");
  on_run(*command, context, [&context, options] { return documents(context, *options); });
}

}  // namespace detente::cli
