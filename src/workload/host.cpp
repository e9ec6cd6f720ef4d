// The host thread of a framework, which issues what devices run.
#include "models.hpp"

namespace zettasim::workload {
namespace {

// What a host thread has to issue one after the other: kernels and exchanges.
double launches(const std::vector<Phase>& phases) {
  double sum = 0.0;
  for (const Phase& phase : phases) {
    if (const auto* loop = std::get_if<Loop>(&phase.what)) {
      sum += static_cast<double>(loop->count) * launches(loop->body);
    } else if (const auto* overlap = std::get_if<Overlap>(&phase.what)) {
      for (const auto& branch : overlap->branches) sum += launches(branch);
    } else if (const auto* kernel = std::get_if<Kernel>(&phase.what)) {
      sum += kernel->launches;
    } else if (const auto* product = std::get_if<MatrixMultiply>(&phase.what)) {
      sum += product->count;
    } else if (!std::holds_alternative<Idle>(phase.what)) {
      sum += 1.0;
    }
  }
  return sum;
}

}  // namespace

std::vector<Phase> issued(const char* name, std::vector<Phase> phases, double seconds_each) {
  if (seconds_each <= 0.0) return phases;
  const Duration host = seconds(seconds_each * launches(phases));
  return {{name, Overlap{{std::move(phases), {{"host issues kernels", Busy{host, 0.0}}}}}}};
}

}  // namespace zettasim::workload
