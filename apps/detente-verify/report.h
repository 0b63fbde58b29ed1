// What the verifier says, to a person in sentences and to a program in JSON.
// Whatever others wrote passes wire::display_text before it is printed.
#pragma once

#include <string>
#include <vector>

#include "record/extract_verify.h"

namespace detente::verify {

// The program's exit codes: spec/record.md section 9, "Verdict".
int exit_code(record::Verdict verdict);
// The last line of every answer.
std::string verdict_sentence(record::Verdict verdict);
// Of what cannot even be read, with what to do; ends with a line feed.
std::string unusable_sentence(const std::string& error);

std::string finding_json(const record::Finding& finding);
std::string findings_json(const std::vector<record::Finding>& findings);

std::string extract_json(const record::ExtractFindings& findings);
std::string extract_sentences(const record::ExtractFindings& findings);
// The same without the verdict.
std::string evidence_sentences(const record::ExtractFindings& findings);

}  // namespace detente::verify
