// llm-training: steps of a decoder-only transformer, dense or with experts, spread over devices in five ways at once.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "layer_phases.hpp"
#include "models.hpp"
#include "transformer.hpp"

namespace zettasim::workload {
namespace {

// What an optimizer step reads and writes of each weight: unscaling of the fp32 gradient (8 bytes), its norm (4) and
// clipping (8), Adam on gradient, weight and two moments (28), new weights to fp32 and to 16 bits (4 + 2), gradients
// set to zero (4 + 2).
constexpr double optimizer_bytes = 60.0;
constexpr double gradient_bytes = 4.0;
constexpr double number_bytes = 2.0;
constexpr double adam_bytes = 12.0;  // fp32 weight and two moments (Rajbhandari et al. 2020, section 3.1)

struct Training {
  Transformer model;
  Split split;
  double dp = 1.0;
  double batch = 1.0;       // sequences of a step
  double microbatch = 1.0;  // sequences
  double zero = 0.0;
  Recompute recompute = Recompute::none;
  bool overlap_gradients = false;
  Precision precision = Precision::bf16;
  double devices_per_node = 1.0;
  double host_issue = 0.0;  // seconds a kernel

  double microbatches() const { return batch / (dp * microbatch); }
  double copies() const { return dp * split.cp; }  // of each weight
  double embedding_of_device() const { return model.vocab * model.hidden / split.tp; }
  double layers_of_device() const { return model.layers / (split.tp * split.pp); }
  // What the devices of `group` hold the same weights of. Of the device that has most: a first or last stage.
  struct Copied {
    double weights = 0.0;
    double layer_weights = 0.0;
    DeviceGroups group;
    double copies() const { return static_cast<double>(group.size); }
  };
  std::vector<Copied> copied() const {
    const auto count = [](double number) { return static_cast<std::int64_t>(number); };
    const double common = common_weights(model);
    std::vector<Copied> all{{.weights = layers_of_device() * common + embedding_of_device(),
                             .layer_weights = common / split.tp,
                             .group = {.size = count(copies()), .stride = count(split.tp)}}};
    if (model.experts <= 0.0) return all;
    const double experts = expert_weights(model) / split.ep;
    all.push_back({.weights = layers_of_device() * experts,
                   .layer_weights = experts / split.tp,
                   .group = {.size = count(copies() / split.ep), .stride = count(split.tp * split.ep)}});
    return all;
  }
};

// What is given whatever the number of devices.
Training read_training(const Parameters& given, const NodeShape& shape) {
  Training training;
  training.model = read_transformer(given);
  training.model.seq = given["seq"];
  training.model.dropout = given["dropout"] > 0.0;
  training.model.fused_attention = given["attention"] == 0.0;
  training.model.fused_sums = given["gradient_sums"] > 0.0;
  training.split = {.tp = given["tp"],
                    .pp = given["pp"],
                    .cp = given["cp"],
                    .ep = given["ep"],
                    .interleave = given["interleave"],
                    .sequence_parallel = given["sequence_parallel"] > 0.0};
  training.devices_per_node = static_cast<double>(shape.main_devices);
  training.host_issue = given["host_issue"];
  training.microbatch = given["microbatch"];
  training.zero = given["zero"];
  training.overlap_gradients = given["overlap_gradients"] > 0.0;
  training.precision = ai_precisions.at(static_cast<std::size_t>(given.count("precision")));
  return training;
}

bool divides(double part, double whole) { return std::fmod(whole, part) == 0.0; }

// Stages that share the layers out equally and leave whole copies.
std::vector<double> pipeline_choices(const Parameters& given, double layers, double devices) {
  if (given["pp"] > 0.0) return {given["pp"]};
  std::vector<double> choices{1.0};
  for (double pp = 2.0; pp <= std::min(layers, devices); pp += 1.0) {
    if (divides(pp * given["interleave"], layers) && divides(pp, devices)) choices.push_back(pp);
  }
  return choices;
}

// Why the parts do not go together; empty: they do.
std::string misfit_of(const Training& training, std::int64_t nodes) {
  const Split& split = training.split;
  const Transformer& model = training.model;
  const double devices = static_cast<double>(nodes) * training.devices_per_node;
  const double asked = split.tp * split.cp * training.dp * split.pp;
  if (asked != devices)
    return fmt::format("tp {} x cp {} x dp {} x pp {} = {} devices, while the job has {}", split.tp, split.cp,
                       training.dp, split.pp, asked, devices);
  if (!divides(split.pp * split.interleave, model.layers))
    return fmt::format("{} layers do not divide into pp {} x interleave {} equal parts", model.layers, split.pp,
                       split.interleave);
  if (!divides(training.dp * training.microbatch, training.batch))
    return fmt::format("a global_batch of {} is no whole number of micro-batches of {} for each of dp {} copies",
                       training.batch, training.microbatch, training.dp);
  if (split.interleave > 1.0 && !divides(split.pp, training.microbatches()))
    return fmt::format("interleaving needs a multiple of pp {} micro-batches, here {}", split.pp,
                       training.microbatches());
  if (training.microbatches() > static_cast<double>(most_loop_count))
    return fmt::format("{} micro-batches a step are more than {}", training.microbatches(), most_loop_count);
  if (split.tp > model.heads) return fmt::format("tp {} is more than the {} heads", split.tp, model.heads);
  if (model.kv_heads > model.heads)
    return fmt::format("kv_heads {} are more than heads {}", model.kv_heads, model.heads);
  if (model.hidden < model.heads)
    return fmt::format("hidden {} is less than one number for each of {} heads", model.hidden, model.heads);
  return misfit_of_experts(model, split.ep, training.copies(), "dp x cp");
}

// Weights, gradients, optimizer state, activations of the micro-batches under way, a layer that is computed again, and
// the logits where the pipeline does not spread other activations thinner on the last stage.
double device_bytes(const Training& training) {
  double state = 0.0;
  for (const auto& [weights, of_layer, group] : training.copied()) {
    const auto sharded = static_cast<double>(group.size);
    state += weights * (number_bytes / (training.zero >= 3.0 ? sharded : 1.0) +
                        gradient_bytes / (training.zero >= 2.0 ? sharded : 1.0) +
                        adam_bytes / (training.zero >= 1.0 ? sharded : 1.0));
  }
  const Split& split = training.split;
  const double under_way = std::min(1.0, training.microbatches() / split.pp);
  double activations = under_way * stage_activations(training.model, training.microbatch, split, training.recompute);
  if (training.recompute == Recompute::full)
    activations += layer_activations(training.model, training.microbatch, split, Recompute::none);
  const double tokens = training.model.seq * training.microbatch / split.cp;
  constexpr double logit_bytes = number_bytes + 4.0;
  const double logits = split.pp > 1.0 ? 0.0 : tokens * training.model.vocab / split.tp * logit_bytes;
  return state + activations + logits;
}

// Copies and batch, which follow from the rest where they are not given.
void set_copies(Training& training, const Parameters& given, double devices) {
  const Split& split = training.split;
  training.dp = given["dp"] > 0.0 ? given["dp"] : std::max(1.0, std::floor(devices / (split.tp * split.pp * split.cp)));
  training.batch = given["global_batch"];
  if (training.batch == 0.0) training.batch = given["microbatches"] * training.dp * training.microbatch;
}

// What is left to us: the least recomputation with which the model fits into memory at all, and with it the fewest
// devices a copy, counted twice where tensor parallelism goes beyond a node. If nothing fits, the plainest, for the
// message that says so.
Training fitted(Training training, const Parameters& given, std::int64_t nodes, const NodeShape& shape) {
  const double devices = static_cast<double>(nodes) * training.devices_per_node;
  const double memory = shape.main_memory.si() / training.devices_per_node;
  const auto kept = given.count("recompute");  // 0: ours to choose
  std::vector<Training> fitting;
  std::optional<Training> plainest;
  for (std::int64_t r = std::max<std::int64_t>(1, kept); r <= (kept > 0 ? kept : 3) && fitting.empty(); ++r) {
    for (const double tp : tensor_parallel_choices(given["tp"], shape, training.model.heads, devices)) {
      for (const double pp : pipeline_choices(given, training.model.layers, devices / (tp * training.split.cp))) {
        training.recompute = static_cast<Recompute>(r - 1);
        training.split.tp = tp;
        training.split.pp = pp;
        set_copies(training, given, devices);
        if (!plainest) plainest = training;
        if (given["pp"] == 0.0 && pp > std::max(1.0, training.microbatches())) continue;  // never filled
        if (device_bytes(training) <= memory) fitting.push_back(training);
      }
    }
  }
  if (fitting.empty()) return *plainest;
  const auto devices_of_copy = [](const Training& t) {
    return t.split.tp * t.split.pp * (t.split.tp > t.devices_per_node ? 2.0 : 1.0);
  };
  return *std::min_element(fitting.begin(), fitting.end(), [&](const Training& a, const Training& b) {
    return devices_of_copy(a) < devices_of_copy(b);
  });
}

std::string memory_advice(const Training& training) {
  std::vector<std::string> ways;
  if (training.recompute != Recompute::full) ways.emplace_back("recompute \"full\"");
  if (training.split.tp > 1.0 && !training.split.sequence_parallel) ways.emplace_back("sequence_parallel \"yes\"");
  if (training.zero < 3.0 && training.copies() > 1.0) ways.emplace_back(fmt::format("zero {}", training.zero + 1.0));
  if (training.microbatch > 1.0) ways.emplace_back("a smaller microbatch");
  if (training.model.experts > training.split.ep) ways.emplace_back("a larger ep");
  ways.emplace_back("a larger tp or pp");
  std::string text;
  for (const std::string& way : ways) text += (text.empty() ? "" : way == ways.back() ? " or " : ", ") + way;
  return text + " would need less";
}

// Activations between stages: each device sends its 1/tp of them, and with whole hidden states the other side gathers
// them again (Narayanan et al. 2021, section 4.1).
void hand_on(const Training& training, std::vector<Phase>& phases) {
  const Split& split = training.split;
  if (split.pp <= 1.0) return;
  const double state = number_bytes * training.model.seq * training.microbatch / split.cp * training.model.hidden;
  const auto distance = static_cast<std::int64_t>(split.tp * split.cp * training.dp);
  std::vector<Phase> once{{"pipeline exchange", Shift{distance, bytes(state / split.tp)}}};
  if (split.tp > 1.0 && !split.sequence_parallel)
    once.push_back({"tensor exchange", Collective{CollectiveOperation::all_gather,
                                                  bytes(state),
                                                  {.size = static_cast<std::int64_t>(split.tp), .stride = 1}}});
  phases.push_back(loop("pipeline exchange", static_cast<std::int64_t>(split.interleave), std::move(once)));
}

// With its weights spread over the copies, a layer's are gathered while the one before computes.
std::vector<Phase> with_gathered_weights(const Training& training, std::vector<Phase> layer) {
  if (training.zero < 3.0) return layer;
  std::vector<Phase> gathers;
  for (const auto& part : training.copied()) {
    if (part.copies() > 1.0)
      gathers.push_back({"gather weights", Collective{CollectiveOperation::all_gather,
                                                      bytes(number_bytes * part.layer_weights), part.group}});
  }
  if (gathers.empty()) return layer;
  return {{"layer", Overlap{{std::move(layer), std::move(gathers)}}}};
}

// One micro-batch through the layers of a stage.
std::vector<Phase> pass(const Training& training, std::vector<Phase> layer, const char* name) {
  const auto layers = static_cast<std::int64_t>(training.model.layers / training.split.pp);
  std::vector<Phase> phases{loop(name, layers, with_gathered_weights(training, std::move(layer)))};
  hand_on(training, phases);
  return phases;
}

// The stage that has the logits works on them while the others wait: each device's share of the work, and rest.
void add_logits(const Training& training, const LayerPhases& layers, std::vector<Phase>& phases) {
  const double stages = training.split.pp;
  std::vector<Phase> logits = layers.embedding_and_logits(1.0 / stages);
  if (stages > 1.0) phases.push_back({"wait for logits", Idle{stages - 1.0, logits}});
  phases.insert(phases.end(), logits.begin(), logits.end());
}

std::vector<Phase> reduce_gradients(const Training& training) {
  const auto operation = training.zero >= 1.0 ? CollectiveOperation::reduce_scatter : CollectiveOperation::all_reduce;
  std::vector<Phase> phases;
  for (const auto& part : training.copied()) {
    if (part.copies() > 1.0)
      phases.push_back({"reduce gradients", Collective{operation, bytes(gradient_bytes * part.weights), part.group}});
  }
  return phases;
}

void add_optimizer(const Training& training, const LayerPhases& layers, std::vector<Phase>& phases) {
  if (training.split.pp > 1.0) {
    // The first and the last stage both hold the embedding of words and add up its gradients.
    const auto apart = static_cast<std::int64_t>(training.split.tp * training.copies() * (training.split.pp - 1.0));
    phases.push_back({"reduce embedding", Collective{CollectiveOperation::all_reduce,
                                                     bytes(gradient_bytes * training.embedding_of_device()),
                                                     {.size = 2, .stride = apart}}});
  }
  for (const auto& part : training.copied()) {
    const double sharded = training.zero >= 1.0 ? part.copies() : 1.0;
    phases.push_back(layers.sweep("optimizer", optimizer_bytes * part.weights / sharded, 10.0));
    if (training.zero >= 1.0 && training.zero < 3.0 && part.copies() > 1.0) {
      phases.push_back({"gather weights",
                        Collective{CollectiveOperation::all_gather, bytes(number_bytes * part.weights), part.group}});
    }
  }
}

std::vector<Phase> step_of(const Training& training) {
  const LayerPhases layers(training.model, training.split, training.microbatch, training.precision,
                           training.devices_per_node);
  const auto forward = pass(training, layers.forward(), "forward");
  const auto backward = pass(training, layers.backward(training.recompute), "backward");
  std::vector<Phase> passes = forward;
  passes.insert(passes.end(), backward.begin(), backward.end());
  std::vector<Phase> microbatch = passes;
  add_logits(training, layers, microbatch);

  std::vector<Phase> step;
  const Split& split = training.split;
  if (split.pp > 1.0)
    step.push_back(
        {"pipeline bubble", Idle{(split.pp - 1.0) / split.interleave, issued("passes", passes, training.host_issue)}});
  microbatch = issued("micro-batch", std::move(microbatch), training.host_issue);
  const auto count = static_cast<std::int64_t>(training.microbatches());
  const std::vector<Phase> reduction = reduce_gradients(training);
  if (reduction.empty() || !training.overlap_gradients) {
    step.push_back(loop("micro-batches", count, std::move(microbatch)));
    step.insert(step.end(), reduction.begin(), reduction.end());
  } else {
    if (count > 1) step.push_back(loop("micro-batches", count - 1, microbatch));
    std::vector<Phase> last = forward;
    add_logits(training, layers, last);
    step.push_back(loop("last micro-batch", 1, issued("forward", std::move(last), training.host_issue)));
    step.push_back({"last backward", Overlap{{issued("backward", backward, training.host_issue), reduction}}});
  }
  add_optimizer(training, layers, step);
  return step;
}

}  // namespace

// A step of the model with the schedule 1F1B, in the program's language:
//   micro-batches:  B / (dp b) of them pass forward and backward through the l / pp layers of a stage; what a stage
//                   sends to the next is not hidden; the logits hold up all stages while one computes them
//   bubble:         (pp - 1) / interleave micro-batches of one stage, at rest (Narayanan et al. 2021, section 2.2)
//   gradients:      summed in fp32 over dp and cp, after the last micro-batch or beside its backward pass; with `zero`
//                   reduce-scatter, and all-gather of the new weights (Rajbhandari et al. 2020); with 3, the weights
//                   of each layer are gathered for each micro-batch, beside the computation
//   optimizer:      Adam, `optimizer_bytes` of memory traffic a weight
//   host:           issues a kernel every `host_issue`; where devices run them faster, they wait for it
//   experts:        shared out among `ep` of the dp x cp devices; their gradients are summed over dp x cp / ep
// tp, pp and recompute of 0 or "auto": as the memory of the devices asks for (`fitted`).
// Ranks are ordered tp, cp, dp, pp: tensor parallel devices are neighbours. Limits: all stages but the logits are
// equal; products of fp8 are not quantised by kernels of their own; the exchange of context parallelism gathers all
// keys.
Program build_llm_training(const Application& application, std::int64_t nodes, const NodeShape& shape) {
  const Parameters given(application);
  const Training training = fitted(read_training(given, shape), given, nodes, shape);
  Program program;
  program.steps = given.count("steps");
  program.misfit = misfit_of(training, nodes);
  if (!program.misfit.empty()) return program;

  const double weights = all_weights(training.model);
  const double per_node = weights / static_cast<double>(nodes);
  // On a machine without storage, a copy of the weights is taken to be there already.
  const bool stores = shape.storage || !application.tier.empty();
  if (stores) program.setup = {storage("read weights", Direction::read, number_bytes * per_node, application.tier)};
  program.step = step_of(training);
  program.per_step = {.flops = flops(training_flops(training.model, training.batch)),
                      .tokens = training.batch * training.model.seq,
                      .samples = training.batch};
  program.device_memory = bytes(device_bytes(training));
  program.memory_advice = memory_advice(training);
  if (given["checkpoint_interval"] > 0.0 && stores) {
    program.checkpoint = {
        storage("write checkpoint", Direction::write, (number_bytes + adam_bytes) * per_node, application.tier)};
    program.checkpoint_interval = seconds(given["checkpoint_interval"]);
  }
  return program;
}

}  // namespace zettasim::workload
