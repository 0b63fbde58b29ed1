// side renew-root, side retire-root.
#include "ceremony_commands.h"
#include "ceremony_root.h"
#include "client_commands.h"
#include "io/os_clock.h"

namespace detente::cli {
namespace {

Result<void> run_renew(Context& context) {
  DETENTE_TRY(side, context.side());
  DETENTE_TRY(counterparts, side.counterparts());
  if (counterparts.empty())
    return fail(Fault::kState, "side renew-root: a root key is renewed by the accords that name it, and there is none yet: where nobody has "
                               "the card, make the side anew in another directory");
  DETENTE_TRY(passphrase, context.passphrase(side, Context::Ask::kOpen));
  DETENTE_TRY(present, side.open_root(passphrase));  // the same passphrase opens both
  static_cast<void>(present);
  DETENTE_TRY_VOID(side.make_next_root({passphrase, context.work_factor, context.random()}, io::os_wall_time()));
  DETENTE_TRY(next, side.next_card());
  const std::string root = to_base64(next->root.bytes());
  context.say("Made the next root key of " + side.name() + " in " + (side.vault() / "root-next.age").string() +
              ", sealed with the same passphrase. It signs nothing until an accord that names it is in force; the present one stays until then.");
  context.say("root key  " + root);
  context.result({{"side", side.name()}, {"root", root}, {"card", (side.dir() / "card-next.note").string()}});
  say_next(context, side);
  return {};
}

// A directory that was restored from before the change: its card is of the former key, the medium has the present one.
Result<void> renew_card(Context& context, const SideDir& side) {
  DETENTE_TRY(passphrase, context.passphrase(side, Context::Ask::kOpen));
  DETENTE_TRY(root, side.open_root(passphrase));
  DETENTE_TRY_VOID(side.renew_card(root, io::os_wall_time()));
  const std::string key = to_base64(root.verify_key().bytes());
  context.say("The root key of " + side.name() + " is " + key + "; only the card in this directory still had the former one, and is made anew.");
  context.result({{"side", side.name()}, {"root", key}, {"kept", Json()}, {"repeated", 0}});
  return {};
}

Result<void> run_retire(Context& context, bool wipe) {
  DETENTE_TRY(side, context.side());
  DETENTE_TRY(card_is_former, side.card_is_former());
  if (card_is_former) return renew_card(context, side);
  DETENTE_TRY(next, side.next_card());
  if (!next)
    return fail(Fault::kState, "side retire-root: no root key is being renewed here; first: detente side renew-root");
  DETENTE_TRY(renewal, side.renewal());
  if (!renewal.open.empty() || renewal.done.empty())
    return fail(Fault::kState, "side retire-root: the accord in force with " + listed(renewal.open) +
                                   " still names the present root key; first: detente accord amend COUNTERPART --renew-root, signed by both and "
                                   "held by both stations");
  const std::string question = wipe ? "Put the next root key in the present one's place, and REMOVE the former one for ever?"
                                    : "Put the next root key in the present one's place, and keep the former one, sealed as it is?";
  DETENTE_TRY(agreed, context.confirm(question));
  if (!agreed) return fail(Fault::kDenied, "not done: the answer was not yes; nothing was changed");
  DETENTE_TRY(passphrase, context.passphrase(side, Context::Ask::kOpen));
  DETENTE_TRY(root, side.open_root_named(next->root, passphrase));  // before the former one goes
  static_cast<void>(root);
  DETENTE_TRY(repeated, repeat_revocations(side, passphrase, io::os_wall_time()));
  for (const Bytes& bulletin : repeated) {
    DETENTE_TRY(told, tell_station(side, bulletin));
    context.say(std::string("Revocations that the former key signed after the accord was drafted stand in a new bulletin") +
                (told ? "; the running station tells every counterpart." : ". It must reach the other side: detente bulletin export FILE"));
  }
  DETENTE_TRY(kept, side.retire_root(!wipe));
  context.say("The root key of " + side.name() + " is " + to_base64(next->root.bytes()) + " from now on. " +
              (wipe ? "The former one is removed; what the medium held before may still be readable below the file system: destroy the medium."
                    : "The former one is kept in " + kept.string() + "; nothing that it signs counts any more. When nobody needs it: destroy it."));
  context.result({{"side", side.name()},
                  {"root", to_base64(next->root.bytes())},
                  {"kept", wipe ? Json() : Json(kept.string())},
                  {"repeated", repeated.size()}});
  say_next(context, side);
  return {};
}

}  // namespace

void add_root_commands(CLI::App& side, Context& context) {
  CLI::App* renew = side.add_subcommand("renew-root", "Make the next root key, for an accord that names it in the present one's place");
  example(*renew, "detente side renew-root && detente accord amend north --renew-root");
  on_run(*renew, context, [&context] { return run_renew(context); });

  CLI::App* retire = side.add_subcommand("retire-root", "After every accord in force names the next root key: it takes the present one's place");
  auto wipe = std::make_shared<bool>(false);
  retire->add_flag("--wipe", *wipe, "Remove the former key instead of keeping it, sealed");
  example(*retire, "detente side retire-root");
  on_run(*retire, context, [&context, wipe] { return run_retire(context, *wipe); });
}

}  // namespace detente::cli
