// One job's story: why it waited, where its time went, what it drew.
#include <fmt/format.h>

#include "shown.hpp"
#include "zettasim/base/contract.hpp"
#include "zettasim/base/text.hpp"
#include "zettasim/report/outputs.hpp"

namespace zettasim::report {
namespace {

using engine::JobRecord;
using engine::JobStatus;

std::string line_unless_zero(const char* what, Duration time, Duration whole) {
  if (time.si() <= 0.0) return {};
  return fmt::format("    {:<42}{:>14}  {}\n", what, to_text(time), percent(time / whole));
}

std::string wait_lines(const JobRecord& job, Duration wait) {
  if (wait.si() <= 0.0) return "  It started at once.\n";
  const auto& why = job.wait_reasons;
  return fmt::format("  It waited {}{}:\n", to_text(wait),
                     job.backfilled ? ", then passed jobs submitted earlier (backfilled)" : "") +
         line_unless_zero("first in line, too few nodes free", why.head_of_queue, wait) +
         line_unless_zero("behind the first, wider than what was free", why.too_few_free, wait) +
         line_unless_zero("would have delayed the first in line", why.would_delay_head, wait) +
         line_unless_zero("too little of the power budget was free", why.too_little_power, wait) +
         line_unless_zero("its turn had not come", why.in_order, wait);
}

std::string time_lines(const JobRecord& job) {
  const Duration run = job.end - job.start;
  return fmt::format("  It ran {}:\n", to_text(run)) + line_unless_zero("compute", job.time.kernel, run) +
         line_unless_zero("collectives", job.time.collective, run) +
         line_unless_zero("exchange with neighbours", job.time.neighbours, run) +
         line_unless_zero("storage", job.time.storage, run) + line_unless_zero("recorded time", job.time.busy, run) +
         line_unless_zero("waiting in its own pipeline", job.time.idle, run) +
         line_unless_zero("others' traffic on shared links and storage", job.time.sharing, run) +
         line_unless_zero("held back by the power budget", job.time.power, run);
}

std::string energy_lines(const Run& run, const JobRecord& job) {
  const Energy whole = job.energy.sum();
  std::string lines = fmt::format("  It took {} at the facility meter:\n", to_text(whole));
  for (const Component c : all_components) {
    if (job.energy[c].si() <= 0.0) continue;
    lines += fmt::format("    {:<42}{:>14}  {}\n", name_of(c), to_text(job.energy[c]), percent(job.energy[c] / whole));
  }
  if (const auto& grid = run.machine.facility.grid) {
    lines += fmt::format("  That is {:.4g} kg of CO2 and {:.6g} {}.\n", job.grid.carbon_g / 1e3, job.grid.money,
                         grid->currency.empty() ? "in money" : shown(grid->currency, 8));
  }
  return lines;
}

std::string work_lines(const JobRecord& job) {
  std::string lines;
  const Duration run = job.end - job.start;
  for (const Precision p : all_precisions) {
    if (job.flops[p].si() <= 0.0 || run.si() <= 0.0) continue;
    lines += fmt::format("  It did {} in {}, {} on average.\n", to_text(job.flops[p]), name_of(p),
                         to_text(job.flops[p] / run));
  }
  return lines;
}

}  // namespace

std::string explain(const Run& run, JobId id) {
  ZETTASIM_EXPECT(id.index() < run.record.jobs.size(), "job {} of {}", id.index(), run.record.jobs.size());
  const JobRecord& job = run.record.jobs[id.index()];
  const workload::Job& asked = run.trace.jobs[id.index()];
  std::string text = fmt::format("job {}: {} on {} nodes, submitted at {}, asked for {}\n", asked.number,
                                 shown(run.trace.applications[asked.application].name, 40), asked.nodes,
                                 to_text(asked.submit), to_text(asked.requested_time));
  if (job.status == JobStatus::refused) {
    return text + fmt::format("  It was refused: the machine has {} nodes.\n", run.machine.node_count);
  }
  text += wait_lines(job, job.start - asked.submit);
  text += fmt::format("  Its nodes begin at {} and lie in {} piece{} of the network.\n", job.first_node.index(),
                      job.pieces, job.pieces == 1 ? "" : "s");
  text += time_lines(job);
  if (job.status == JobStatus::timed_out) text += "  It was ended there: its requested time was over.\n";
  return text + work_lines(job) + energy_lines(run, job);
}

}  // namespace zettasim::report
