// Names of other people's files as a line of ours can show them. Private to report.
#pragma once

#include <string>
#include <string_view>

namespace zettasim::report {

// At most `most` characters of `text`, with "..." for the rest, never cut inside a character (UTF-8); what would end
// the line or steer a terminal is a space.
std::string shown(std::string_view text, std::size_t most);

}  // namespace zettasim::report
