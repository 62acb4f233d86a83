// What a model writes must stay text on a platform: no mention, no link but an honest one. A seam
// (an invisible character) stands where the platform's own language would begin otherwise. Code is
// guarded too: where it ends is the platform's guess, so nothing is left to its marks.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace ai_bot {

// ZERO WIDTH SPACE: nothing is seen of it, and no platform's name or tag goes on over it.
constexpr std::string_view kSeam = "\u200b";

// Whether a platform's mention (or a tag of its own) begins at `at`, where '<' or '@' stands.
using MentionTest = bool (*)(std::string_view text, size_t at);

bool no_mentions(std::string_view text, size_t at);

// Text for platforms that read Markdown: no mention, tag, link, definition or address of another
// scheme begins in it.
std::string guarded_text(std::string_view raw, MentionTest is_mention);

// The same for code, which is left as it is as far as possible, since people copy it: only mentions
// and addresses of other schemes are broken, and fences of three backticks.
std::string guarded_code(std::string_view raw, MentionTest is_mention);

// A `span` of code as CommonMark has it: between more backticks than stand in it.
std::string code_span(std::string_view raw, MentionTest is_mention);

// For platforms that know no way to write a backtick: a letter that looks like it stands there.
std::string without_backticks(std::string_view raw);

// Code in which no fence of three backticks stands.
std::string without_fences(std::string_view raw);

// The address of a link people may follow: http or https without user name, or mailto; with
// everything percent-encoded that could end it in HTML, Markdown or mrkdwn. None for any other.
std::optional<std::string> web_address(std::string_view raw);

// The same address where it is read and not only followed: as it was written, but for what would
// end it, make a link of what stands around it, or mention somebody.
std::string bare_address(std::string_view raw, MentionTest is_mention);

bool is_mail(std::string_view address);

// Whether a tag, of which `text` is what follows its name, has one of these attributes. A tag that
// does not end before the next '<' has any.
bool has_attribute(std::string_view text, std::initializer_list<std::string_view> names);

// Letters as in ASCII; helps the tests of mentions.
bool is_word(char c);
bool starts_with_word(std::string_view text, std::string_view word);  // any case, whole word

}  // namespace ai_bot
