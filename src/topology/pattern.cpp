#include "zettasim/topology/pattern.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "zettasim/base/field.hpp"
#include "zettasim/base/problem.hpp"
#include "zettasim/base/random.hpp"
#include "zettasim/topology/balance.hpp"

namespace zettasim::topology {

const Choices<PatternKind>& pattern_names() {
  static const Choices<PatternKind> names = {{"neighbours", PatternKind::neighbours},
                                             {"ring", PatternKind::ring},
                                             {"recursive-doubling", PatternKind::recursive_doubling},
                                             {"all-to-all", PatternKind::all_to_all},
                                             {"uniform", PatternKind::uniform},
                                             {"transpose", PatternKind::transpose},
                                             {"tornado", PatternKind::tornado},
                                             {"bit-complement", PatternKind::bit_complement},
                                             {"permutation", PatternKind::permutation},
                                             {"matrix", PatternKind::matrix}};
  return names;
}

namespace {

using Rank = std::size_t;

void check_extents(const Pattern& pattern, std::size_t ranks) {
  std::size_t product = 1;
  for (const std::int64_t extent : pattern.extents) {
    if (extent < 1 || product > ranks) throw InputError("pattern", "has an extent that is no count of ranks");
    product *= static_cast<std::size_t>(extent);
  }
  if (product != ranks || (pattern.kind == PatternKind::transpose && pattern.extents.size() != 2)) {
    throw InputError("pattern", fmt::format("a grid of {} does not hold {} ranks; its extents must multiply to them",
                                            fmt::join(pattern.extents, " x "), ranks));
  }
}

template <class Send>
void send_to_neighbours(const Pattern& pattern, std::size_t ranks, Send send) {
  std::size_t stride = ranks;
  for (const std::int64_t given : pattern.extents) {
    const auto extent = static_cast<std::size_t>(given);
    stride /= extent;
    if (extent == 1) continue;
    for (Rank rank = 0; rank < ranks; ++rank) {
      const std::size_t here = rank / stride % extent;
      const Rank base = rank - here * stride;
      send(rank, base + (here + 1) % extent * stride, pattern.size);
      send(rank, base + (here + extent - 1) % extent * stride, pattern.size);
    }
  }
}

std::vector<Rank> shuffled(std::size_t ranks, std::uint64_t seed) {
  RandomStream random(seed, "permutation");
  std::vector<Rank> order(ranks);
  std::iota(order.begin(), order.end(), Rank{0});
  for (std::size_t left = ranks; left > 1; --left) {
    const auto pick = static_cast<std::size_t>(random.uniform() * static_cast<double>(left));
    std::swap(order[left - 1], order[std::min(pick, left - 1)]);
  }
  return order;
}

// Where each rank sends, for patterns in which it sends once; itself where it sends nothing.
std::vector<Rank> partners(const Pattern& pattern, std::size_t ranks) {
  if (pattern.kind == PatternKind::permutation) return shuffled(ranks, pattern.seed);
  std::vector<Rank> to(ranks);
  const std::size_t rows = pattern.kind == PatternKind::transpose ? static_cast<std::size_t>(pattern.extents[0]) : 1;
  const std::size_t columns = ranks / rows;
  for (Rank i = 0; i < ranks; ++i) {
    switch (pattern.kind) {
      case PatternKind::ring:
        to[i] = (i + 1) % ranks;
        break;
      case PatternKind::recursive_doubling: {
        const Rank other = pattern.step < 0 || pattern.step > 40 ? i : i ^ (Rank{1} << pattern.step);
        to[i] = other < ranks ? other : i;
        break;
      }
      case PatternKind::transpose:
        to[i] = i % columns * rows + i / columns;
        break;
      case PatternKind::tornado:
        to[i] = (i + (ranks + 1) / 2 - 1) % ranks;
        break;
      case PatternKind::bit_complement:
        to[i] = ranks - 1 - i;
        break;
      default:
        to[i] = i;
    }
  }
  return to;
}

// Sends over one network, which may be the detours of another.
class Router {
 public:
  Router(const Network& network, std::span<const NodeId> nodes, LinkLoads& loads)
      : network_(network), nodes_(nodes), loads_(loads) {}

