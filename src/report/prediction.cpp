// Figures of one application alone on a machine. See prediction.hpp.
#include "zettasim/report/prediction.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "zettasim/base/text.hpp"

namespace zettasim::report {
namespace {

using nlohmann::ordered_json;

// The figures that follow from a prediction. Rates are zero where nothing takes time.
struct Figures {
  FlopRate useful;
  FlopRate executed;
  Precision main_precision = Precision::fp64;  // in which most is executed
  double share_of_peak = 0.0;                  // useful, of the application's devices in their main precision
  Power mean_power;
};

double per_second(double amount, Duration time) { return time > Duration() ? amount / time.si() : 0.0; }

Figures figures_of(const Predicted& p) {
  const engine::Prediction& prediction = p.prediction;
  Figures figures;
  FlopCount executed;
  for (const Precision precision : all_precisions) {
    executed += prediction.flops[precision];
    if (prediction.flops[precision] > prediction.flops[figures.main_precision]) figures.main_precision = precision;
  }
  figures.useful = flops_per_second(per_second(prediction.outcome.flops.si(), prediction.time));
  figures.executed = flops_per_second(per_second(executed.si(), prediction.time));
  const auto used = platform::precision_used(p.machine.main_devices().device, figures.main_precision);
  const auto& rate = p.machine.main_devices().device.rates[used.value_or(Precision::fp64)];
  if (rate) figures.share_of_peak = figures.useful / (rate->peak * static_cast<double>(prediction.devices));
  figures.mean_power = watts(per_second(prediction.total_energy().si(), prediction.time));
  return figures;
}

// What those who wait for the answers of a language model see.
struct Answering {
  Duration first_token;  // of each answer
  Duration next_token;   // of each further one; zero where there is none
};

std::optional<Answering> answering_of(const Predicted& p) {
  if (p.application.model != "llm-inference" || p.prediction.steps == 0) return std::nullopt;
  Duration prefill, decode;
  for (const auto& phase : p.prediction.phases) {
    if (phase.name.starts_with("prefill ")) prefill += phase.time;
    if (phase.name.starts_with("decode ")) decode += phase.time;
  }
  const auto batches = static_cast<double>(p.prediction.steps);
  const double further = p.application.parameters.at("output") - 1.0;
  return Answering{prefill / batches, further > 0.0 ? decode / (batches * further) : Duration()};
}

// Rates of steps as they follow each other, without setup and checkpoints.
double tokens_per_s(const engine::Prediction& p) { return per_second(p.per_step.tokens, p.step_time); }
double tokens_per_joule(const engine::Prediction& p) {
  return p.step_energy > Energy() ? p.per_step.tokens / p.step_energy.si() : 0.0;
}
double model_flops_per_device(const engine::Prediction& p) {
  return per_second(p.per_step.flops.si(), p.step_time) / static_cast<double>(p.devices);
}

bool is_benchmark(const std::string& model) { return model == "hpl" || model == "hpl-mxp" || model == "hpcg"; }

ordered_json phases_json(const engine::Prediction& prediction) {
  ordered_json phases = ordered_json::array();
  for (const auto& phase : prediction.phases) {
    phases.push_back({{"name", phase.name},
                      {"time_s", phase.time.si()},
                      {"own_time_s", phase.own.si()},
                      {"flop_count", phase.flops.si()},
                      {"energy_above_idle_j", phase.energy.si()}});
  }
  return phases;
}

ordered_json activities_json(const engine::TimeByActivity& time) {
  return {{"kernel", time.kernel.si()},
          {"collective", time.collective.si()},
          {"neighbours", time.neighbours.si()},
          {"storage", time.storage.si()},
          {"busy", time.busy.si()},
          {"idle", time.idle.si()}};
}

std::string phase_lines(const engine::Prediction& prediction) {
  std::string lines = "\n  phase                             time    share   hidden         FLOP   energy above idle\n";
  for (const auto& phase : prediction.phases) {
    const Duration hidden = std::max(Duration(), phase.own - phase.time);
    lines += fmt::format("  {:<28}{:>10}  {:>7}  {:>7}  {:>11}   {:>12}\n", phase.name, to_text(phase.time),
                         prediction.time > Duration() ? percent(phase.time / prediction.time) : "-",
                         phase.own > Duration() ? percent(hidden / phase.own) : "-", to_text(phase.flops),
                         to_text(phase.energy));
  }
  return lines;
}

std::string outcome_lines(const Predicted& p, const Figures& figures) {
  const engine::Prediction& prediction = p.prediction;
  std::string lines;
  if (const auto answering = answering_of(p)) {
    lines += fmt::format("  answers       first token after {}, each further one after {}\n",
                         to_text(answering->first_token), to_text(answering->next_token));
  }
  if (prediction.per_step.tokens > 0.0) {
    lines += fmt::format("  tokens        {:.4g}/s, {:.4g} per joule; {} per device\n", tokens_per_s(prediction),
                         tokens_per_joule(prediction), to_text(flops_per_second(model_flops_per_device(prediction))));
  }
  if (prediction.per_step.samples > 0.0)
    lines += fmt::format("  samples       {:.4g}/s\n", per_second(prediction.per_step.samples, prediction.step_time));
  if (prediction.device_memory > DataSize()) {
    const auto& device = p.machine.main_devices().device;
    lines += fmt::format("  memory        {} of the {} of each {}\n", to_text(prediction.device_memory),
                         to_text(device.memory.capacity), device.name);
  }
  return lines + fmt::format("  power         {} mean, {} highest; {:.4g} GFLOP/s/W; the facility draws {}\n",
                             to_text(figures.mean_power), to_text(prediction.highest),
                             figures.mean_power > Power() ? figures.useful.si() / figures.mean_power.si() / 1e9 : 0.0,
                             to_text(prediction.facility_power));
}

}  // namespace

std::string prediction_screen(const Predicted& p) {
  const engine::Prediction& prediction = p.prediction;
  const Figures figures = figures_of(p);
  const char* kind = p.machine.node.gpus ? "GPUs" : "CPUs";
  std::string text = fmt::format("{} on {}: {} nodes, {} {}\n\n", p.application.name, p.machine.name,
                                 with_thousands(static_cast<unsigned long long>(prediction.nodes)),
                                 with_thousands(static_cast<unsigned long long>(prediction.devices)), kind);
  text += fmt::format("  time          {}", to_text(prediction.time));
  if (prediction.step_time > Duration())
    text += fmt::format(" for {} steps of {}", prediction.steps, to_text(prediction.step_time));
  text += fmt::format("\n  FLOPS         {} useful, {} of the {} peak of its devices; {} executed\n",
                      to_text(figures.useful), percent(figures.share_of_peak), name_of(figures.main_precision),
                      to_text(figures.executed));
  text += outcome_lines(p, figures);
  text += fmt::format("  energy        {}\n", to_text(prediction.total_energy()));
  return text + phase_lines(prediction);
}

std::string prediction_json(const Predicted& p) {
  const engine::Prediction& prediction = p.prediction;
  const Figures figures = figures_of(p);
  ordered_json result = {{"format", "zettasim-prediction"},
                         {"version", p.version},
                         {"command", p.command},
                         {"platform", p.machine.name},
                         {"application", p.application.name},
                         {"model", p.application.model},
                         {"nodes", prediction.nodes},
                         {"devices", prediction.devices},
                         {"time_s", prediction.time.si()},
                         {"steps", prediction.steps},
                         {"flop_count", prediction.outcome.flops.si()},
                         {"flops", figures.useful.si()},
                         {"executed_flops", figures.executed.si()},
                         {"share_of_peak", figures.share_of_peak},
                         {"flops_per_device", figures.useful.si() / static_cast<double>(prediction.devices)}};
  if (is_benchmark(p.application.model)) result["rmax_flops"] = figures.useful.si();
  if (prediction.step_time > Duration()) result["iteration_time_s"] = prediction.step_time.si();
  if (const auto answering = answering_of(p)) {
    result["time_to_first_token_s"] = answering->first_token.si();
    result["time_per_output_token_s"] = answering->next_token.si();
  }
  if (prediction.per_step.tokens > 0.0) {
    result["tokens_per_s"] = tokens_per_s(prediction);
    result["tokens_per_joule"] = tokens_per_joule(prediction);
    result["model_flops_per_gpu"] = model_flops_per_device(prediction);
  }
  if (prediction.per_step.samples > 0.0)
    result["samples_per_s"] = per_second(prediction.per_step.samples, prediction.step_time);
  if (p.application.model == "graph-bfs") result["traversed_edges_per_s"] = result["samples_per_s"];
  result["power_mean_w"] = figures.mean_power.si();
  result["power_highest_w"] = prediction.highest.si();
  result["facility_power_w"] = prediction.facility_power.si();
  result["energy_j"] = prediction.total_energy().si();
  result["flops_per_w"] = figures.mean_power > Power() ? figures.useful.si() / figures.mean_power.si() : 0.0;
  result["device_memory_bytes"] = prediction.device_memory.si();
  for (const Precision precision : all_precisions) {
    if (prediction.flops[precision].si() > 0.0)
      result["executed_flop_count"][std::string(name_of(precision))] = prediction.flops[precision].si();
  }
  for (const Component c : all_components)
    result["energy_by_component_j"][std::string(name_of(c))] = prediction.energy[c].si();
  result["time_by_activity_s"] = activities_json(prediction.activities);
  result["phases"] = phases_json(prediction);
  return result.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace zettasim::report
