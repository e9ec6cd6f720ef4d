// Checked access to one value of a JSON document. The only code that reads values through nlohmann.
//
// Each accessor returns the value, or notes a problem in the document and returns a harmless one so that reading goes
// on and one run shows every problem. Keys that nobody asked for are found by Document::finish().
//
//   Memory read_memory(Field memory) {
//     return {.capacity  = memory["capacity"].positive<DataSize>(),      // "64 GiB"
//             .bandwidth = memory["bandwidth"].positive<Bandwidth>()};   // "1.6 TB/s"
//   }
//
// A scalar may be written as {"value": ..., "status": "found|derived|assumed", "source": "..."}; an object may carry
// "origin": {"status": ..., "source": ...}, which then holds for every number of the same file below it that has none
// of its own. (A part or an overlay vouches for its numbers itself: the file around it cannot know where they come
// from.)
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "zettasim/base/document.hpp"
#include "zettasim/base/suggest.hpp"
#include "zettasim/base/unit.hpp"
#include "zettasim/base/vocabulary.hpp"

namespace zettasim {

inline constexpr std::int64_t most_count =
    1'000'000'000'000;  // larger counts are typing errors and would overflow sums

class Field {
 public:
  // A member that must be there: reading it when it is not is a problem ("missing; expected ..."). Members of what is
  // missing itself, or is no object, are not complained about one by one.
  Field operator[](std::string_view key) const;
  // A member that may be there.
  std::optional<Field> optional(std::string_view key) const;
  // The elements of an array; a problem and nothing when it is not one.
  std::vector<Field> items() const;
  // The members of an object in the order of their names; they all count as read.
  std::vector<std::pair<std::string, Field>> members() const;

  bool exists() const { return value_ != nullptr; }
  bool is_object() const;    // and no value with its origin
  bool has_members() const;  // either of the two
  bool is_array() const;
  bool is_string() const;

  std::string text() const;  // a non-empty string
  bool boolean() const;
  std::int64_t count(std::int64_t most = most_count) const;           // whole, 0 to most
  std::int64_t positive_count(std::int64_t most = most_count) const;  // whole, 1 to most
  double number(double low, double high) const;                       // a finite number without a unit, low to high
  double fraction() const { return number(0.0, 1.0); }
  double positive_share() const;  // more than 0, at most 1: efficiencies

  template <class Q>
  Q positive() const {
    return Q::from_si(quantity(Q::dimension, Sign::positive));
  }
  template <class Q>
  Q nonnegative() const {
    return Q::from_si(quantity(Q::dimension, Sign::nonnegative));
  }

  template <class E>
  E choice(const Choices<E>& choices) const {
    std::vector<std::string> names;
    for (const auto& c : choices) names.emplace_back(c.name);
    return choices[choose(names)].value;
  }

  // Notes a problem at this value, for checks that need more than one field.
  void problem(std::string text) const;
  // The value as it would be quoted in a message: `"25 GB"`, `-3`, `an object`, `nothing`.
  std::string found() const;
  // Where it stands, as in messages: "file#/pointer".
  std::string place() const;
  // The file it was written in, for paths relative to it.
  std::string file() const;
  const std::string& pointer() const { return pointer_; }

 private:
  friend class Document;
  enum class Sign { positive, nonnegative };
  Field(DocumentState* state, const nlohmann::json* value, std::string pointer)
      : state_(state), value_(value), pointer_(std::move(pointer)) {}

  const nlohmann::json* scalar() const;  // the value itself, or the "value" of an object with an origin
  void check_origin() const;
  double quantity(Dimension dimension, Sign sign) const;
  std::size_t choose(const std::vector<std::string>& names) const;
  void expected(const std::string& what) const;

  DocumentState* state_;
  const nlohmann::json* value_;  // null when the member is missing
  std::string pointer_;
  bool quiet_ = false;  // inside something missing or wrong that has been reported already
};

// Checks the two members that open every file of ours: "format": name, "version": 1.
void check_format(const Field& root, std::string_view format, int version);

}  // namespace zettasim
