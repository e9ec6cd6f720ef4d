// Strict parsing, embedding of parts and merging of overlays. See document.hpp.
#include "zettasim/base/document.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "document_state.hpp"
#include "zettasim/base/contract.hpp"
#include "zettasim/base/field.hpp"
#include "zettasim/base/files.hpp"
#include "zettasim/base/problem.hpp"

namespace zettasim {
namespace {

using nlohmann::json;

constexpr std::size_t deepest_nesting = 64;

bool is_utf8(std::string_view text) {
  try {
    (void)json(text).dump();
    return true;
  } catch (const json::exception&) {
    return false;
  }
}

// Walks the text once before it is parsed, for what a parsed value no longer shows: repeated keys and deep nesting.
// nlohmann parses without recursion, so that a text nested a million deep stops here, not in the stack.
class StrictScan : public nlohmann::json_sax<json> {
 public:
  StrictScan(std::string name, std::string_view text) : name_(std::move(name)), text_(text) {}

  std::vector<Problem> problems;

  bool null() override { return step(); }
  bool boolean(bool) override { return step(); }
  bool number_integer(number_integer_t) override { return step(); }
  bool number_unsigned(number_unsigned_t) override { return step(); }
  bool number_float(number_float_t, const string_t&) override { return step(); }
  bool string(string_t&) override { return step(); }
  bool binary(binary_t&) override { return step(); }
  bool start_object(std::size_t) override { return open(true); }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return open(false); }
  bool end_array() override { return close(); }
  bool key(string_t& key) override {
    Level& level = levels_.back();
    level.key = key;
    if (!level.keys.insert(key).second) add("the key stands here twice; keep one of them");
    return true;
  }
  bool parse_error(std::size_t position, const std::string& last_token,
                   const nlohmann::detail::exception& error) override {
    const auto before = text_.substr(0, std::min(position, text_.size()));
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    problems.push_back({fmt::format("{}:{}", name_, line), describe(position, last_token, error)});
    return false;
  }

 private:
  struct Level {
    bool object;
    std::string key;
    std::size_t index = 0;
    std::set<std::string> keys;
  };

  std::string describe(std::size_t position, const std::string& last_token,
                       const nlohmann::detail::exception& error) const {
    if (text_.find_first_not_of(" \t\r\n") == std::string_view::npos)
      return "the file is empty; expected a JSON object";
    if (text_.find('\0') != std::string_view::npos) return "this is not JSON text (it holds zero bytes)";
    if (error.id == 406) return fmt::format("the number {} is beyond what a double can hold", printable(last_token));
    if (!is_utf8(text_)) return "this is not JSON text (bytes that are not UTF-8)";
    if (position > text_.size()) return "the file ends in the middle of the JSON; is it cut off?";
    // The parser has read one byte of the word, or two; two first, for the sign of "-Infinity".
    for (const std::size_t back : {std::size_t{2}, std::size_t{1}}) {
      const auto rest = text_.substr(position > back ? position - back : 0);
      for (const auto* word : {"NaN", "Infinity", "-Infinity", "nan", "inf"}) {
        if (rest.starts_with(word)) return fmt::format("{} is not JSON; write a finite number", word);
      }
    }
    if (levels_.empty() && begun_) return "there is more text after the end of the JSON object";
    const auto before = text_.substr(0, position > 0 ? position - 1 : 0);
    const char here = text_[position > 0 ? position - 1 : 0];
    const auto last = before.find_last_not_of(" \t\r\n");
    if (here == '/' || (last != std::string_view::npos && before[last] == '/')) {
      return "JSON has no comments; a member \"note\" may hold the text";
    }
    if ((here == '}' || here == ']') && last != std::string_view::npos && before[last] == ',') {
      return fmt::format("a comma before `{}` has nothing after it; take it out", here);
    }
    return fmt::format("not JSON, near `{}`", printable(text_.substr(0, position)));
  }
  // The end of `token` as one line of a message can show it.
  static std::string printable(std::string_view token) {
    if (const auto line_end = token.find_last_of("\r\n");
        line_end != std::string_view::npos && line_end + 1 < token.size()) {
      token.remove_prefix(line_end + 1);
    }
    std::string result;
    for (const char c : token.substr(token.size() > 60 ? token.size() - 60 : 0)) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte >= 0x20 && byte < 0x7f) result += c;
      if (byte > 0x7f) result += '?';  // the token may end inside a character
    }
    return result;
  }

  void add(std::string text) { problems.push_back({name_ + "#" + pointer(), std::move(text)}); }
  std::string pointer() const {
    std::string result;
    for (const Level& level : levels_) result += "/" + (level.object ? escape(level.key) : std::to_string(level.index));
    return result;
  }
  bool step() {
    if (!levels_.empty() && !levels_.back().object) ++levels_.back().index;
    return true;
  }
  bool open(bool object) {
    if (levels_.size() >= deepest_nesting) {
      problems.push_back(
          {name_, fmt::format("is nested deeper than {} levels; no description of ours needs that", deepest_nesting)});
      return false;
    }
    begun_ = true;
    levels_.push_back({object, {}, 0, {}});
    return true;
  }
  bool close() {
    levels_.pop_back();
    return step();
  }

  std::string name_;
  std::string_view text_;
  std::vector<Level> levels_;
  bool begun_ = false;
};

