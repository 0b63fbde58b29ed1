// Pages of spec/ that the program prints, so that text and table cannot differ.
#pragma once

#include <string>

namespace detente::cli {

std::string acts_page();   // spec/acts.md
std::string acts_model();  // spec/model/transitions.pml

}  // namespace detente::cli
