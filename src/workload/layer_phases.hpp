// What one device does in a layer of a transformer and around it, as phases; private to workload.
//
// Kernels are those of the reference implementation (Narayanan et al. 2021; Korthikanti et al. 2022, section 4),
// counted in bytes to and from memory: numbers of 16 bits, each kernel reads and writes its operands once, norms read
// their input twice. Products with a weight go to the cost stage with their shape. A device of t tensor-parallel ones
// has 1/t of every weight matrix, by columns and then by rows, so that two reductions a layer and pass suffice; with
// sequence parallelism each is a reduce-scatter, and an all-gather stands before the next product. Backward, the
// reduction of gradients runs beside the products for weights, and the repeated all-gather beside those for inputs.
#pragma once

#include <string>
#include <vector>

#include "transformer.hpp"
#include "zettasim/workload/program.hpp"

namespace zettasim::workload {

class LayerPhases {
 public:
  // For micro-batches of `sequences`. `devices_per_node`, because kernels are written down for a node.
  LayerPhases(const Transformer& model, const Split& split, double sequences, Precision precision,
              double devices_per_node);

  std::vector<Phase> forward() const;
  // One more token of each sequence, which meets the keys and values of `context` tokens before it, read from memory.
  std::vector<Phase> forward_from_cache(double context) const;
  // The choice of the next word, for one token of each sequence.
  std::vector<Phase> next_word() const;
  // With what has to be computed again before.
  std::vector<Phase> backward(Recompute recompute) const;
  // Embedding of words, logits over the vocabulary and their loss, forward and backward, `share` of a time.
  std::vector<Phase> embedding_and_logits(double share) const;

  // A kernel of `bytes_per_device`, or one that is launched several times for them.
  Phase sweep(std::string name, double bytes_per_device, double launches = 1.0) const;
  double tokens() const { return tokens_; }  // that pass through a device

 private:
  Phase product(std::string name, double m, double n, double k, double count = 1.0) const;
  // The gradient of a matrix of m x n weights over k tokens, and what adds it to its sum where the product does not.
  Phase weights_product(std::string name, double m, double n, double k, double count = 1.0) const;
  void add_to_sums(std::vector<Phase>& phases, std::string name, double weights, double launches = 1.0) const;
  Phase tensor_collective(std::string name, CollectiveOperation operation, double states = 1.0) const;
  void reduce_forward(std::vector<Phase>& phases) const;
  void gather_forward(std::vector<Phase>& phases) const;
  std::vector<Phase> forward_around(const std::vector<Phase>& attention) const;
  void feed_forward(std::vector<Phase>& phases) const;
  void feed_forward_backward(std::vector<Phase>& phases) const;
  void experts_forward(std::vector<Phase>& phases) const;
  void experts_backward(std::vector<Phase>& phases) const;
  struct BusyExperts {
    double count = 0.0;
    double rows = 0.0;  // of each
  };
  BusyExperts busy_experts() const;
  void exchange_routed(std::vector<Phase>& phases) const;
  void gather_routed(std::vector<Phase>& phases, CollectiveOperation operation) const;
  void attention_core(std::vector<Phase>& phases) const;
  void attention_core_backward(std::vector<Phase>& phases) const;
  Phase fused_attention(std::string name, double passes, double tensors) const;
  void gather_keys(std::vector<Phase>& phases) const;
  void columns_backward(std::vector<Phase>& phases, const std::string& name, double width) const;
  void rows_backward(std::vector<Phase>& phases, const std::string& name, double width) const;

  const Transformer model_;
  const Split split_;
  const double sequences_;
  const Precision precision_;
  const double devices_per_node_;
  const double tokens_;
  const double state_;    // numbers of a hidden state, whole
  const double outside_;  // of one outside of the tensor-parallel region, on a device
  const double qkv_;      // columns of queries, keys and values on a device
  const double ffn_;      // columns of the feed-forward parts that all tokens pass, on a device
  const double scores_;   // numbers of attention scores on a device
  const double routed_;   // rows that the experts of a device get
};

}  // namespace zettasim::workload
