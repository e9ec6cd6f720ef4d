// What a decoder-only transformer holds and computes, by arithmetic alone; private to workload. Letters of the papers:
// l layers, h hidden, a heads, s sequence, b sequences of a micro-batch, V vocabulary, t tensor parallel, p pipeline.
//
// Sources: Narayanan et al. 2021, "Efficient large-scale language model training on GPU clusters", section 5 and
// appendix (weights, operations); Korthikanti et al. 2022, "Reducing activation recomputation in large transformer
// models", section 4 (activations). Both generalised to fewer heads of keys and values and to any width of the
// feed-forward part, gated or not; with biases. Numbers of 16 bits, dropout masks of 8.
#pragma once

namespace zettasim::workload {

enum class Recompute {
  none,       // every activation is kept for the backward pass
  selective,  // scores, softmax and dropout of attention are computed again
  full,       // a layer keeps its input alone and is computed again
};

struct Transformer {
  double layers = 1.0;
  double hidden = 1.0;
  double heads = 1.0;
  double kv_heads = 1.0;
  double ffn = 4.0;
  double vocab = 1.0;
  double seq = 1.0;
  // Mixture of experts (Shazeer et al. 2017): each layer has `experts` feed-forward parts of width `ffn`, of which a
  // token passes `top_k`, and `shared_experts` that all tokens pass. 0 experts: one feed-forward part.
  double experts = 0.0;
  double top_k = 1.0;
  double shared_experts = 0.0;
  double capacity = 1.0;         // rows that an expert computes, of those it has when all have as many
  bool gated = false;            // a third matrix in the feed-forward part (Shazeer 2020, SwiGLU)
  bool dropout = true;           // after attention and the feed-forward part, and on the scores
  bool fused_attention = false;  // scores stay inside of one kernel (Dao et al. 2022), which skips the causal half
  bool fused_sums = false;       // products for gradients of weights add to their fp32 sums by themselves

  double ffn_matrices() const { return gated ? 3.0 : 2.0; }
  double kv_width() const { return hidden * kv_heads / heads; }
  // Feed-forward parts that each token passes, and those of them that all tokens have in common.
  double parts_passed() const { return experts > 0.0 ? top_k + shared_experts : 1.0; }
  double parts_in_common() const { return experts > 0.0 ? shared_experts : 1.0; }
};

// How one copy of the model is spread over devices.
struct Split {
  double tp = 1.0;
  double pp = 1.0;
  double cp = 1.0;                 // parts of a sequence, each with its own tokens through all layers
  double ep = 1.0;                 // devices of different tokens that share the experts out among them
  double interleave = 1.0;         // parts of the model on each stage of the pipeline
  bool sequence_parallel = false;  // what lies outside of the tensor-parallel region is split along the sequence
};

// Weights of a layer: 12 h^2 + 13 h where kv_heads = heads and ffn = 4 h.
double layer_weights(const Transformer& model);
// Of its experts, which `ep` devices share out, and of the rest, which each of them has.
double expert_weights(const Transformer& model);
double common_weights(const Transformer& model);
// Of the whole model, embedding of words and positions included; the logits use the embedding of words.
double all_weights(const Transformer& model);

// FLOPs of the layers on `tokens` that each meet `context` keys, and of the logits of `answers` of them.
double forward_flops(const Transformer& model, double tokens, double context, double answers);

// Model FLOPs of one step on `sequences` sequences, forward and backward, without recomputation:
// 72 B s l h^2 (1 + s / 6h + V / 12lh) where kv_heads = heads and ffn = 4 h. Scores count in full, though they are
// causal, as in the papers. (Narayanan's V / 16lh is the same logits over 96, for they are not computed again.)
double training_flops(const Transformer& model, double sequences);

// Bytes that one layer keeps on one device for the backward pass of a micro-batch of b sequences:
// s b h (10 + 24 / t + 5 a s / h t) with nothing computed again and without sequence parallelism.
double layer_activations(const Transformer& model, double b, const Split& split, Recompute recompute);
// Of all that the first, fullest stage of the pipeline holds at a time: those of l layers where p micro-batches are
// under way on l / p layers each, and (p - 1) / p v more where v parts of a model interleave. Embedding left out.
double stage_activations(const Transformer& model, double b, const Split& split, Recompute recompute);

// Bytes of weights, gradients and optimizer state on one device with all layers spread evenly: 18 a weight, which is
// 2 for the weight, 4 for its gradient and 12 for Adam (Rajbhandari et al. 2020; gradients added up in fp32).
double layer_states(const Transformer& model, const Split& split);

}  // namespace zettasim::workload
