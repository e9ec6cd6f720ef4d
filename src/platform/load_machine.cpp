// Puts a description together before it is read: a file, the files it extends, its parts, then overlays and settings.
//
// One rule for all of it: what a file says is merged onto what it extends (RFC 7396), and only then are the names of
// part files replaced by their contents, each looked up beside the file that wrote the name. So an overlay may change
// one number deep in a device, or put another device in its place.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "read_machine.hpp"
#include "zettasim/base/field.hpp"
#include "zettasim/base/suggest.hpp"
#include "zettasim/platform/load.hpp"

namespace zettasim::platform {
namespace {

using nlohmann::json;
using std::filesystem::path;

constexpr std::size_t longest_chain = 16;  // files that lead to each other; nobody keeps more in their head

enum class Part { system, node, device };

struct Slot {
  std::string pointer;
  Part part;
};

std::string_view format_of(Part part) {
  switch (part) {
    case Part::system:
      return "zettasim-platform";
    case Part::node:
      return "zettasim-node";
    case Part::device:
      return "zettasim-device";
  }
  return {};
}

// Where a description names its parts, outer ones first: a node must be in place before its devices are looked for.
std::vector<Slot> slots_of(Part part) {
  switch (part) {
    case Part::system:
      return {{"/node", Part::node}, {"/node/cpus/device", Part::device}, {"/node/gpus/device", Part::device}};
    case Part::node:
      return {{"/cpus/device", Part::device}, {"/gpus/device", Part::device}};
    case Part::device:
      return {};
  }
  return {};
}

std::string in_quotes(const std::string& text) {
  return json(text).dump(-1, ' ', false, json::error_handler_t::replace);
}

// The files that led to the one being read, outermost first.
using Chain = std::vector<path>;

path identity_of(const path& file) {
  std::error_code ignored;
  const path result = std::filesystem::weakly_canonical(file, ignored);
  return ignored ? file : result;
}

std::string to_text(const Chain& chain, const path& last) {
  std::string result;
  for (const path& file : chain) result += file.string() + " -> ";
  return result + last.string();
}

// "; did you mean "monaka-x.json"?": the nearest name of a file beside a missing one.
std::string suggest_file(const path& missing) {
  std::error_code error;
  std::set<std::string> names;
  for (std::filesystem::directory_iterator it(missing.parent_path(), error), end; !error && it != end;
       it.increment(error)) {
    if (it->path().extension() == ".json") names.insert(it->path().filename().string());
  }
  return suggestion(missing.filename().string(), {names.begin(), names.end()});
}

// Puts parts in place. A part that cannot be loaded leaves its problems here and its name in the description.
class Assembly {
 public:
  // The rest of a description whose own text is `document`: what it extends and its parts. False when its format is
  // wrong, or what it extends could not be loaded: it then makes no sense to read it.
  bool complete(Document& document, Part part, const Chain& chain) {
    check_format(document.root(), format_of(part), 1);
    if (document.has_problems()) {
      note(document.problems());
      return false;
    }
    if (document.value().contains("extends")) {
      auto extended = load_reference(document, "/extends", part, chain);
      if (!extended) return false;
      extended->merge(document);
      document = std::move(*extended);
    }
    fill_slots(document, part, chain);
    return true;
  }

  // Replaces the names of part files, and inline parts that extend a file, by what they stand for.
  void fill_slots(Document& document, Part part, const Chain& chain) {
    for (const Slot& slot : slots_of(part)) {
      const json::json_pointer pointer(slot.pointer);
      if (!document.value().contains(pointer)) continue;
      const json& written = document.value().at(pointer);
      const bool extends = written.is_object() && written.contains("extends");
      if (!extends && !written.is_string()) continue;
      auto loaded = load_reference(document, extends ? slot.pointer + "/extends" : slot.pointer, slot.part, chain);
      if (!loaded && extends) throw InputError(std::exchange(problems_, {}));
      if (!loaded) continue;
      if (extends) loaded->merge(document, slot.pointer);
      document.embed(slot.pointer, std::move(*loaded));
    }
  }

