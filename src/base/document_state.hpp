// What a Document and its Fields share. Private to base.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <unordered_set>
#include <vector>

#include "zettasim/base/document.hpp"
#include "zettasim/base/problem.hpp"

namespace zettasim {

// Numbers without an origin that get a line of their own; the others of a file are counted.
inline constexpr std::size_t most_shown_unvouched = 3;

struct DocumentState {
  nlohmann::json value;
  std::map<std::string, Place> places;                      // pointer -> where that value was written
  std::map<std::string, std::set<std::string>> asked_keys;  // pointer of an object -> keys that were asked for
  std::map<std::string, std::set<std::string>> unvouched;   // file -> pointers of its numbers without an origin
  std::vector<Problem> problems;
  std::set<std::pair<std::string, std::string>> known_problems;  // place and text of each, to note it once
  std::unordered_set<std::string> noted;  // their texts: a trace may have a hundred thousand problems
  Origins origins = Origins::not_asked;

  Place place_of(const std::string& pointer) const;
  void set_place(const std::string& pointer, Place place);
  void add_problem(const std::string& pointer, std::string text);
  void add_unvouched(const std::string& pointer, std::string text);
  void add_problem(Problem problem);  // a problem is noted once, however often it is met
};

// A key as it stands in a JSON pointer (RFC 6901): "~" is "~0" and "/" is "~1".
std::string escape(std::string_view key);

// A text of somebody's file as a message shows it: in quotes, on one line, cut when long.
std::string in_quotes(std::string_view text);

}  // namespace zettasim
