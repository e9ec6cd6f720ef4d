// "did you mean ...?": the known name nearest to a misspelt one.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace zettasim {

// The candidate with the smallest edit distance (a swap of neighbours counts one) if it is near enough to be meant.
std::optional<std::string> nearest_name(std::string_view written, const std::vector<std::string>& candidates);

// "; did you mean \"gpu_count\"?" or nothing; made to be appended to a message.
std::string suggestion(std::string_view written, const std::vector<std::string>& candidates);

}  // namespace zettasim
