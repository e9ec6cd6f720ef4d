// Conditions and formulas over the parameters and metrics of a study: "gpus * hbm <= '400 TB/s' and topology !=
// 'none'".
//
//   either     = both { "or" both }
//   both       = negation { "and" negation }
//   negation   = [ "not" ] comparison
//   comparison = sum [ ( "<" | "<=" | ">" | ">=" | "==" | "!=" ) sum ]
//   sum        = product { ( "+" | "-" ) product }
//   product    = factor { ( "*" | "/" ) factor }
//   factor     = number | 'quantity or word' | name | "-" factor | "(" either ")"
//
// Quantities carry their dimension: a power plus a bandwidth, or a power beside a bare number, is an error.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>

#include "zettasim/study/value.hpp"

namespace zettasim::study {

// What is wrong with an expression, as a message shows it. Callers say which expression, and where it stands.
class ExpressionError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class Expression {
 public:
  // The value of a name; nothing is an error ("has no value").
  using Lookup = std::function<std::optional<Value>(const std::string& name)>;

  // Throws ExpressionError for what the grammar does not know.
  static Expression parse(std::string_view text);

  const std::string& text() const { return text_; }
  const std::set<std::string>& names() const { return names_; }

  // Both throw ExpressionError when the expression is of the other kind, or its parts do not go together.
  bool holds(const Lookup& lookup) const;
  Measure number(const Lookup& lookup) const;
  // How far a comparison is from holding: left minus right for "<" and "<=", the other way round for ">" and ">=";
  // zero or less: it holds. Throws ExpressionError when the expression is no such comparison.
  double excess(const Lookup& lookup) const;

  struct Node;

 private:
  std::string text_;
  std::set<std::string> names_;
  std::shared_ptr<const Node> root_;
};

// True for what a parameter, a run or a metric may be called: letters, digits and "_", a letter first, no keyword.
bool is_name(std::string_view text);

}  // namespace zettasim::study