  const std::vector<Problem>& problems() const { return problems_; }
  // For what comes after: changing a description that is not whole would only add misleading problems.
  void expect_whole() const {
    if (!problems_.empty()) throw InputError(problems_);
  }

 private:
  void note(const std::vector<Problem>& more) { problems_.insert(problems_.end(), more.begin(), more.end()); }

  // The part whose file is named at `pointer`, looked up beside the file that wrote the name (on the command line: in
  // the current folder); nothing, and a problem noted, when that fails.
  std::optional<Document> load_reference(const Document& document, const std::string& pointer, Part part,
                                         const Chain& chain) {
    const json& written = document.value().at(json::json_pointer(pointer));
    const Place place = document.place_of(pointer);
    const auto fail = [&](std::string text) {
      problems_.push_back({zettasim::to_text(place), std::move(text)});
      return std::nullopt;
    };
    const auto* name = written.get_ptr<const std::string*>();
    if (!name || name->empty()) return fail("expected the name of a file, such as \"nodes/plain.json\"");
    const path folder = place.file.starts_with("--set ") ? path() : path(place.file).parent_path();
    const path file = (folder / *name).lexically_normal();
    std::error_code ignored;
    if (!std::filesystem::exists(file, ignored)) {
      return fail(
          fmt::format("names {}, but there is no file {}{}", in_quotes(*name), file.string(), suggest_file(file)));
    }
    for (const path& outer : chain) {
      if (identity_of(outer) == identity_of(file)) return fail("the files lead in a circle: " + to_text(chain, file));
    }
    if (chain.size() >= longest_chain) {
      return fail(fmt::format("more than {} files lead to each other: {}", longest_chain, to_text(chain, file)));
    }
    Chain longer = chain;
    longer.push_back(file);
    try {
      Document loaded = Document::load(file);
      if (complete(loaded, part, longer)) return loaded;
    } catch (const InputError& error) {
      note(error.problems());
    }
    return std::nullopt;
  }

  std::vector<Problem> problems_;
};

void apply_overlay(Document& document, const path& file) {
  Document overlay = Document::load(file);
  const Field root = overlay.root();
  check_format(root, "zettasim-overlay", 1);
  if (overlay.has_problems()) throw InputError(overlay.problems());
  (void)root["name"].text();
  const Field patch = root["patch"];
  if (!patch.is_object()) {
    patch.problem(fmt::format("{}; expected an object, the changes: {{\"facility\": {{\"budget\": \"30 MW\"}}}}",
                              patch.exists() ? "found " + patch.found() : "missing"));
  } else if (overlay.value()["patch"].contains("extends")) {
    patch.problem("a patch cannot extend another file; give both overlays on the command line, in order");
  }
  overlay.finish();
  document.merge(overlay, "/patch");
}

void apply_setting(Document& document, const std::string& setting) {
  const auto equals = setting.find('=');
  if (equals == std::string::npos) {
    throw InputError("--set",
                     fmt::format("found {}, expected POINTER=VALUE, such as /node/gpus/count=8", in_quotes(setting)));
  }
  document.set(setting.substr(0, equals), std::string_view(setting).substr(equals + 1));
}

Machine assemble(Document document, const path& file, const Changes& changes) {
  Assembly assembly;
  if (!assembly.complete(document, Part::system, {file})) throw InputError(assembly.problems());
  for (const path& overlay : changes.overlays) {
    assembly.expect_whole();
    apply_overlay(document, overlay);
    assembly.fill_slots(document, Part::system, {overlay});
  }
  for (const std::string& setting : changes.settings) {
    assembly.expect_whole();
    apply_setting(document, setting);
    assembly.fill_slots(document, Part::system, {});
  }
  for (const Problem& problem : assembly.problems()) document.add_problem(problem);
  Machine machine = read_machine(document);
  machine.resolved = document.value().dump(2, ' ', false, json::error_handler_t::replace) + "\n";
  return machine;
}

}  // namespace

Machine load_machine(const std::filesystem::path& file, const Changes& changes) {
  return assemble(Document::load(file), file, changes);
}

Machine parse_machine(const std::string& name, const std::string& text, const Changes& changes) {
  return assemble(Document::parse(name, text), name, changes);
}

}  // namespace zettasim::platform