// The words of a description, as against its numbers: they need no origin.
bool is_word(std::string_view key) {
  for (const auto* word : {"name", "description", "note", "format", "version", "status", "source"}) {
    if (key == word) return true;
  }
  return false;
}

// "25 GB/s" and "3", but not the name of a part: "../devices/gpu.json", "2-way.json".
bool is_quantity(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double number = 0.0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && (rest == text.data() + text.size() || *rest == ' ');
}

// Gives each number of a patch that has no origin of its own the patch's: a bare value would inherit the origin of the
// numbers it is put among, which speaks of the value it replaced.
void attach_origin(json& value, const json& origin) {
  if (value.is_object()) {
    if (value.contains("value") || value.contains("origin")) return;
    for (const auto& [key, member] : value.items()) {
      if (!is_word(key)) attach_origin(member, origin);
    }
  } else if (value.is_array()) {
    for (auto& element : value) attach_origin(element, origin);
  } else {
    const auto* text = value.get_ptr<const std::string*>();
    if (!value.is_number() && !(text && is_quantity(*text))) return;
    json wrapped = origin;
    wrapped["value"] = value;
    value = std::move(wrapped);
  }
}

// RFC 7396: an object that a patch brings anew loses its nulls, at every depth; arrays are taken as they are.
void drop_nulls(json& value) {
  if (!value.is_object()) return;
  for (auto it = value.begin(); it != value.end();) {
    if (it->is_null()) {
      it = value.erase(it);
    } else {
      drop_nulls(*it);
      ++it;
    }
  }
}

// Parses a whole text strictly; throws InputError.
json parse_strictly(const std::string& name, std::string_view text) {
  StrictScan scan(name, text);
  const bool readable = json::sax_parse(text, &scan);
  if (!readable || !scan.problems.empty()) throw InputError(std::move(scan.problems));
  return json::parse(text);
}

}  // namespace

std::string escape(std::string_view key) {
  std::string result;
  for (const char c : key) {
    if (c == '~') {
      result += "~0";
    } else if (c == '/') {
      result += "~1";
    } else {
      result += c;
    }
  }
  return result;
}

std::string in_quotes(std::string_view text) {
  constexpr std::size_t longest = 80;
  std::string whole = json(text).dump(-1, ' ', false, json::error_handler_t::replace);
  if (whole.size() <= longest) return whole;
  std::size_t end = longest - 3;
  while (end > 0 && (static_cast<unsigned char>(whole[end]) & 0xc0) == 0x80) --end;  // not inside a character
  return whole.substr(0, end) + "...";
}

std::string to_text(const Place& place) {
  if (place.pointer.empty() && place.file.starts_with("--set ")) return place.file;
  std::string pointer = place.pointer;
  std::erase_if(pointer, [](char c) { return static_cast<unsigned char>(c) < 0x20; });  // keys may hold line ends
  return place.file + "#" + pointer;
}

Document::Document(std::unique_ptr<DocumentState> state) : state_(std::move(state)) {}
Document::Document(Document&&) noexcept = default;
Document& Document::operator=(Document&&) noexcept = default;
Document::~Document() = default;

Document Document::load(const std::filesystem::path& file) { return parse(file.string(), read_text(file)); }

Document Document::parse(std::string name, std::string_view text) {
  auto state = std::make_unique<DocumentState>();
  state->value = parse_strictly(name, text);
  state->places[""] = {std::move(name), ""};
  if (!state->value.is_object()) {
    throw InputError(state->places[""].file, fmt::format("holds {}; expected one JSON object, {{ ... }}",
                                                         state->value.is_array() ? "an array" : "a single value"));
  }
  return Document(std::move(state));
}

const json& Document::value() const { return state_->value; }

Place Document::place_of(const std::string& pointer) const { return state_->place_of(pointer); }

Place DocumentState::place_of(const std::string& pointer) const {
  std::string ancestor = pointer;
  for (;;) {
    if (const auto it = places.find(ancestor); it != places.end()) {
      return {it->second.file, it->second.pointer + pointer.substr(ancestor.size())};
    }
    ancestor.resize(ancestor.find_last_of('/'));
  }
}

