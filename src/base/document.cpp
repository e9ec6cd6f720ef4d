// Strict parsing, embedding of parts and merging of overlays. See document.hpp.
#include "zettasim/base/document.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "document_state.hpp"
#include "zettasim/base/field.hpp"
#include "zettasim/base/files.hpp"
#include "zettasim/base/problem.hpp"

namespace zettasim {
namespace {

using nlohmann::json;

constexpr std::size_t deepest_nesting = 64;

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
  bool parse_error(std::size_t position, const std::string& last_token, const nlohmann::detail::exception& error) override {
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

  std::string describe(std::size_t position, const std::string& last_token, const nlohmann::detail::exception& error) const {
    if (text_.find_first_not_of(" \t\r\n") == std::string_view::npos) return "the file is empty; expected a JSON object";
    if (text_.find('\0') != std::string_view::npos) return "this is not JSON text (it holds zero bytes)";
    if (error.id == 406) return fmt::format("the number {} is beyond what a double can hold", printable(last_token));
    if (position >= text_.size()) return "the file ends in the middle of the JSON; is it cut off?";
    const std::string what = error.what();
    if (what.find("ill-formed UTF-8") != std::string::npos || what.find("invalid UTF-8") != std::string::npos) {
      return "this is not JSON text (bytes that are not UTF-8)";
    }
    const auto token = printable(last_token.substr(last_token.find_last_of('\n') + 1));
    const auto rest = text_.substr(position > 0 ? position - 1 : 0);
    for (const auto* word : {"NaN", "Infinity", "-Infinity", "nan", "inf"}) {
      if (rest.starts_with(word)) return fmt::format("{} is not JSON; write a finite number", word);
    }
    return fmt::format("not JSON, near `{}`", token);
  }
  static std::string printable(std::string_view token) {
    std::string result;
    for (const char c : token.substr(token.size() > 60 ? token.size() - 60 : 0)) {
      if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) result += c;
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
      problems.push_back({name_, fmt::format("is nested deeper than {} levels; no description of ours needs that", deepest_nesting)});
      return false;
    }
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
};

// Gives each scalar of a patch that has no origin of its own the patch's: a bare value would inherit the origin of the
// numbers it is put among, which speaks of the value it replaced.
void attach_origin(json& value, const json& origin) {
  if (value.is_object()) {
    if (value.contains("value") || value.contains("origin")) return;
    for (auto& member : value) attach_origin(member, origin);
  } else if (value.is_array()) {
    for (auto& element : value) attach_origin(element, origin);
  } else if (value.is_number() || value.is_string()) {
    json wrapped = origin;
    wrapped["value"] = value;
    value = std::move(wrapped);
  }
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

std::string to_text(const Place& place) { return place.file + "#" + place.pointer; }

Document::Document(std::unique_ptr<DocumentState> state) : state_(std::move(state)) {}
Document::Document(Document&&) noexcept = default;
Document& Document::operator=(Document&&) noexcept = default;
Document::~Document() = default;

Document Document::load(const std::filesystem::path& file) { return parse(file.string(), read_text(file)); }

Document Document::parse(std::string name, std::string_view text) {
  StrictScan scan(name, text);
  const bool readable = json::sax_parse(text, &scan);
  if (!readable || !scan.problems.empty()) throw InputError(std::move(scan.problems));
  auto state = std::make_unique<DocumentState>();
  state->value = json::parse(text);
  state->places[""] = {std::move(name), ""};
  if (!state->value.is_object()) throw InputError(state->places[""].file, "the file must hold one JSON object");
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

// RFC 7396, remembering in `state` where each value that is written came from.
void merge_into(DocumentState& state, json& target, const json& patch, const std::string& at, const Document& source,
                const std::string& from, const json& origin) {
  for (const auto& [key, change] : patch.items()) {
    const std::string pointer = at + "/" + escape(key);
    const std::string origin_pointer = from + "/" + escape(key);
    const auto old = target.find(key);
    if (change.is_null()) {
      target.erase(key);
      continue;
    }
    const bool leaf_with_origin = change.is_object() && change.contains("value");
    if (change.is_object() && !leaf_with_origin && old != target.end() && old->is_object() && !old->contains("value")) {
      merge_into(state, *old, change, pointer, source, origin_pointer, origin);
      continue;
    }
    json fresh = change;
    if (!origin.is_null() && key != "origin" && key != "name" && key != "description") attach_origin(fresh, origin);
    target[key] = std::move(fresh);
    state.set_place(pointer, source.place_of(origin_pointer));
  }
}

}  // namespace

void Document::merge(const Document& patch, const std::string& root) {
  const json& whole = patch.value();
  const json& change = whole.at(json::json_pointer(root));
  const json origin = whole.contains("origin") ? whole["origin"] : json();
  merge_into(*state_, state_->value, change, "", patch, root, origin);
}

Field Document::root(Origins origins) {
  state_->origins = origins;
  return Field(state_.get(), &state_->value, "");
}

void Document::add_problem(const std::string& pointer, std::string text) { state_->add_problem(pointer, std::move(text)); }

bool Document::has_problems() const { return !state_->problems.empty(); }

void Document::finish() {
  for (const auto& [pointer, asked] : state_->asked_keys) {
    const json& object = state_->value.at(json::json_pointer(pointer));
    if (!object.is_object()) continue;
    for (const auto& [key, value] : object.items()) {
      if (asked.contains(key) || key == "origin" || key == "description" || key == "note") continue;
      state_->add_problem(pointer, fmt::format("unknown key \"{}\"{}", key,
                                               suggestion(key, {asked.begin(), asked.end()})));
    }
  }
  if (!state_->problems.empty()) throw InputError(std::move(state_->problems));
}

void DocumentState::add_problem(const std::string& pointer, std::string text) {
  std::string place = to_text(place_of(pointer));
  for (const Problem& known : problems) {
    if (known.place == place && known.text == text) return;
  }
  problems.push_back({std::move(place), std::move(text)});
}

}  // namespace zettasim
