// Kernels, products and exchanges of a transformer layer.
#include "layer_phases.hpp"

#include <algorithm>
#include <utility>

#include "models.hpp"

namespace zettasim::workload {
namespace {

// Bytes to and from memory of one number of a hidden state, of 16 bits unless said otherwise.
constexpr double number_bytes = 2.0;
constexpr double norm_forward = 6.0;    // read twice, written
constexpr double norm_backward = 10.0;  // for inputs: two reads, one write; for weights: two reads
constexpr double add_forward = 6.0;     // bias and residual: two reads, one write
constexpr double add_backward = 10.0;   // gradient of a bias, and the two ways of a residual joined again
constexpr double mask_byte = 1.0;       // dropout's mask, written forward, read backward
constexpr double mask_backward = 4.0;   // dropout as a kernel of its own: gradient in and out
constexpr double activate_forward = 4.0;
constexpr double activate_backward = 8.0;  // input and gradient read, gradient written, and read once more for the bias
constexpr double softmax_forward = 4.0;
constexpr double softmax_backward = 6.0;
constexpr double copy = 4.0;
constexpr double weight_gradient = 10.0;  // of a weight: gradient read, fp32 sum read and written
// Of a logit: to fp32, and maximum, difference, exponential, sum and quotient as kernels of their own in fp32.
constexpr double loss_forward = 42.0;
constexpr double loss_backward = 14.0;  // scaled in fp32, then to 16 bits

}  // namespace

LayerPhases::LayerPhases(const Transformer& model, const Split& split, double sequences, Precision precision,
                         double devices_per_node)
    : model_(model),
      split_(split),
      sequences_(sequences),
      precision_(precision),
      devices_per_node_(devices_per_node),
      tokens_(model.seq * sequences / split.cp),
      state_(tokens_ * model.hidden),
      outside_(split.sequence_parallel ? state_ / split.tp : state_),
      qkv_((model.hidden + 2.0 * model.kv_width()) / split.tp),
      ffn_(model.ffn * model.parts_in_common() / split.tp),
      scores_(tokens_ * model.seq * model.heads / split.tp),
      routed_(model.experts > 0.0 ? tokens_ * model.top_k : 0.0) {}

Phase LayerPhases::product(std::string name, double m, double n, double k, double count) const {
  return {std::move(name), MatrixMultiply{.precision = precision_, .m = m, .n = n, .k = k, .count = count}};
}

Phase LayerPhases::weights_product(std::string name, double m, double n, double k, double count) const {
  Phase phase = product(std::move(name), m, n, k, count);
  if (!model_.fused_sums) return phase;
  auto& fused = std::get<MatrixMultiply>(phase.what);
  fused.result = Precision::fp32;
  fused.adds = true;
  return phase;
}

void LayerPhases::add_to_sums(std::vector<Phase>& phases, std::string name, double weights, double launches) const {
  if (!model_.fused_sums) phases.push_back(sweep(std::move(name), weight_gradient * weights, launches));
}

Phase LayerPhases::sweep(std::string name, double bytes_per_device, double launches) const {
  Kernel kernel;
  kernel.memory_traffic = bytes(bytes_per_device * devices_per_node_);
  kernel.launches = launches;
  return {std::move(name), kernel};
}

Phase LayerPhases::tensor_collective(std::string name, CollectiveOperation operation, double states) const {
  return {std::move(name), Collective{operation,
                                      bytes(number_bytes * states * state_),
                                      {.size = static_cast<std::int64_t>(split_.tp), .stride = 1}}};
}

void LayerPhases::reduce_forward(std::vector<Phase>& phases) const {
  if (split_.tp <= 1.0) return;
  const auto operation =
      split_.sequence_parallel ? CollectiveOperation::reduce_scatter : CollectiveOperation::all_reduce;
  phases.push_back(tensor_collective("tensor exchange", operation));
}

void LayerPhases::gather_forward(std::vector<Phase>& phases) const {
  if (split_.tp <= 1.0 || !split_.sequence_parallel) return;
  phases.push_back(tensor_collective("tensor exchange", CollectiveOperation::all_gather));
}

// Keys and values of the other parts of the sequence.
void LayerPhases::gather_keys(std::vector<Phase>& phases) const {
  if (split_.cp <= 1.0) return;
  const double gathered = 2.0 * 2.0 * model_.kv_width() / split_.tp * model_.seq * sequences_;
  phases.push_back({"context exchange", Collective{CollectiveOperation::all_gather,
                                                   bytes(gathered),
                                                   {.size = static_cast<std::int64_t>(split_.cp),
                                                    .stride = static_cast<std::int64_t>(split_.tp)}}});
}

// Scores and weighted values in one kernel, `passes` products of their size over the causal half; `tensors` hidden
// states are read or written.
Phase LayerPhases::fused_attention(std::string name, double passes, double tensors) const {
  Kernel kernel;
  const double head = model_.hidden / model_.heads;
  kernel.flops[precision_] = flops(passes * 2.0 * scores_ * head / 2.0 * devices_per_node_);
  kernel.memory_traffic = bytes(2.0 * tensors * state_ / split_.tp * devices_per_node_);
  return {std::move(name), kernel};
}

// Where keys have fewer heads than queries, they still meet each query.
void LayerPhases::attention_core(std::vector<Phase>& phases) const {
  const double head = model_.hidden / model_.heads;
  const double rows = scores_ / model_.seq;
  if (model_.fused_attention) {
    phases.push_back(fused_attention("attention", 2.0, 4.0));
    return;
  }
  phases.push_back(product("attention", rows, model_.seq, head));
  phases.push_back(sweep("softmax", softmax_forward * scores_));
  if (model_.dropout) phases.push_back(sweep("dropout", (copy + mask_byte) * scores_));
  phases.push_back(product("attention", rows, head, model_.seq));
}

void LayerPhases::attention_core_backward(std::vector<Phase>& phases) const {
  const double head = model_.hidden / model_.heads;
  const double rows = scores_ / model_.seq;
  if (model_.fused_attention) {
    phases.push_back(fused_attention("attention", 5.0, 8.0));  // scores once more, and four products of gradients
    return;
  }
  phases.push_back(product("attention", rows, model_.seq, head));
  phases.push_back(product("attention", rows, head, model_.seq, 3.0));
  if (model_.dropout) phases.push_back(sweep("dropout", (mask_backward + mask_byte) * scores_));
  phases.push_back(sweep("softmax", softmax_backward * scores_));
}

std::vector<Phase> LayerPhases::forward() const {
  std::vector<Phase> attention;
  gather_keys(attention);
  attention_core(attention);
  return forward_around(attention);
}

std::vector<Phase> LayerPhases::forward_from_cache(double context) const {
  Kernel kernel;
  const double cached = 2.0 * model_.kv_width() / split_.tp * context;  // keys and values
  kernel.flops[precision_] = flops(2.0 * 2.0 * tokens_ * context * model_.hidden / split_.tp * devices_per_node_);
  kernel.memory_traffic = bytes(number_bytes * tokens_ * cached * devices_per_node_);
  return forward_around({{"attention", kernel}});
}

std::vector<Phase> LayerPhases::next_word() const {
  const double columns = model_.vocab / split_.tp;
  return {product("logits", sequences_, columns, model_.hidden),
          sweep("logits", loss_forward * sequences_ * columns, 8.0)};
}

std::vector<Phase> LayerPhases::forward_around(const std::vector<Phase>& attention) const {
  const double h = model_.hidden;
  const double dropout = model_.dropout ? mask_byte : 0.0;
  std::vector<Phase> phases;
  phases.push_back(sweep("norm", norm_forward * outside_));
  gather_forward(phases);
  phases.push_back(product("attention products", tokens_, qkv_, h));
  phases.push_back(sweep("element-wise", copy * tokens_ * (qkv_ + h / split_.tp), 2.0));
  phases.insert(phases.end(), attention.begin(), attention.end());
  phases.push_back(product("attention products", tokens_, h, h / split_.tp));
  reduce_forward(phases);
  phases.push_back(sweep("element-wise", (add_forward + dropout) * outside_));
  phases.push_back(sweep("norm", norm_forward * outside_));
  if (ffn_ > 0.0) feed_forward(phases);
  if (routed_ > 0.0) experts_forward(phases);
  phases.push_back(sweep("element-wise", (add_forward + dropout) * outside_));
  return phases;
}

// The part that all tokens pass.
void LayerPhases::feed_forward(std::vector<Phase>& phases) const {
  gather_forward(phases);
  phases.push_back(product("feed-forward products", tokens_, (model_.ffn_matrices() - 1.0) * ffn_, model_.hidden));
  phases.push_back(sweep("element-wise", (activate_forward + (model_.gated ? 2.0 : 0.0)) * tokens_ * ffn_));
  phases.push_back(product("feed-forward products", tokens_, model_.hidden, ffn_));
  reduce_forward(phases);
}

void LayerPhases::feed_forward_backward(std::vector<Phase>& phases) const {
  rows_backward(phases, "feed-forward products", ffn_);
  phases.push_back(sweep("element-wise", (activate_backward + (model_.gated ? 4.0 : 0.0)) * tokens_ * ffn_, 2.0));
  columns_backward(phases, "feed-forward products", (model_.ffn_matrices() - 1.0) * ffn_);
}

// A matrix of h rows whose `width` columns this device has: the gradient of its input is a sum over devices.
void LayerPhases::columns_backward(std::vector<Phase>& phases, const std::string& name, double width) const {
  const double h = model_.hidden;
  const Phase inputs = product(name, tokens_, h, width);
  const Phase weights = weights_product(name, width, h, tokens_);
  if (split_.tp <= 1.0) {
    phases.insert(phases.end(), {inputs, weights});
  } else if (split_.sequence_parallel) {
    phases.push_back(
        {name, Overlap{{{inputs}, {tensor_collective("tensor exchange", CollectiveOperation::all_gather)}}}});
    phases.push_back(
        {name, Overlap{{{weights}, {tensor_collective("tensor exchange", CollectiveOperation::reduce_scatter)}}}});
  } else {
    phases.push_back(inputs);
    phases.push_back(
        {name, Overlap{{{weights}, {tensor_collective("tensor exchange", CollectiveOperation::all_reduce)}}}});
  }
  add_to_sums(phases, "weight gradients", width * h);
}

// A matrix of `width` rows on this device: it needs the whole gradient of its output.
void LayerPhases::rows_backward(std::vector<Phase>& phases, const std::string& name, double width) const {
  const double h = model_.hidden;
  gather_forward(phases);
  phases.push_back(product(name, tokens_, width, h));
  phases.push_back(weights_product(name, h, width, tokens_));
  add_to_sums(phases, "weight gradients", width * h);
}

std::vector<Phase> LayerPhases::backward(Recompute recompute) const {
  std::vector<Phase> phases;
  if (recompute == Recompute::full) phases = forward();
  const double dropout = model_.dropout ? mask_backward + mask_byte : 0.0;
  const double adds = (add_backward + dropout) * outside_;
  const double launches = model_.dropout ? 3.0 : 2.0;
  phases.push_back(sweep("element-wise", adds, launches));
  if (routed_ > 0.0) experts_backward(phases);
  if (ffn_ > 0.0) feed_forward_backward(phases);
  phases.push_back(sweep("norm", norm_backward * outside_, 3.0));
  phases.push_back(sweep("element-wise", adds, launches));
  rows_backward(phases, "attention products", model_.hidden / split_.tp);
  if (recompute == Recompute::selective && !model_.fused_attention) attention_core(phases);
  attention_core_backward(phases);
  gather_keys(phases);  // the gradients of keys and values go back as many bytes
  phases.push_back(
      sweep("element-wise", copy * tokens_ * model_.hidden / split_.tp + (copy + 2.0) * tokens_ * qkv_, 3.0));
  columns_backward(phases, "attention products", qkv_);
  phases.push_back(sweep("norm", norm_backward * outside_, 3.0));
  return phases;
}

std::vector<Phase> LayerPhases::embedding_and_logits(double share) const {
  const double h = model_.hidden;
  const double columns = model_.vocab / split_.tp;
  const double logits = tokens_ * columns;
  std::vector<Phase> phases;
  phases.push_back(product("logits", tokens_, columns, h, share));
  phases.push_back(sweep("logits", share * loss_forward * logits, 8.0 * share));
  phases.push_back(sweep("logits", share * loss_backward * logits, 3.0 * share));
  phases.push_back(product("logits", tokens_, h, columns, share));
  phases.push_back(weights_product("logits", columns, h, tokens_, share));
  add_to_sums(phases, "logits", share * columns * h, share);
  // Rows of the embedding are read, written and normalised; backward their gradients are added to it.
  // Sums over the parts of the vocabulary: the embedding forward, gradients of what the logits read backward.
  if (split_.tp > 1.0) {
    const auto operation =
        split_.sequence_parallel ? CollectiveOperation::reduce_scatter : CollectiveOperation::all_reduce;
    phases.push_back(tensor_collective("tensor exchange", operation, 2.0 * share));
  }
  phases.push_back(sweep("embedding", share * (copy + copy + weight_gradient) * outside_, 4.0 * share));
  return phases;
}

}  // namespace zettasim::workload
