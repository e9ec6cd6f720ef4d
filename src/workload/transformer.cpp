// Weights, operations and memory of a transformer.
#include "transformer.hpp"

namespace zettasim::workload {
namespace {

constexpr double number_bytes = 2.0;  // of a weight or an activation
constexpr double mask_bytes = 1.0;    // of a dropout mask

// Of one feed-forward part.
double part_weights(const Transformer& model) {
  const double h = model.hidden;
  return model.ffn_matrices() * h * model.ffn + (model.ffn_matrices() - 1.0) * model.ffn + h;
}

}  // namespace

double expert_weights(const Transformer& model) { return model.experts * part_weights(model); }

double common_weights(const Transformer& model) {
  const double h = model.hidden;
  const double attention = 2.0 * h * h + 2.0 * h * model.kv_width();
  const double biases = 2.0 * h + 2.0 * model.kv_width();
  const double norms = 2.0 * 2.0 * h;
  const double router = model.experts * h;
  return attention + biases + norms + router + model.parts_in_common() * part_weights(model);
}

double layer_weights(const Transformer& model) { return common_weights(model) + expert_weights(model); }

double all_weights(const Transformer& model) {
  return model.layers * layer_weights(model) + (model.vocab + model.seq) * model.hidden;
}

double forward_flops(const Transformer& model, double tokens, double context, double answers) {
  const double h = model.hidden;
  const double feed_forward = model.ffn_matrices() * h * model.ffn * model.parts_passed() + h * model.experts;
  const double products = 2.0 * (2.0 * h * h + 2.0 * h * model.kv_width() + feed_forward);
  const double scores = 2.0 * 2.0 * context * h;
  const double logits = 2.0 * h * model.vocab;
  return tokens * model.layers * (products + scores) + answers * logits;
}

double training_flops(const Transformer& model, double sequences) {
  constexpr double passes = 3.0;  // forward; backward for inputs; backward for weights
  const double tokens = sequences * model.seq;
  return passes * forward_flops(model, tokens, model.seq, tokens);
}

double layer_activations(const Transformer& model, double b, const Split& split, Recompute recompute) {
  const double tokens = model.seq * b / split.cp;
  const double h = model.hidden;
  const double outside_share = split.sequence_parallel ? split.tp : 1.0;
  if (recompute == Recompute::full) return number_bytes * tokens * h / outside_share;
  // Inputs of two norms, of attention and of the feed-forward part; masks of two dropouts.
  const double outside = tokens * h * (4.0 * number_bytes + (model.dropout ? 2.0 * mask_bytes : 0.0));
  // Queries, keys, values and the input of the projection; before and after the activation function.
  // Routed tokens also before and after their experts.
  const double routed = model.experts > 0.0 ? model.top_k * model.capacity : 0.0;
  const double feed_forward = (model.parts_in_common() + routed) * model.ffn_matrices() * model.ffn + 2.0 * routed * h;
  const double inside = number_bytes * tokens * (2.0 * h + 2.0 * model.kv_width() + feed_forward);
  // Softmax before and after dropout, and its mask; nothing where they stay inside of one kernel.
  const double score_bytes = model.dropout ? 2.0 * number_bytes + mask_bytes : number_bytes;
  const bool kept = recompute == Recompute::none && !model.fused_attention;
  const double scores = kept ? model.heads * model.seq * tokens * score_bytes : 0.0;
  return outside / outside_share + (inside + scores) / split.tp;
}

double stage_activations(const Transformer& model, double b, const Split& split, Recompute recompute) {
  const double under_way = split.interleave > 1.0 ? 1.0 + (split.pp - 1.0) / (split.pp * split.interleave) : 1.0;
  return model.layers * under_way * layer_activations(model, b, split, recompute);
}

double layer_states(const Transformer& model, const Split& split) {
  constexpr double adam_bytes = 12.0;
  constexpr double gradient_bytes = 4.0;
  const double weights = common_weights(model) + expert_weights(model) / split.ep;
  return (number_bytes + gradient_bytes + adam_bytes) * model.layers * weights / (split.tp * split.pp);
}

}  // namespace zettasim::workload
