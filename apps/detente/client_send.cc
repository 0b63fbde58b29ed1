#include <iostream>

#include "base/civil.h"
#include "client_act.h"
#include "client_documents.h"
#include "client_reference.h"
#include "client_show.h"
#include "io/os_clock.h"
#include "line/message.h"
#include "wire/text.h"

namespace detente::cli {

namespace {

constexpr const char* kReceiptFirst = "10s";  // of an entry whose documents are waited for: after it they are
constexpr std::size_t kInputMax = 32 * 1024;  // read from stdin; the line's own limit is far below

struct SendOptions {
  std::string address, text, precedence = "routine", officer, subject, label, due, reply_by;
  std::vector<std::string> references, action, info, files;
  std::string type;
  bool drill = false, test = false, has_text = false;
  std::string if_cut = "return";
  std::string wait = "receipt", timeout = "10s";
  bool has_timeout = false;  // documents are waited for without end where nobody gave one
};

struct AckOptions {
  std::string address, index, officer, level = "read", wait = "receipt", timeout = "10s";
};

Result<std::string> read_input() {
  std::string out;
  char buffer[4096];
  while (std::cin.read(buffer, sizeof buffer) || std::cin.gcount() > 0) {
    out.append(buffer, static_cast<std::size_t>(std::cin.gcount()));
    if (out.size() > kInputMax)
      return fail(Fault::kLimit, "the text is longer than " + std::to_string(kInputMax) +
                                     " bytes, which is too long for one message: shorten it, or send it as a document, with --file");
  }
  if (out.ends_with('\n')) out.pop_back();  // the end of the last line is not part of the text
  return out;
}

Result<WallTime> parse_coming(const std::string& option, const std::string& text, WallTime now) {
  DETENTE_TRY(when, parse_when(text, now));
  if (when.seconds < now.seconds)
    return fail(Fault::kMalformed, option + " " + text + ": that is past by this machine's clock, which says " + format_utc(now));
  return when;
}

Result<Compose> compose(const StationClient& station, const SendOptions& options) {
  Compose out;
  record::Header& header = out.submission.entry.header;
  const auto precedence = record::precedence_from(options.precedence);
  if (!precedence)
    return fail(Fault::kMalformed, "--precedence is routine, priority, immediate or flash");
  header.precedence = *precedence;
  if (options.drill) header.entry_class = record::EntryClass::kDrill;
  if (options.test) header.entry_class = record::EntryClass::kTest;
  std::string text = options.text;
  const bool files_alone = !options.has_text && !options.files.empty();
  if (!files_alone && (!options.has_text || text == "-")) {
    DETENTE_TRY(input, read_input());
    text = std::move(input);
  }
  // Before anything else: JSON could not carry what is not UTF-8, and a person must not sign it.
  DETENTE_TRY_VOID(wire::check_text(text, kInputMax));
  for (const std::string* part : {&options.subject, &options.label})
    DETENTE_TRY_VOID(wire::check_text(*part, kInputMax));
  if (!text.empty() && !wire::shows_anything(text))
    return fail(Fault::kMalformed, "the text is of spaces and of characters that nobody sees: the other side would be shown nothing");
  out.submission.entry.body = to_bytes(as_bytes(text));
  header.subject = options.subject;
  header.label = options.label;
  header.action = options.action;
  header.info = options.info;
  const WallTime now = io::os_wall_time();
  if (options.files.size() > line::kDocumentsMax)
    return fail(Fault::kLimit, "one message has at most four documents: give --file four times at most, and send the others with another");
  if (!options.due.empty()) {
    DETENTE_TRY(due, parse_coming("--due", options.due, now));
    header.due = due;
  }
  if (!options.reply_by.empty()) {
    DETENTE_TRY(by, parse_coming("--reply-by", options.reply_by, now));
    header.reply_by = by;
  }
  const bool to_the_end = options.wait == "document";
  if (to_the_end && options.files.empty())
    return fail(Fault::kMalformed, "--wait document needs a --file that is waited for");
  DETENTE_TRY_VOID(to_the_end ? set_wait(out.submission, "receipt", kReceiptFirst) : set_wait(out.submission, options.wait, options.timeout));
  out.officer = options.officer;
  out.submission.if_cut = core::if_cut_from(options.if_cut).value_or(core::IfCut::kReturn);
  DETENTE_TRY(line, find_line(station, options.address));
  out.line = line;
  for (const std::string& text : options.references) {
    DETENTE_TRY(reference, find_entry(station, line, text));
    out.submission.references.push_back(reference);
  }
  return out;
}

Result<void> send(Context& context, const SendOptions& options) {
  DETENTE_TRY(side, context.side());
  const StationClient station(side);
  std::optional<std::chrono::milliseconds> patience;  // with the documents; of a receipt compose() reads it
  if (options.wait == "document" && options.has_timeout) {
    DETENTE_TRY(given, parse_timeout(options.timeout));
    patience = given;
  }
  DETENTE_TRY(composed, compose(station, options));
  const LineAddress line = composed.line;
  std::vector<record::Attachment>& documents = composed.submission.entry.header.attachments;
  for (const std::string& path : options.files) {
    DETENTE_TRY(document, hand_over(context, station, line, path, options.type));
    documents.push_back(std::move(document));
  }
  station::Submission shown = composed.submission;
  DETENTE_TRY(answer, post_entry(context, side, station, std::move(composed)));
  say_outcome(context, line, shown, answer);
  const std::string mark = class_mark(shown.entry.header.entry_class);
  const std::vector<record::Attachment>& sent = shown.entry.header.attachments;
  if (options.wait == "document") {
    DETENTE_TRY(there, await_documents(context, station, line, sent, mark, patience));
    answer["documents"] = std::move(there);
    context.result(std::move(answer));
    return {};
  }
  for (const record::Attachment& document : sent)
    context.say(mark + "  " + document.file_name + ", " + size_text(document.length) +
                ": follows by itself; `detente documents` shows how far it is");
  return {};
}

// The entry that is acknowledged: a number, or the newest that nobody has acknowledged.
Result<Json> entry_to_ack(const StationClient& station, const LineAddress& line,
                          const std::string& index) {
  if (index != "last") {
    if (index.starts_with("own:"))
      return fail(Fault::kMalformed,
                  "a person acknowledges the other side's entries, not the own ones");
    DETENTE_TRY(reference, find_entry(station, line, index, true));
    return station.get(line.entry("far", reference.index, to_hex(*reference.epoch)));
  }
  DETENTE_TRY(list, station.get(line.target() + "/entries?unread=1&newest=1&limit=1"));
  if (list["entries"].empty())
    return fail(Fault::kNotFound,
                "there is nothing on " + line.text() + " that waits for an acknowledgement");
  return list["entries"].back();
}

Result<void> ack(Context& context, const AckOptions& options) {
  DETENTE_TRY(side, context.side());
  const StationClient station(side);
  Compose out;
  out.officer = options.officer;
  DETENTE_TRY(line, find_line(station, options.address));
  out.line = line;
  DETENTE_TRY(entry, entry_to_ack(station, out.line, options.index));
  record::Header& header = out.submission.entry.header;
  header.kind = record::kPersonReceipt;
  header.body_form = record::BodyForm::kCbor;
  header.entry_class =
      station::class_from(entry.value("class", "live")).value_or(record::EntryClass::kTest);
  const auto level = options.level == "read"      ? line::ReceiptLevel::kRead
                     : options.level == "brought" ? line::ReceiptLevel::kBrought
                                                  : line::ReceiptLevel::kSeenByPrincipal;
  out.submission.entry.body = line::receipt_body(level);
  station::SubmissionReference reference;
  reference.index = entry.value("index", std::uint64_t{0});
  if (const auto epoch = from_hex(entry.value("epoch", ""))) reference.epoch = to_array<16>(*epoch);
  out.submission.references.push_back(reference);
  DETENTE_TRY_VOID(set_wait(out.submission, options.wait, options.timeout));
  const station::Submission shown = out.submission;
  DETENTE_TRY(answer, post_entry(context, side, station, std::move(out)));
  Json result = answer;
  result["acknowledged"] = {{"epoch", entry.value("epoch", "")},
                            {"index", reference.index},
                            {"verdict", entry.value("verdict", "valid")},
                            {"verdict_why", entry.value("verdict_why", "")}};
  context.say(class_mark(shown.entry.header.entry_class) + "acknowledges entry far " +
              (entry.value("older_epoch", false) ? short_epoch(entry.value("epoch", "")) + "/" : "") + std::to_string(reference.index) + " as \"" +
              options.level + "\"");
  if (const std::string verdict = verdict_text(entry); !verdict.empty()) context.say("WARNING: what is acknowledged: " + verdict);
  say_outcome(context, line, shown, result);
  return {};
}

}  // namespace

void add_send_commands(CLI::App& app, Context& context) {
  auto options = std::make_shared<SendOptions>();
  CLI::App* send_command = app.add_subcommand("send", "Send a message on a line");
  send_command
      ->add_option("ADDRESS", options->address,
                   "north/military-west, or military-west where unique")
      ->required();
  auto* text = send_command->add_option("TEXT", options->text,
                                        "The text; - or nothing reads it from standard input");
  send_command
      ->add_option("--precedence", options->precedence, "routine, priority, immediate or flash")
      ->capture_default_str();
  send_command->add_option("--as", options->officer, "Sign as this officer of the own side");
  auto* drill =
      send_command->add_flag("--drill", options->drill, "Part of a drill: not the real thing");
  send_command->add_flag("--test-class", options->test, "A test: not the real thing")
      ->excludes(drill);
  send_command->add_option("--subject", options->subject, "Subject, at most 120 bytes");
  send_command->add_option("--label", options->label, "Security label, at most 40 bytes");
  send_command->add_option("--file", options->files, "A document; may be given up to four times")
      ->allow_extra_args(false)
      ->check(CLI::ExistingFile);
  send_command->add_option("--type", options->type, "Media type of the documents; by their names without it");
  send_command->add_option("--due", options->due, "2026-11-24T09:00:00Z, or +2h");
  send_command->add_option("--reply-by", options->reply_by, "2026-11-24T09:00:00Z, or +30m");
  send_command->add_option("--ref", options->references,
                           "Refers to this entry of theirs: 12; or own:3");
  send_command->add_option("--action", options->action, "Post that is to act; may be given again");
  send_command->add_option("--info", options->info, "Post that is to know; may be given again");
  send_command->add_option("--if-cut", options->if_cut,
                           "Should the line be cut while this waits: return (it goes back to you, with its text in detente log), hold (it "
                           "waits until the line is open), drop")
      ->check(CLI::IsMember({"return", "hold", "drop"}))
      ->capture_default_str();
  add_wait_options(*send_command, options->wait, options->timeout);
  send_command->get_option("--wait")->description(
      "Return when: none, durable (own disk), receipt (their disk), document (their disk has the files, or a cut stops them)");
  auto* timeout = send_command->get_option("--timeout");
  timeout->description("How long to wait for the receipt; after that it waits on its own, with status 0 and its state shown. With --wait document for "
                       "the files, which are waited for without end without it");
  example(*send_command, "detente send north/military-west --precedence flash --as kim \"Text\"");
  example(*send_command, "detente send north/military-west --file map.pdf --wait document \"The map\"");
  on_run(*send_command, context, [&context, options, text, timeout] {
    options->has_text = text->count() > 0;
    options->has_timeout = timeout->count() > 0;
    return send(context, *options);
  });

  auto receipt = std::make_shared<AckOptions>();
  CLI::App* ack_command =
      app.add_subcommand("ack", "Acknowledge an entry of the other side, as a person");
  ack_command->add_option("ADDRESS", receipt->address, "north/military-west")->required();
  ack_command->add_option("INDEX", receipt->index, "The entry's index (12, or 1a2b3c4d/12 with the epoch of its log), or last: the newest that nobody has acknowledged")->required();
  ack_command->add_option("--as", receipt->officer, "Sign as this officer of the own side");
  ack_command
      ->add_option("--level", receipt->level,
                   "read, brought (to the office), seen (by the principal)")
      ->check(CLI::IsMember({"read", "brought", "seen"}))
      ->capture_default_str();
  add_wait_options(*ack_command, receipt->wait, receipt->timeout);
  example(*ack_command, "detente ack south/military-west last --as ri");
  on_run(*ack_command, context, [&context, receipt] { return ack(context, *receipt); });
}

}  // namespace detente::cli
