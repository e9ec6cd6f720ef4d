#include "hand_made.hpp"
#include "support/catch.hpp"

using namespace zettasim;
using namespace zettasim::report;
using test::HandMade;

namespace {

void check_says(const std::string& text, const std::vector<std::string>& parts) {
  for (const auto& part : parts) {
    INFO(part << "\n" << text);
    CHECK(text.find(part) != std::string::npos);
  }
}

}  // namespace

// 60, 30 and 10 s of 100 s; 40 of 48 kJ are 83.3 %; 1 PFLOP in 100 s are 10 TFLOP/s.
TEST_CASE("a job that ran is told where its time and energy went", "[report]") {
  const std::string text = explain(HandMade().run(), JobId(0));
  check_says(text, {"job 1: solver on 2 nodes", "It started at once.", "It ran 100 s:", "60.0 %", "30.0 %",
                    "others' traffic on shared links and storage", "10.0 %",
                    "It did 1.00 PFLOP in fp64, 10.0 TFLOP/s on average.",
                    "It took 48.0 kJ at the facility meter:", "83.3 %"});
  CHECK(text.find("waited") == std::string::npos);
  CHECK(text.find("recorded time") == std::string::npos);
}

TEST_CASE("a job that waited is told why", "[report]") {
  check_says(explain(HandMade().run(), JobId(1)), {"It waited 100 s:", "first in line, too few nodes free", "75.0 %",
                                                   "behind the first, wider than what was free", "25.0 %"});
}

TEST_CASE("a job out of time and a refused one are told so", "[report]") {
  check_says(explain(HandMade().run(), JobId(2)),
             {"It was ended there: its requested time was over.", "recorded time"});
  const std::string refused = explain(HandMade().run(), JobId(3));
  check_says(refused, {"on 100 nodes", "It was refused: the machine has 4 nodes."});
  CHECK(refused.find("It ran") == std::string::npos);
}

TEST_CASE("a name of two lines does not break the story", "[report]") {
  HandMade made;
  made.trace.applications[0].name = "two\nlines";
  check_says(explain(made.run(), JobId(0)), {"job 1: two lines on 2 nodes"});
}
