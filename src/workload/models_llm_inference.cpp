// llm-inference: copies of a transformer that answer requests.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "layer_phases.hpp"
#include "models.hpp"
#include "transformer.hpp"

namespace zettasim::workload {
namespace {

constexpr double number_bytes = 2.0;  // of activations, keys and values

// Bytes that a weight takes in the precision that computes.
double weight_bytes(Precision precision) { return precision == Precision::fp8 ? 1.0 : number_bytes; }

// Phases named after the part of an answer they belong to, so that each part's time can be told.
std::vector<Phase> named(const std::string& part, std::vector<Phase> phases) {
  for (Phase& phase : phases) phase.name = part + " " + phase.name;
  return phases;
}

std::vector<Phase> through_all(const std::string& part, const Transformer& model, std::vector<Phase> layer,
                               std::vector<Phase> next_word) {
  std::vector<Phase> phases{
      loop(part + " layers", static_cast<std::int64_t>(model.layers), named(part, std::move(layer)))};
  for (Phase& phase : named(part, std::move(next_word))) phases.push_back(std::move(phase));
  return phases;
}

}  // namespace

Transformer read_transformer(const Parameters& given) {
  Transformer model;
  model.layers = given["layers"];
  model.hidden = given["hidden"];
  model.heads = given["heads"];
  model.kv_heads = given["kv_heads"] > 0.0 ? given["kv_heads"] : model.heads;
  model.ffn = given["ffn"] > 0.0 ? given["ffn"] : 4.0 * model.hidden;
  model.vocab = given["vocab"];
  model.gated = given["feed_forward"] == 0.0;
  model.experts = given["experts"];
  model.top_k = given["top_k"];
  model.shared_experts = model.experts > 0.0 ? given["shared_experts"] : 0.0;
  model.capacity = given["capacity_factor"];
  model.dropout = false;
  model.fused_attention = true;
  return model;
}

std::vector<double> tensor_parallel_choices(double given, const NodeShape& shape, double heads, double devices) {
  if (given > 0.0) return {given};
  auto of_node = static_cast<double>(shape.main_devices);
  while (of_node > heads || std::fmod(static_cast<double>(shape.main_devices), of_node) != 0.0) of_node -= 1.0;
  std::vector<double> choices{of_node};
  for (double tp = 2.0 * of_node; tp <= std::min(heads, devices) && std::fmod(devices, tp) == 0.0; tp *= 2.0)
    choices.push_back(tp);
  return choices;
}

std::string misfit_of_experts(const Transformer& model, double ep, double copies, const char* what) {
  if (model.experts <= 0.0)
    return ep > 1.0 ? fmt::format("ep {} without experts; give experts, or leave ep at 1", ep) : std::string();
  if (model.top_k > model.experts)
    return fmt::format("a token cannot be routed to top_k {} of {} experts", model.top_k, model.experts);
  if (std::fmod(model.experts, ep) != 0.0)
    return fmt::format("{} experts do not divide into ep {} equal parts", model.experts, ep);
  if (std::fmod(copies, ep) != 0.0) return fmt::format("ep {} does not divide {} = {}", ep, what, copies);
  return {};
}

// A step answers one batch of requests on each copy of the model, a copy on each `tp` devices:
//   prefill:  all tokens of the prompts pass through the layers at once; ends with the first word of each answer, so
//             that its time is the time to first token
//   decode:   for each further word, one token of each request passes through; products have as many rows as requests,
//             so that reading the weights bounds them, and all keys and values so far are read (their mean number is
//             prompt + output / 2)
//   experts:  `ep` copies share them out, and exchange tokens; a device reads the weights of those that are asked for
//   memory:   weights, keys and values of all tokens at the end, activations of one layer in prefill
// Source: Pope et al. 2022, "Efficiently scaling transformer inference". Limits: fixed batches that begin and end
// together, no pipeline, keys and values of 16 bits whatever computes, nothing of tokenizers and queues.
Program build_llm_inference(const Application& application, std::int64_t nodes, const NodeShape& shape) {
  const Parameters given(application);
  const Transformer model = [&] {
    Transformer read = read_transformer(given);
    read.seq = given["prompt"];
    return read;
  }();
  const auto precision = ai_precisions.at(static_cast<std::size_t>(given.count("precision")));
  const auto per_node = static_cast<double>(shape.main_devices);
  const double devices = per_node * static_cast<double>(nodes);
  const double batch = given["batch"], prompt = given["prompt"], output = given["output"];
  const double of_experts = model.layers * expert_weights(model);
  const double stored =
      (all_weights(model) - of_experts + of_experts / given["ep"]) * weight_bytes(precision);  // of a copy
  const double cached = number_bytes * 2.0 * model.kv_width() * model.layers * batch * (prompt + output);
  Split split{.ep = given["ep"]};
  const auto held = [&] {
    return (stored + cached) / split.tp + layer_activations(model, batch, split, Recompute::none);
  };
  for (const double tp : tensor_parallel_choices(given["tp"], shape, model.heads, devices)) {
    split.tp = tp;
    if (held() * per_node <= shape.main_memory.si()) break;
  }
  Program program;
  program.steps = given.count("steps");
  if (split.tp > devices || std::fmod(devices, split.tp) != 0.0)
    program.misfit = fmt::format("tp {} does not divide the job's {} devices into copies", split.tp, devices);
  if (split.tp > model.heads) program.misfit = fmt::format("tp {} is more than the {} heads", split.tp, model.heads);
  if (model.kv_heads > model.heads)
    program.misfit = fmt::format("kv_heads {} are more than heads {}", model.kv_heads, model.heads);
  const double copies = devices / split.tp;
  if (program.misfit.empty()) program.misfit = misfit_of_experts(model, split.ep, copies, "the copies");
  if (!program.misfit.empty()) return program;

  const double context = prompt + output / 2.0;
  const LayerPhases prefill(model, split, batch, precision, per_node);
  Transformer one_token = model;
  one_token.seq = 1.0;
  const LayerPhases decode(one_token, split, batch, precision, per_node);
  if (shape.storage || !application.tier.empty())
    program.setup = {
        storage("read weights", Direction::read, stored * copies / static_cast<double>(nodes), application.tier)};
  program.step = through_all("prefill", model, prefill.forward(), prefill.next_word());
  if (output > 1.0)
    program.step.push_back(loop("decode", given.count("output") - 1,
                                through_all("decode", model, decode.forward_from_cache(context), decode.next_word())));
  const double answers = batch * copies;
  const double words = answers * output;
  program.per_step = {.flops = flops(forward_flops(model, answers * prompt, prompt / 2.0, answers) +
                                     forward_flops(model, words - answers, context, words - answers)),
                      .tokens = words,
                      .samples = answers};
  program.device_memory = bytes(held());
  program.memory_advice = "a smaller batch, a larger tp or a narrower precision would need less";
  return program;
}

}  // namespace zettasim::workload