void DocumentState::set_place(const std::string& pointer, Place place) {
  for (auto it = places.lower_bound(pointer + "/"); it != places.end() && it->first.starts_with(pointer + "/");) {
    it = places.erase(it);
  }
  places[pointer] = std::move(place);
}

void Document::embed(const std::string& pointer, Document&& part) {
  state_->value[json::json_pointer(pointer)] = std::move(part.state_->value);
  state_->set_place(pointer, {});
  for (auto& [inner, place] : part.state_->places) state_->places[pointer + inner] = std::move(place);
}

namespace {

// One merge: what is patched, and the patch with the place it was written at.
struct Merge {
  DocumentState& target;
  const Document& source;
};

// RFC 7396, remembering in the target where each value that is written came from. `at` and `from` are the pointers of
// `value` and `patch` in their documents; `origin` is what the patch says about its numbers, null when it says nothing.
void merge_into(const Merge& merge, json& value, const json& patch, const std::string& at, const std::string& from,
                json origin) {
  if (patch.contains("origin")) origin = patch["origin"];
  if (!origin.is_object()) origin = nullptr;
  for (const auto& [key, change] : patch.items()) {
    if (key == "extends") continue;                     // has done its work when its file is merged
    if (key == "origin" && patch.size() > 1) continue;  // speaks of what the patch brings, not of what stays
    const std::string pointer = at + "/" + escape(key);
    const std::string written_at = from + "/" + escape(key);
    const auto old = value.find(key);
    if (change.is_null()) {
      value.erase(key);
      continue;
    }
    // A number with its origin is one value, and an object that extends a file stands for itself: both replace.
    const bool whole = !change.is_object() || change.contains("value") || change.contains("extends");
    if (!whole && old != value.end() && old->is_object() && !old->contains("value")) {
      merge_into(merge, *old, change, pointer, written_at, origin);
      continue;
    }
    json fresh = change;
    drop_nulls(fresh);
    if (origin.is_object() && key != "origin" && !is_word(key)) attach_origin(fresh, origin);
    value[key] = std::move(fresh);
    merge.target.set_place(pointer, merge.source.place_of(written_at));
  }
}

// The "origin" of the nearest object around `pointer`, null when there is none.
json nearest_origin(const json& whole, std::string pointer) {
  while (!pointer.empty()) {
    pointer.resize(pointer.find_last_of('/'));
    const json& around = whole.at(json::json_pointer(pointer));
    if (around.is_object() && around.contains("origin")) return around["origin"];
  }
  return nullptr;
}

}  // namespace

void Document::merge(const Document& patch, const std::string& root) {
  const json::json_pointer pointer(root);
  ZETTASIM_EXPECT(patch.value().contains(pointer) && patch.value().at(pointer).is_object(), "no object at {}", root);
  merge_into({*state_, patch}, state_->value, patch.value().at(pointer), "", root, nearest_origin(patch.value(), root));
}

namespace {

// The parts of a JSON pointer; nothing when it is not one.
std::optional<std::vector<std::string>> split_pointer(std::string_view pointer) {
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < pointer.size(); ++i) {
    if (pointer[i] == '/') {
      parts.emplace_back();
    } else if (parts.empty()) {
      return std::nullopt;
    } else if (pointer[i] != '~') {
      parts.back() += pointer[i];
    } else if (++i < pointer.size() && (pointer[i] == '0' || pointer[i] == '1')) {
      parts.back() += pointer[i] == '0' ? '~' : '/';
    } else {
      return std::nullopt;
    }
  }
  return parts;
}

// The member or element of `value` that `part` names, null when there is none.
json* step_into(json& value, const std::string& part) {
  if (value.is_object()) {
    const auto it = value.find(part);
    return it == value.end() ? nullptr : &*it;
  }
  if (!value.is_array() || part.empty() || part.size() > 9 || (part.size() > 1 && part[0] == '0') ||
      part.find_first_not_of("0123456789") != std::string::npos) {
    return nullptr;
  }
  const auto index = static_cast<std::size_t>(std::stoul(part));
  return index < value.size() ? &value[index] : nullptr;
}

// Says what stands where a pointer lost its way: `"/node" has cpus, gpus; did you mean "gpus"?`.
std::string explain_miss(const json& value, const std::string& at, const std::string& part) {
  const std::string where = at.empty() ? "the description" : in_quotes(at);
  if (value.is_array()) {
    return value.empty() ? fmt::format("{} is an empty array", where)
                         : fmt::format("{} is an array with elements 0 to {}", where, value.size() - 1);
  }
  if (!value.is_object()) return fmt::format("{} is a single value", where);
  constexpr std::size_t most_shown = 16;
  std::vector<std::string> keys;
  for (const auto& [key, member] : value.items()) keys.push_back(key);
  const std::string hint = suggestion(part, keys);
  const bool all = keys.size() <= most_shown;
  if (!all) keys.resize(most_shown);
  return fmt::format("{} has {}{}{}", where, fmt::join(keys, ", "), all ? "" : ", ...", hint);
}

}  // namespace

