#include "app/uncertainty_option.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "zettasim/base/problem.hpp"

namespace zettasim::app {
namespace {

constexpr std::size_t most_draws = 100'000;
constexpr std::size_t most_jobs = 1024;

}  // namespace

void UncertaintyOption::add_to(CLI::App& command, const std::string& help) {
  command.add_option("--uncertainty", draws_, help)->check(CLI::NonNegativeNumber);
  jobs_ = std::max(1U, std::thread::hardware_concurrency());
  command.add_option("--jobs", jobs_, "Draws at a time; without it, as many as there are cores");
}

std::vector<study::UncertainNumber> UncertaintyOption::numbers_of(const platform::Machine& machine,
                                                                  Otherwise otherwise) const {
  const std::size_t count = draws_.value_or(otherwise == Otherwise::usual ? usual_draws : 0);
  if (count > most_draws)
    throw InputError("--uncertainty", fmt::format("found {}, expected at most {} draws", count, most_draws));
  if (count == 0) return {};
  auto numbers = study::uncertain_numbers(machine.resolved);
  if (numbers.empty() && draws_) {
    throw InputError("--uncertainty",
                     fmt::format("no number of \"{}\" says between which two it lies; write \"range\": [lower, higher] "
                                 "beside its \"value\"",
                                 machine.name));
  }
  return numbers;
}

study::Draws UncertaintyOption::draws(std::uint64_t seed, Progress& progress) const {
  return {.count = draws_.value_or(usual_draws),
          .seed = seed,
          .workers = std::clamp<std::size_t>(jobs_, 1, most_jobs),
          .on_progress = [&progress](std::size_t done, std::size_t total) { progress.show(done, total); }};
}

void UncertaintyOption::append_to(std::vector<std::string>& command) const {
  if (draws_) command.insert(command.end(), {"--uncertainty", std::to_string(*draws_)});
}

}  // namespace zettasim::app
