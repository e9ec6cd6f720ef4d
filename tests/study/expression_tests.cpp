#include "zettasim/study/expression.hpp"

#include <map>

#include "support/catch.hpp"

using namespace zettasim;
using namespace zettasim::study;

namespace {

const std::map<std::string, Value> values = {{"gpus", make_number(4)},
                                             {"hbm", make_word("50 TB/s")},
                                             {"topology", make_word("torus")},
                                             {"power", make_word("35 MW")}};

std::optional<Value> lookup(const std::string& name) {
  const auto found = values.find(name);
  return found == values.end() ? std::nullopt : std::optional(found->second);
}

bool holds(const std::string& text) { return Expression::parse(text).holds(lookup); }

std::string problem_of(const std::string& text) {
  try {
    (void)Expression::parse(text).holds(lookup);
  } catch (const ExpressionError& error) {
    return error.what();
  }
  return "none";
}

}  // namespace

// 4 x 50 TB/s = 200 TB/s.
TEST_CASE("a product of a count and a bandwidth is compared with a bandwidth in any unit", "[study]") {
  CHECK(holds("gpus * hbm <= '200 TB/s'"));
  CHECK_FALSE(holds("gpus * hbm < '0.2 PB/s'"));
  CHECK(holds("hbm / '1 TB/s' == 50"));
}

// and binds closer than or: false and false, or true.
TEST_CASE("conditions follow the usual order of and over or and products over sums", "[study]") {
  CHECK(holds("gpus > 8 and topology == 'mesh' or power < '40 MW'"));
  CHECK_FALSE(holds("gpus > 8 and (topology == 'mesh' or power < '40 MW')"));
  CHECK(holds("2 + 3 * gpus == 14"));
  CHECK(holds("not topology == 'fat tree'"));
  CHECK(holds("8 - 2 - 2 == gpus"));
  CHECK(holds("-gpus == -4"));
}

TEST_CASE("quantities of different kinds are not compared nor added", "[study]") {
  CHECK(problem_of("power < 40").find("different dimensions") != std::string::npos);
  CHECK(problem_of("power + hbm < '1 W'").find("different dimensions") != std::string::npos);
  CHECK(problem_of("topology * 2 < 3").find("is a word") != std::string::npos);
  CHECK(problem_of("gpus + 1").find("expected a condition") != std::string::npos);
  CHECK(problem_of("gpus / 0 < 1").find("not a finite number") != std::string::npos);
}

TEST_CASE("a condition that the grammar does not know is refused with the place", "[study]") {
  CHECK(problem_of("gpus <").find("expected a number, a name") != std::string::npos);
  CHECK(problem_of("gpus < 4 4").find("near \"4\"") != std::string::npos);
  CHECK(problem_of("(gpus < 4").find("expected )") != std::string::npos);
  CHECK(problem_of("power < '40 MW").find("no partner") != std::string::npos);
  CHECK(problem_of("").find("expected a number") != std::string::npos);
  CHECK(problem_of("and < 4").find("expected a number") != std::string::npos);
  CHECK(problem_of(std::string(500, '(') + "1").find("nested too deep") != std::string::npos);
  CHECK(problem_of(std::string(500, '-') + "1").find("nested too deep") != std::string::npos);
  CHECK(problem_of(std::string(5000, '1')).find("longer than") != std::string::npos);
}

// 35 MW against 40 MW: 5 MW below; against 30 MW: 5 MW above.
TEST_CASE("how far a bound is from holding is measured in its own unit", "[study]") {
  CHECK(Expression::parse("power <= '40 MW'").excess(lookup) == Approx(-5e6));
  CHECK(Expression::parse("'30 MW' >= power").excess(lookup) == Approx(5e6));
  CHECK_THROWS_AS(Expression::parse("power == '30 MW'").excess(lookup), ExpressionError);
}
