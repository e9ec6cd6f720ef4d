// The experts of a transformer layer: routing, the exchange of tokens, and their products.
//
// A device routes the tokens it has a hidden state of (with tensor parallelism 1/tp of them each), sends each to the
// devices of its experts (dispatch) and gets their results back (combine): an all-to-all over `ep` devices each way.
// Experts too are cut over tp: what arrived is gathered over tp before the products and summed up behind them.
// Source: Lepikhin et al. 2020 (GShard) for dispatch, combine and capacity. Limits: all experts get as many tokens;
// products follow one another expert by expert; the exchange hides behind nothing.
#include <algorithm>
#include <cmath>

#include "layer_phases.hpp"

namespace zettasim::workload {
namespace {

constexpr double number_bytes = 2.0;
constexpr double copy = 4.0;
constexpr double score_forward = 20.0;   // of a token and expert: logit to fp32, softmax, top-k
constexpr double score_backward = 16.0;  // gradients in fp32, read and written twice
constexpr double activate_forward = 4.0;
constexpr double activate_backward = 6.0;  // input and gradient read, gradient written: experts have no bias

}  // namespace

// What a device that routes `tokens` sends to the experts or gets back from them.
void LayerPhases::exchange_routed(std::vector<Phase>& phases) const {
  if (split_.ep <= 1.0) return;
  const double sent = number_bytes * routed_ / split_.tp * model_.hidden;
  phases.push_back({"expert exchange", Collective{CollectiveOperation::all_to_all,
                                                  bytes(sent),
                                                  {.size = static_cast<std::int64_t>(split_.ep),
                                                   .stride = static_cast<std::int64_t>(split_.tp)}}});
}

void LayerPhases::gather_routed(std::vector<Phase>& phases, CollectiveOperation operation) const {
  if (split_.tp <= 1.0) return;
  phases.push_back(tensor_collective("tensor exchange", operation, model_.top_k));
}

// Of the experts on a device, those that any token asks for, with an equal number of rows each: of E experts, T tokens
// that choose k of them at random leave one idle with a chance of (1 - k / E)^T.
LayerPhases::BusyExperts LayerPhases::busy_experts() const {
  const double held = model_.experts / split_.ep;
  const double idle = std::pow(1.0 - model_.top_k / model_.experts, tokens_ * split_.ep);
  const double count = std::min(held, std::max(1.0, held * (1.0 - idle)));
  return {.count = count, .rows = routed_ * model_.capacity / count};
}

void LayerPhases::experts_forward(std::vector<Phase>& phases) const {
  const double h = model_.hidden;
  const double width = model_.ffn / split_.tp;
  const double tokens = tokens_ / split_.tp;
  const BusyExperts busy = busy_experts();
  phases.push_back(product("router", tokens, model_.experts, h));
  phases.push_back(sweep("router", score_forward * tokens * model_.experts, 4.0));
  phases.push_back(sweep("dispatch", copy * tokens * model_.top_k * h, 2.0));
  exchange_routed(phases);
  gather_routed(phases, CollectiveOperation::all_gather);
  phases.push_back(product("expert products", busy.rows, (model_.ffn_matrices() - 1.0) * width, h, busy.count));
  phases.push_back(
      sweep("element-wise", (activate_forward + (model_.gated ? 2.0 : 0.0)) * routed_ * model_.capacity * width));
  phases.push_back(product("expert products", busy.rows, h, width, busy.count));
  gather_routed(phases, CollectiveOperation::reduce_scatter);
  exchange_routed(phases);
  phases.push_back(sweep("combine", number_bytes * tokens * (model_.top_k + 1.0) * h, 2.0));
}

void LayerPhases::experts_backward(std::vector<Phase>& phases) const {
  const double h = model_.hidden;
  const double width = model_.ffn / split_.tp;
  const double columns = (model_.ffn_matrices() - 1.0) * width;
  const double tokens = tokens_ / split_.tp;
  const BusyExperts busy = busy_experts();
  phases.push_back(sweep("combine", number_bytes * tokens * (2.0 * model_.top_k + 1.0) * h, 2.0));
  exchange_routed(phases);
  gather_routed(phases, CollectiveOperation::all_gather);
  phases.push_back(product("expert products", busy.rows, width, h, busy.count));
  phases.push_back(weights_product("expert products", h, width, busy.rows, busy.count));
  phases.push_back(
      sweep("element-wise", (activate_backward + (model_.gated ? 4.0 : 0.0)) * routed_ * model_.capacity * width));
  phases.push_back(product("expert products", busy.rows, h, columns, busy.count));
  phases.push_back(weights_product("expert products", columns, h, busy.rows, busy.count));
  add_to_sums(phases, "weight gradients", busy.count * (columns + width) * h);
  gather_routed(phases, CollectiveOperation::reduce_scatter);
  exchange_routed(phases);
  phases.push_back(sweep("dispatch", number_bytes * tokens * (model_.top_k + 1.0) * h, 2.0));
  phases.push_back(sweep("router", score_backward * tokens * model_.experts, 3.0));
  phases.push_back(product("router", tokens, h, model_.experts));
  phases.push_back(product("router", model_.experts, h, tokens));
}

}  // namespace zettasim::workload