  void send(Rank from, Rank to, DataSize size) {
    if (nodes_[from] == nodes_[to]) return;
    transfers_.push_back({nodes_[from], nodes_[to], in_bytes(size)});
    messages_ += 1.0;
    if (transfers_.size() >= most_transfers) flush();
  }

  // The closed form where every rank has a node of its own.
  void send_to_all(DataSize per_pair) {
    const std::set<NodeId> distinct(nodes_.begin(), nodes_.end());
    const auto ranks = static_cast<double>(nodes_.size());
    if (distinct.size() == nodes_.size()) {
      latency_ = std::max(latency_, network_.add_all_to_all(nodes_, per_pair, loads_));
      messages_ += ranks * (ranks - 1.0);
      return;
    }
    for (Rank from = 0; from < nodes_.size(); ++from) {
      for (Rank to = 0; to < nodes_.size(); ++to) send(from, to, per_pair);
    }
  }

  void flush() {
    latency_ = std::max(latency_, network_.add_transfers(transfers_, loads_));
    transfers_.clear();
  }
  Duration latency() const { return latency_; }
  double messages() const { return messages_; }

 private:
  static constexpr std::size_t most_transfers = 1 << 20;  // routed together

  const Network& network_;
  std::span<const NodeId> nodes_;
  LinkLoads& loads_;
  std::vector<Transfer> transfers_;  // not routed yet
  Duration latency_;
  double messages_ = 0.0;
};

PatternLoad result_of(const Network& network, const LinkLoads& loads, double messages, Duration latency) {
  PatternLoad load{.messages = messages, .latency = latency, .transfer = {}};
  for (const LinkLoad& there : loads.sorted()) {
    const Duration time = bytes(there.bytes) / network.bandwidth(there.link);
    if (time > load.transfer) load.transfer = time, load.slowest = there.link;
  }
  return load;
}

void send_matrix(const Pattern& pattern, std::size_t ranks, Router& router) {
  for (const Message& message : pattern.messages) {
    if (message.from >= ranks || message.to >= ranks) {
      throw InputError("traffic", fmt::format("has a message from rank {} to {}, expected ranks 0 to {}", message.from,
                                              message.to, ranks - 1));
    }
    router.send(message.from, message.to, message.size);
  }
}

void send_pattern(const Pattern& pattern, std::size_t ranks, Router& router) {
  switch (pattern.kind) {
    case PatternKind::all_to_all:
      router.send_to_all(pattern.size);
      break;
    case PatternKind::uniform:
      if (ranks > 1) router.send_to_all(pattern.size / static_cast<double>(ranks - 1));
      break;
    case PatternKind::neighbours:
      check_extents(pattern, ranks);
      send_to_neighbours(pattern, ranks, [&](Rank from, Rank to, DataSize size) { router.send(from, to, size); });
      break;
    case PatternKind::matrix:
      send_matrix(pattern, ranks, router);
      break;
    default: {
      if (pattern.kind == PatternKind::transpose) check_extents(pattern, ranks);
      const std::vector<Rank> to = partners(pattern, ranks);
      for (Rank from = 0; from < ranks; ++from) {
        if (to[from] != from) router.send(from, to[from], pattern.size);
      }
    }
  }
  router.flush();
}

}  // namespace

PatternLoad add_pattern(const Network& network, const Pattern& pattern, std::span<const NodeId> nodes,
                        LinkLoads& loads) {
  if (nodes.empty()) return {};
  double messages = 0.0;
  const Duration latency = add_balanced(network, loads, [&](const Network& ways, LinkLoads& into) {
    Router router(ways, nodes, into);
    send_pattern(pattern, nodes.size(), router);
    messages = router.messages();
    return router.latency();
  });
  return result_of(network, loads, messages, latency);
}

std::vector<Message> load_traffic(const std::filesystem::path& file) {
  constexpr std::int64_t most_ranks = 4'000'000;
  Document document = Document::load(file);
  const Field root = document.root();
  check_format(root, "zettasim-traffic", 1);
  std::vector<Message> messages;
  for (const Field& message : root["messages"].items()) {
    messages.push_back({.from = static_cast<std::uint32_t>(message["from"].count(most_ranks)),
                        .to = static_cast<std::uint32_t>(message["to"].count(most_ranks)),
                        .size = message["size"].nonnegative<DataSize>()});
  }
  document.finish();
  return messages;
}

}  // namespace zettasim::topology
