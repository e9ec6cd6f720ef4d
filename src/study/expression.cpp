// A recursive descent over the text gives a tree; evaluating it checks that dimensions go together.
#include "zettasim/study/expression.hpp"

#include <fmt/format.h>

#include <cctype>
#include <charconv>
#include <cmath>
#include <variant>
#include <vector>

namespace zettasim::study {

enum class Operation {
  either,
  both,
  negation,
  less,
  at_most,
  more,
  at_least,
  equal,
  differs,
  plus,
  minus,
  times,
  over,
  negative,
  name,
  literal
};

struct Expression::Node {
  Operation operation;
  Value value = {};  // of a literal; the text of a name
  std::vector<Node> parts = {};
};

namespace {

using Node = Expression::Node;
using Operand = std::variant<bool, Measure, std::string>;

constexpr int deepest_nesting = 64;
constexpr std::size_t longest_text = 1000;

bool starts_name(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }
bool continues_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

class Parser {
 public:
  Parser(std::string_view text, std::set<std::string>& names) : text_(text), names_(names) {}

  Node whole() {
    if (text_.size() > longest_text) throw ExpressionError(fmt::format("is longer than {} characters", longest_text));
    Node result = either();
    if (!at_end()) fail("expected the end, or and, or, a comparison, + - * /");
    return result;
  }

 private:
  void skip_blanks() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
  }
  bool at_end() {
    skip_blanks();
    return at_ >= text_.size();
  }
  [[noreturn]] void fail(const std::string& expected) {
    skip_blanks();
    throw ExpressionError(fmt::format("near \"{}\": {}", text_.substr(at_, 20), expected));
  }
  bool take(std::string_view symbol) {
    skip_blanks();
    if (!text_.substr(at_).starts_with(symbol)) return false;
    at_ += symbol.size();
    return true;
  }
  bool take_word(std::string_view word) {
    skip_blanks();
    const auto rest = text_.substr(at_);
    if (!rest.starts_with(word) || (rest.size() > word.size() && continues_name(rest[word.size()]))) return false;
    at_ += word.size();
    return true;
  }

  Node either() {
    Node left = both();
    while (take_word("or")) left = Node{Operation::either, {}, {std::move(left), both()}};
    return left;
  }
  Node both() {
    Node left = negation();
    while (take_word("and")) left = Node{Operation::both, {}, {std::move(left), negation()}};
    return left;
  }
  Node negation() {
    if (!take_word("not")) return comparison();
    return Node{Operation::negation, {}, {comparison()}};
  }
  Node comparison() {
    static constexpr std::pair<std::string_view, Operation> symbols[] = {
        {"<=", Operation::at_most}, {">=", Operation::at_least}, {"==", Operation::equal},
        {"!=", Operation::differs}, {"<", Operation::less},      {">", Operation::more}};
    Node left = sum();
    for (const auto& [symbol, operation] : symbols) {
      if (take(symbol)) return Node{operation, {}, {std::move(left), sum()}};
    }
    return left;
  }
  Node sum() {
    Node left = product();
    for (;;) {
      if (take("+")) {
        left = Node{Operation::plus, {}, {std::move(left), product()}};
      } else if (take("-")) {
        left = Node{Operation::minus, {}, {std::move(left), product()}};
      } else {
        return left;
      }
    }
  }
  Node product() {
    Node left = factor();
    for (;;) {
      if (take("*")) {
        left = Node{Operation::times, {}, {std::move(left), factor()}};
      } else if (take("/")) {
        left = Node{Operation::over, {}, {std::move(left), factor()}};
      } else {
        return left;
      }
    }
  }
  Node factor() {
    if (++depth_ > deepest_nesting) throw ExpressionError("is nested too deep");
    Node result = unnested_factor();
    --depth_;
    return result;
  }
  Node unnested_factor() {
    if (take("-")) return Node{Operation::negative, {}, {factor()}};
    if (take("(")) {
      Node inner = either();
      if (!take(")")) fail("expected )");
      return inner;
    }
    if (take("'")) return quoted();
    if (at_end()) fail("expected a number, a name or a 'quantity'");
    if (starts_name(text_[at_])) return name();
    return number();
  }
  Node quoted() {
    const auto end = text_.find('\'', at_);
    if (end == std::string_view::npos) fail("the ' has no partner");
    const std::string inside(text_.substr(at_, end - at_));
    at_ = end + 1;
    return Node{Operation::literal, make_word(inside)};
  }
  Node name() {
    std::size_t end = at_;
    while (end < text_.size() && continues_name(text_[end])) ++end;
    const std::string word(text_.substr(at_, end - at_));
    if (!is_name(word)) fail("expected a number, a name or a 'quantity'");
    at_ = end;
    names_.insert(word);
    return Node{Operation::name, Value{word, "", {}}};
  }
  Node number() {
    double value = 0.0;
    const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), value);
    if (error != std::errc{} || !std::isfinite(value)) fail("expected a number, a name or a 'quantity'");
    at_ = static_cast<std::size_t>(end - text_.data());
    return Node{Operation::literal, Value{std::string(), "", Measure{value, {}}}};
  }

  std::string_view text_;
  std::set<std::string>& names_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