void Document::set(const std::string& pointer, std::string_view text) {
  if (!is_utf8(pointer) || !is_utf8(text)) throw InputError("--set", "holds bytes that are not UTF-8");
  const Place place{"--set " + pointer, ""};
  auto parts = split_pointer(pointer);
  if (!parts || parts->empty()) {
    throw InputError("--set " + in_quotes(pointer),
                     "is not a JSON pointer such as /node/gpus/count (\"/\" inside a key is ~1, \"~\" is ~0)");
  }
  json fresh = json::accept(text) ? parse_strictly(place.file, text) : json(text);
  json* parent = &state_->value;
  json* grandparent = nullptr;
  std::string at;
  for (std::size_t i = 0; i + 1 < parts->size(); ++i) {
    json* next = step_into(*parent, (*parts)[i]);
    if (!next) {
      throw InputError(place.file, fmt::format("there is no {}; {}", in_quotes(at + "/" + escape((*parts)[i])),
                                               explain_miss(*parent, at, (*parts)[i])));
    }
    grandparent = std::exchange(parent, next);
    at += "/" + escape((*parts)[i]);
  }
  std::string last = parts->back();
  if (last == "value" && grandparent && parent->is_object() && parent->contains("value")) {
    // The number inside {"value", "status", "source"}: the origin spoke of the old number and goes with it.
    last = (*parts)[parts->size() - 2];
    parent = grandparent;
    at.resize(at.find_last_of('/'));
  }
  json* old = step_into(*parent, last);
  if (!old && (fresh.is_null() || !parent->is_object())) {
    throw InputError(place.file, fmt::format("there is no {}; {}", in_quotes(at + "/" + escape(last)),
                                             explain_miss(*parent, at, last)));
  }
  if (fresh.is_null() && !parent->is_object()) {
    throw InputError(place.file, "an element of an array cannot be taken out; set the whole array");
  }
  if (fresh.is_null()) {
    parent->erase(last);
    return;
  }
  drop_nulls(fresh);
  if (!is_word(last)) attach_origin(fresh, {{"status", "assumed"}, {"source", "--set on the command line"}});
  if (old) {
    *old = std::move(fresh);
  } else {
    (*parent)[last] = std::move(fresh);
  }
  state_->set_place(at + "/" + escape(last), place);
}

Field Document::root(Origins origins) {
  state_->origins = origins;
  return Field(state_.get(), &state_->value, "");
}

void Document::add_problem(const std::string& pointer, std::string text) {
  state_->add_problem(pointer, std::move(text));
}

void Document::add_problem(Problem problem) { state_->add_problem(std::move(problem)); }

const std::vector<Problem>& Document::problems() const { return state_->problems; }

bool Document::has_problems() const { return !state_->problems.empty(); }

void Document::finish() {
  for (const auto& [pointer, asked] : state_->asked_keys) {
    const json& object = state_->value.at(json::json_pointer(pointer));
    if (!object.is_object()) continue;
    for (const auto& [key, value] : object.items()) {
      if (asked.contains(key) || key == "origin" || key == "description" || key == "note") continue;
      // The object may be of one file and the key of another: the message goes to who wrote the key.
      Place place = state_->place_of(pointer + "/" + escape(key));
      const std::string tail = "/" + escape(key);
      if (place.pointer.ends_with(tail)) place.pointer.resize(place.pointer.size() - tail.size());
      add_problem({to_text(place),
                   fmt::format("unknown key {}{}", in_quotes(key), suggestion(key, {asked.begin(), asked.end()}))});
    }
  }
  for (const auto& [file, pointers] : state_->unvouched) {
    if (pointers.size() <= most_shown_unvouched) continue;
    state_->add_problem(
        {file, fmt::format("{} more numbers have no origin; an \"origin\" at the top of the file would speak for all",
                           pointers.size() - most_shown_unvouched)});
  }
  if (!state_->problems.empty()) throw InputError(std::move(state_->problems));
}

void DocumentState::add_unvouched(const std::string& pointer, std::string text) {
  auto& known = unvouched[place_of(pointer).file];
  if (known.insert(pointer).second && known.size() <= most_shown_unvouched) add_problem(pointer, std::move(text));
}

void DocumentState::add_problem(const std::string& pointer, std::string text) {
  add_problem({to_text(place_of(pointer)), std::move(text)});
}

void DocumentState::add_problem(Problem problem) {
  if (known_problems.insert({problem.place, problem.text}).second) problems.push_back(std::move(problem));
}

}  // namespace zettasim
