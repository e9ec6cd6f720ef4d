// A JSON file as text becomes a Document: parsed strictly, knowing for each value which file and pointer it came from,
// and collecting every problem that reading it turns up.
//
// The path of a description: load (syntax, repeated keys, depth, NaN) -> embed its parts and merge its overlays
// -> read it through `root()` -> `finish()`, which adds the unread keys and throws all problems at once.
#pragma once

#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "zettasim/base/problem.hpp"

namespace zettasim {

class Field;
struct DocumentState;

// Where a value stands: the file and the JSON pointer inside it.
struct Place {
  std::string file;
  std::string pointer;
};
std::string to_text(const Place& place);  // "file#/pointer"

// How a description vouches for its numbers.
enum class Origins {
  not_asked,  // workloads: numbers are wishes, not facts
  required,   // platforms: each number needs a status (found, derived, assumed) and a source, its own or inherited
};

class Document {
 public:
  // Reads `file` (also .gz, .zst). Throws InputError for a missing file and for everything that is not strict JSON:
  // syntax, truncation, bytes that are not UTF-8, repeated keys, nesting deeper than 64, numbers beyond a double.
  static Document load(const std::filesystem::path& file);
  // The same from a text in memory; `name` stands for the file in messages.
  static Document parse(std::string name, std::string_view text);

  Document(Document&&) noexcept;
  Document& operator=(Document&&) noexcept;
  ~Document();

  const nlohmann::json& value() const;

  // Replaces what stands at `pointer` by the whole of `part`; problems inside then name the part's file.
  void embed(const std::string& pointer, Document&& part);
  // Applies an RFC 7396 merge patch; what it brings is placed in the patch's file from then on, and what its file says
  // about the origin of its numbers goes with them. `root` is the pointer of the patch, an object, inside its file. Two
  // kinds of object replace instead of merging: a number with its origin, and an object that "extends" a file.
  void merge(const Document& patch, const std::string& root = "");
  // Puts a value of the command line, `--set pointer=text`, in the place of `pointer`: JSON when `text` is JSON, else a
  // text; null takes a member out. Throws InputError when `pointer` leads nowhere, naming what is there.
  void set(const std::string& pointer, std::string_view text);
  // The place of `pointer` in the file that wrote it.
  Place place_of(const std::string& pointer) const;

  // Reading: the returned fields report into this document, which must outlive them.
  Field root(Origins origins = Origins::not_asked);
  void add_problem(const std::string& pointer, std::string text);
  void add_problem(Problem problem);
  const std::vector<Problem>& problems() const;
  bool has_problems() const;
  // Adds a problem for each unread key of every object that was read from, then throws InputError if there is any
  // problem.
  void finish();

 private:
  explicit Document(std::unique_ptr<DocumentState> state);
  std::unique_ptr<DocumentState> state_;
};

}  // namespace zettasim