Operand operand_of(const Value& value) {
  if (value.measure) return *value.measure;
  return value.text;
}

Operand evaluate(const Node& node, const Expression::Lookup& lookup);

bool truth(const Node& node, const Expression::Lookup& lookup) {
  const Operand result = evaluate(node, lookup);
  if (const bool* holds = std::get_if<bool>(&result)) return *holds;
  throw ExpressionError("expected a condition, such as a comparison");
}

Measure measured(const Node& node, const Expression::Lookup& lookup) {
  const Operand result = evaluate(node, lookup);
  if (const Measure* measure = std::get_if<Measure>(&result)) return *measure;
  const std::string* word = std::get_if<std::string>(&result);
  throw ExpressionError(word ? fmt::format("\"{}\" is a word; a number or a quantity is needed there", *word)
                             : std::string("a condition stands where a number is needed"));
}

std::pair<double, double> alike(const Node& node, const Expression::Lookup& lookup) {
  const Measure left = measured(node.parts[0], lookup), right = measured(node.parts[1], lookup);
  if (left.dimension != right.dimension) {
    throw ExpressionError(
        "two sides of different dimensions (a quantity beside a bare number needs its unit, as in '40 MW')");
  }
  return {left.si, right.si};
}

bool equal(const Node& node, const Expression::Lookup& lookup) {
  const Operand left = evaluate(node.parts[0], lookup), right = evaluate(node.parts[1], lookup);
  if (std::holds_alternative<std::string>(left) || std::holds_alternative<std::string>(right))
    return left.index() == right.index() && std::get<std::string>(left) == std::get<std::string>(right);
  const auto [a, b] = alike(node, lookup);
  return a == b;
}

Measure checked(Measure result) {
  if (!std::isfinite(result.si)) throw ExpressionError("the result is not a finite number");
  return result;
}

Operand evaluate(const Node& node, const Expression::Lookup& lookup) {
  switch (node.operation) {
    case Operation::either:
      return truth(node.parts[0], lookup) || truth(node.parts[1], lookup);
    case Operation::both:
      return truth(node.parts[0], lookup) && truth(node.parts[1], lookup);
    case Operation::negation:
      return !truth(node.parts[0], lookup);
    case Operation::equal:
      return equal(node, lookup);
    case Operation::differs:
      return !equal(node, lookup);
    case Operation::literal:
      return operand_of(node.value);
    case Operation::name: {
      const auto value = lookup(node.value.text);
      if (!value) throw ExpressionError(fmt::format("\"{}\" has no value", node.value.text));
      return operand_of(*value);
    }
    case Operation::negative: {
      const Measure inner = measured(node.parts[0], lookup);
      return Measure{-inner.si, inner.dimension};
    }
    case Operation::times: {
      const Measure left = measured(node.parts[0], lookup), right = measured(node.parts[1], lookup);
      return checked({left.si * right.si, left.dimension + right.dimension});
    }
    case Operation::over: {
      const Measure left = measured(node.parts[0], lookup), right = measured(node.parts[1], lookup);
      return checked({left.si / right.si, left.dimension - right.dimension});
    }
    default:
      break;
  }
  const auto [a, b] = alike(node, lookup);
  switch (node.operation) {
    case Operation::less:
      return a < b;
    case Operation::at_most:
      return a <= b;
    case Operation::more:
      return a > b;
    case Operation::at_least:
      return a >= b;
    default:
      break;
  }
  const Dimension dimension = measured(node.parts[0], lookup).dimension;
  return checked({node.operation == Operation::plus ? a + b : a - b, dimension});
}

}  // namespace

bool is_name(std::string_view text) {
  if (text.empty() || text.size() > 60 || !starts_name(text[0])) return false;
  for (const char c : text) {
    if (!continues_name(c)) return false;
  }
  return text != "and" && text != "or" && text != "not";
}

Expression Expression::parse(std::string_view text) {
  Expression result;
  result.text_ = text;
  result.root_ = std::make_shared<const Node>(Parser(text, result.names_).whole());
  return result;
}

bool Expression::holds(const Lookup& lookup) const { return truth(*root_, lookup); }

Measure Expression::number(const Lookup& lookup) const { return measured(*root_, lookup); }

double Expression::excess(const Lookup& lookup) const {
  switch (root_->operation) {
    case Operation::less:
    case Operation::at_most: {
      const auto [left, right] = alike(*root_, lookup);
      return left - right;
    }
    case Operation::more:
    case Operation::at_least: {
      const auto [left, right] = alike(*root_, lookup);
      return right - left;
    }
    default:
      throw ExpressionError("expected one comparison with <, <=, > or >=");
  }
}

}  // namespace zettasim::study
