// side init, side show; card show, card import.
#include "base/civil.h"
#include "ceremony_commands.h"
#include "client_commands.h"
#include "crypto/hash.h"
#include "io/os_clock.h"
#include "wire/text.h"

namespace detente::cli {
namespace {

Json card_json(const accord::Card& card) {
  return {{"side", card.side},
          {"display", card.display},
          {"root", to_base64(card.root.bytes())},
          {"created", format_utc(card.created)}};
}

void say_card(const Context& context, const accord::Card& card) {
  context.say("side      " + card.side);
  context.say("display   " + wire::display_line(card.display));
  context.say("root key  " + to_base64(card.root.bytes()));
  context.say("created   " + format_utc(card.created));
}

Result<void> run_init(Context& context, const std::string& name, const std::string& display) {
  DETENTE_TRY(passphrase, context.passphrase(std::string(), Context::Ask::kMake));
  const station::SideInfo info{name, display, io::os_wall_time(), ""};
  const Sealing sealing{passphrase, context.work_factor, context.random()};
  DETENTE_TRY(side, init_side(context.dir, context.vault, info, sealing));
  DETENTE_TRY(card, side.own_card());
  context.say("Made the side \"" + name + "\" in " + side.dir().string() + ". Its root key is in " +
              (side.vault() / "root.age").string() +
              ", sealed with the passphrase; keep it offline when the ceremony is over.");
  context.result({{"side", name},
                  {"dir", side.dir().string()},
                  {"card", (side.dir() / "card.note").string()},
                  {"root", to_base64(card.root.bytes())}});
  say_next(context, side);
  return {};
}

Result<Json> counterpart_json(const SideDir& side, const std::string& name) {
  DETENTE_TRY(files, side.accord_files(name));
  Json signed_by = Json::array(), lines = Json::array();
  for (std::size_t i = 0; i < 2; ++i)
    if (files.note.signed_by[i]) signed_by.push_back(files.note.accord.sides[i].name);
  for (const std::string& text : files.annexes) {
    DETENTE_TRY(annex, accord::parse_annex(text));
    lines.push_back({{"number", annex.line.value},
                     {"name", annex.name},
                     {"evidence", to_string(annex.evidence)}});
  }
  return Json{{"name", name},
              {"accord", to_hex(files.note.digest)},
              {"signed_by", signed_by},
              {"lines", lines},
              {"linked", side.has_pair(name)}};
}

// Of this side and of each whose card is here: how far its numbers go, and which are not here.
Result<Json> show_bulletins(Context& context, const SideDir& side, const std::vector<std::string>& cards) {
  DETENTE_TRY(own, side.own_roster());
  std::vector<accord::Roster> rosters{std::move(own)};
  for (const std::string& name : cards) {
    DETENTE_TRY(roster, side.roster_of(name));
    rosters.push_back(std::move(roster));
  }
  Json out = Json::array();
  for (const accord::Roster& roster : rosters) {
    out.push_back({{"side", roster.side()}, {"highest", roster.highest_bulletin()}, {"missing", roster.missing_bulletins()}});
    if (const std::string words = missing_words(roster); !words.empty()) context.say("bulletins " + words);
  }
  return out;
}

Result<void> run_show(Context& context) {
  DETENTE_TRY(side, context.side());
  DETENTE_TRY(card, side.own_card());
  say_card(context, card);
  DETENTE_TRY(counterparts, side.counterparts());
  Json list = Json::array();
  for (const std::string& name : counterparts) {
    DETENTE_TRY(one, counterpart_json(side, name));
    context.say("accord    with " + name + ", digest " + one["accord"].get<std::string>() + ", " +
                std::to_string(one["lines"].size()) + " lines, signed by " +
                std::to_string(one["signed_by"].size()) + " of 2" +
                (side.has_pair(name) ? ", linked" : ""));
    list.push_back(std::move(one));
  }
  DETENTE_TRY(officers, side.officers());
  DETENTE_TRY(cards, side.cards());
  DETENTE_TRY(bulletins, show_bulletins(context, side, cards));
  context.result(card_json(card));
  context.result({{"dir", side.dir().string()},
                  {"counterparts", list},
                  {"cards", cards},
                  {"bulletins", std::move(bulletins)},
                  {"officers", officers},
                  {"station", side.has_station()}});
  say_next(context, side);
  return {};
}

Result<void> run_card_show(Context& context, const std::string& file) {
  DETENTE_TRY(note, read_text(file, accord::kCardSizeMax));
  auto card = accord::parse_card(as_bytes(note));
  if (!card) return fail_at(file, card.error());
  say_card(context, *card);
  context.result(card_json(*card));
  return {};
}

Result<void> run_card_import(Context& context, const std::string& file) {
  DETENTE_TRY(side, context.side());
  DETENTE_TRY(note, read_text(file, accord::kCardSizeMax));
  auto card = accord::parse_card(as_bytes(note));
  if (!card) return fail_at(file, card.error());
  DETENTE_TRY(is_new, side.import_card(note));
  say_card(context, *card);
  context.say(is_new ? "Imported. Whose key it is, the fingerprint words prove, not the card."
                     : "This card was here already; nothing changed.");
  context.result(card_json(*card));
  context.result({{"new", is_new}});
  say_next(context, side);
  return {};
}

}  // namespace

void add_side_commands(CLI::App& app, Context& context) {
  CLI::App& side = group(app, "side", "This side: made once, in a directory of its own");
  CLI::App* init = side.add_subcommand("init", "Make a side: root key, sealed, and its card");
  auto name = std::make_shared<std::string>(), display = std::make_shared<std::string>();
  init->add_option("NAME", *name, "Short name: a-z, 0-9 and -")->required()->check(a_name());
  init->add_option("--display", *display, "What the side calls itself")->required();
  example(*init, "detente --dir south side init south --display \"Republic of Korea\"");
  on_run(*init, context, [&context, name, display] { return run_init(context, *name, *display); });

  CLI::App* show = side.add_subcommand("show", "What is here, and what comes next");
  example(*show, "detente side show --dir south");
  on_run(*show, context, [&context] { return run_show(context); });

  add_root_commands(side, context);

  CLI::App& card = group(app, "card", "Cards: a side's name and root key");
  auto file = std::make_shared<std::string>();
  CLI::App* card_show = card.add_subcommand("show", "Show and verify a card");
  card_show->add_option("FILE", *file)->required();
  example(*card_show, "detente card show north.note");
  on_run(*card_show, context, [&context, file] { return run_card_show(context, *file); });

  CLI::App* import = card.add_subcommand("import", "Take the other side's card");
  import->add_option("FILE", *file)->required();
  example(*import, "detente --dir south card import north.note");
  on_run(*import, context, [&context, file] { return run_card_import(context, *file); });
}

}  // namespace detente::cli
