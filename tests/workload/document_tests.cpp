// The table of models that people read is the one that the program has.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <fstream>
#include <iterator>

#include "support/catch.hpp"
#include "zettasim/base/text.hpp"
#include "zettasim/workload/application.hpp"

using namespace zettasim;
using namespace zettasim::workload;

namespace {

std::string bound(const ParameterInfo& info, double value) {
  return info.dimension == Duration::dimension ? exact_text(value, "s") : fmt::format("{:.9g}", value);
}

std::string row(const ParameterInfo& info) {
  if (!info.choices.empty())
    return fmt::format("| | `{}` | {} | {} |  | {} |", info.name,
                       info.choices[static_cast<std::size_t>(info.default_value)], fmt::join(info.choices, ", "),
                       info.meaning);
  return fmt::format("| | `{}` | {} | {} | {} | {} |", info.name, bound(info, info.default_value),
                     bound(info, info.least), bound(info, info.most), info.meaning);
}

}  // namespace

TEST_CASE("the document on workloads lists each model with all of its parameters", "[workload]") {
  std::ifstream file(ZETTASIM_SOURCE_DIR "/docs/formats-workload.md");
  const std::string document{std::istreambuf_iterator<char>(file), {}};
  for (const ModelInfo& model : models()) {
    std::string expected = fmt::format("| **{}** | | | | | {} |\n", model.name, model.meaning);
    for (const ParameterInfo& info : model.parameters) expected += row(info) + "\n";
    const bool listed = document.find(expected) != std::string::npos;
    if (!listed) fmt::print("expected in docs/formats-workload.md:\n{}", expected);
    CHECK(listed);
  }
}
