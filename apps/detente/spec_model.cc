// The table's transitions as the Promela text that spec/model/line.pml includes.
#include <cctype>

#include "line/act_table.h"
#include "spec_pages.h"

namespace detente::cli {
namespace {

using namespace line;

// "hour came" -> "HOUR_CAME"
std::string symbol(const char* words) {
  std::string out;
  for (const char* at = words; *at != 0; ++at)
    out += *at == ' ' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(*at)));
  return out;
}

std::string actor_symbol(Actor actor) {
  switch (actor) {
    case Actor::kAuthor: return "BY_AUTHOR";
    case Actor::kOther: return "BY_OTHER";
    case Actor::kTime: return "BY_TIME";
  }
  return "";
}

template <typename Value>
void define_values(std::string& out, const char* prefix, Value last) {
  for (int value = 0; value <= static_cast<int>(last); ++value) {
    out += "#define " + std::string(prefix) + symbol(to_string(static_cast<Value>(value))) + " ";
    out += std::to_string(value + 1) + "\n";
  }
}

std::string register_model() {
  std::string out;
  define_values(out, "", RegisterState::kRestoring);
  std::string carrying;
  for (int value = 0; value <= static_cast<int>(RegisterState::kRestoring); ++value) {
    const auto state = static_cast<RegisterState>(value);
    if (!carries_ordinary(state)) continue;
    carrying += (carrying.empty() ? "" : " || ") + ("state == " + symbol(to_string(state)));
  }
  out += "#define CARRIES(state) (" + carrying + ")\n";
  out += "#define SHOWS_OPEN(own, theirs) (CARRIES(own) && CARRIES(theirs))\n\n";
  define_values(out, "DO_", RegisterDeed::kFellBack);
  out += "\n#define REGISTER_STEP(from, act) ( REFUSED \\\n";
  for (const RegisterRow& row : register_rows())
    out += "  + (from == " + symbol(to_string(row.from)) + " && act == DO_" + symbol(to_string(row.act)) +
           ") * " + symbol(to_string(row.to)) + " \\\n";
  return out + "  )\n";
}

std::string proposal_model() {
  std::string out;
  define_values(out, "P_", ProposalState::kReplaced);
  out += "\n";
  define_values(out, "P_DO_", ProposalAct::kLapse);
  out += "\n";
  for (const Actor actor : {Actor::kAuthor, Actor::kOther, Actor::kTime})
    out += "#define " + actor_symbol(actor) + " " + std::to_string(static_cast<int>(actor) + 1) + "\n";
  out += "\n#define PROPOSAL_STEP(from, act, by) ( REFUSED \\\n";
  for (const ProposalRow& row : proposal_rows())
    out += "  + (from == P_" + symbol(to_string(row.from)) + " && act == P_DO_" + symbol(to_string(row.act)) +
           " && by == " + actor_symbol(row.by) + ") * P_" + symbol(to_string(row.to)) + " \\\n";
  return out + "  )\n";
}

}  // namespace

std::string acts_model() {
  return "/* Printed by `detente spec model` from the table in src/line/act_table.cc: not for editing.\n"
         "   A row is one line; a step without a row gives REFUSED. */\n"
         "#define REFUSED 0\n\n" +
         register_model() + "\n" + proposal_model();
}

}  // namespace detente::cli
