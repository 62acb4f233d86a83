// What people are told about their turns.
#pragma once

#include <string>

#include "core/language.h"
#include "core/result.h"

namespace ai_bot::texts {

extern const Text kPostponed;      // no model could answer; it will be tried again
extern const Text kGivenUp;        // and will not be tried again
extern const Text kGuideStandsIn;  // begins the answer
extern const Text kNothing;        // the answer is empty
extern const Text kStopped;        // ends the answer
extern const Text kCut;            // ends the answer

// What the person hears when trying again does not help; null when it may.
const Text* final_reason(Code code);

// In the language of the question.
std::string in_language_of(const Text& text, const std::string& question);

}  // namespace ai_bot::texts
