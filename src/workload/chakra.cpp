// What the nodes of a Chakra execution trace mean (MLCommons Chakra, Sridharan et al. 2023): one graph per rank, whose
// nodes begin when those they depend on have finished. The schema says little; names of attributes carry the meaning.
//
// Recorded traces are repaired, each time with a note:
// - A dependency on a node that the file does not hold (annotations that the converter left out) is dropped.
// - Where dependencies of control make circles with those of data, the rank's dependencies of control are dropped:
//   converters that number nodes anew leave the old numbers in them.
// - A GPU node that nothing waits for would let the program end before it, or a later kernel of its stream run first:
//   the next node of its stream waits for it.
#include "chakra.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <numeric>
#include <queue>
#include <unordered_map>

#include "zettasim/base/problem.hpp"

namespace zettasim::workload {
namespace {

constexpr std::size_t most_problems = 20;
constexpr double most_bytes = 1e18;

// By comm_type.
constexpr std::array operations = {
    RankOperation::all_reduce, RankOperation::reduce,         RankOperation::all_gather,
    RankOperation::gather,     RankOperation::scatter,        RankOperation::broadcast,
    RankOperation::all_to_all, RankOperation::reduce_scatter, RankOperation::reduce_scatter /* in blocks */,
    RankOperation::barrier};

// What NCCL and RCCL call the kernels of a collective.
std::optional<RankOperation> operation_in_name(const std::string& name) {
  constexpr std::array<std::pair<std::string_view, RankOperation>, 6> words = {
      {{"AllReduce", RankOperation::all_reduce},
       {"AllGather", RankOperation::all_gather},
       {"ReduceScatter", RankOperation::reduce_scatter},
       {"Broadcast", RankOperation::broadcast},
       {"SendRecv", RankOperation::all_to_all},
       {"Reduce", RankOperation::reduce}}};
  for (const auto& [word, operation] : words) {
    if (name.find(word) != std::string::npos) return operation;
  }
  return std::nullopt;
}

// What libraries call kernels that multiply matrices.
bool names_product(const std::string& name) {
  constexpr std::array<std::string_view, 8> words = {"gemm",  "Gemm",   "GEMM", "cutlass",
                                                     "xmma_", "conv2d", "fmha", "flash_"};
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return name.find(word) != std::string::npos; });
}

std::string printable(const std::string& text) {
  std::string result;
  for (const char c : text.substr(0, 40)) result += c >= 0x20 && c < 0x7f ? c : '?';
  return result;
}

bool on_gpu(const ChakraNode& node) { return node.on_cpu && !*node.on_cpu; }

// One rank: ids become positions, repairs are made, kinds become work.
class RankBuilder {
 public:
  struct Counts {
    std::int64_t dangling = 0;
    std::int64_t control_left_out = 0;
    std::int64_t chained = 0;
    std::int64_t without_size = 0;
    std::int64_t named_by_kernel = 0;
    std::int64_t part_of_dimensions = 0;
  };

  RankBuilder(const ChakraFile& file, std::uint32_t ranks, Counts& counts, std::vector<Problem>& problems)
      : file_(file), ranks_(ranks), counts_(counts), problems_(problems) {}

  // `group_of` gives the number of the group of a collective.
  template <class GroupOf>
  Rank build(GroupOf group_of) {
    number_nodes();
    resolve();
    chain_streams();
    Rank rank;
    rank.file = file_.name;
    sort();
    for (const std::uint32_t i : order_) {
      const ChakraNode& node = file_.nodes[i];
      RankWork work = work_of(node);
      if (auto* collective = std::get_if<RankCollective>(&work)) collective->group = group_of(node, file_.rank);
      rank.add(node.id, std::move(work), after_[i]);
    }
    return rank;
  }

 private:
  void add_problem(const ChakraNode& node, const std::string& text) {
    if (problems_.size() < most_problems) {
      problems_.push_back({fmt::format("{}: node {}", file_.name, node.id),
                           fmt::format("rank {}: \"{}\" {}", file_.rank, printable(node.name), text)});
    }
  }

  void number_nodes() {
    positions_.reserve(file_.nodes.size());
    for (std::uint32_t i = 0; i < file_.nodes.size(); ++i) {
      if (!positions_.emplace(file_.nodes[i].id, i).second) {
        add_problem(file_.nodes[i], "has the number of another node of this rank; each number belongs to one");
      }
    }
  }

  void resolve() {
    after_.resize(file_.nodes.size());
    for (const bool data : {true, false}) {
      for (std::size_t i = 0; i < file_.nodes.size(); ++i) {
        const ChakraNode& node = file_.nodes[i];
        for (const std::uint64_t id : data ? node.data : node.control) {
          const auto at = positions_.find(id);
          if (at == positions_.end()) {
            ++counts_.dangling;
          } else {
            after_[i].push_back({at->second, DependsOn::finish});
          }
        }
      }
      if (data) data_only_ = after_;
    }
    order_ = ordered();
    if (order_.size() == after_.size()) return;
    for (std::size_t i = 0; i < after_.size(); ++i) {
      counts_.control_left_out += static_cast<std::int64_t>(after_[i].size() - data_only_[i].size());
    }
    after_ = std::move(data_only_);
    order_ = ordered();
  }

  // Positions in an order that the dependencies allow, smaller ids first; shorter than the nodes where those are in a
  // circle, which `check` explains.
  std::vector<std::uint32_t> ordered() const {
    std::vector<std::vector<std::uint32_t>> next(after_.size());
    std::vector<std::size_t> open(after_.size());
    for (std::uint32_t i = 0; i < after_.size(); ++i) {
      open[i] = after_[i].size();
      for (const Dependency d : after_[i]) next[d.action].push_back(i);
    }
    using Entry = std::pair<std::uint64_t, std::uint32_t>;
    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> ready;
    for (std::uint32_t i = 0; i < open.size(); ++i) {
      if (open[i] == 0) ready.emplace(file_.nodes[i].id, i);
    }
    std::vector<std::uint32_t> order;
    while (!ready.empty()) {
      const std::uint32_t i = ready.top().second;
      ready.pop();
      order.push_back(i);
      for (const std::uint32_t n : next[i]) {
        if (--open[n] == 0) ready.emplace(file_.nodes[n].id, n);
      }
    }
    return order;
  }

  void chain_streams() {
    std::vector<bool> waited_for(after_.size());
    for (const auto& after : after_) {
      for (const Dependency d : after) waited_for[d.action] = true;
    }
    if (order_.size() < after_.size()) return;
    std::map<std::int64_t, std::uint32_t> latest;  // of each stream
    for (const std::uint32_t i : order_) {
      const ChakraNode& node = file_.nodes[i];
      if (!on_gpu(node) || !node.thread) continue;
      const auto [before, first] = latest.emplace(*node.thread, i);
      if (first) continue;
      if (!waited_for[before->second]) {
        after_[i].push_back({before->second, DependsOn::finish});
        ++counts_.chained;
      }
      before->second = i;
    }
  }

  // Into the order of their dependencies, in which collectives of a group follow one another; nodes in a circle last.
  void sort() {
    std::vector<bool> placed(after_.size());
    for (const std::uint32_t i : order_) placed[i] = true;
    for (std::uint32_t i = 0; i < after_.size(); ++i) {
      if (!placed[i]) order_.push_back(i);
    }
    std::vector<std::uint32_t> place(after_.size());
    for (std::uint32_t i = 0; i < order_.size(); ++i) place[order_[i]] = i;
    for (auto& after : after_) {
      for (Dependency& d : after) d.action = place[d.action];
    }
  }

  std::uint32_t lane_of(const ChakraNode& node) {
    const auto next = static_cast<std::uint32_t>(lanes_.size());
    return lanes_.emplace(std::pair{on_gpu(node), node.thread.value_or(0)}, next).first->second;
  }

  RankWork work_of(const ChakraNode& node) {
    switch (static_cast<ChakraKind>(node.kind <= 7 ? node.kind : 0)) {
      case ChakraKind::metadata:
        return RankWait{};
      case ChakraKind::memory_load:
      case ChakraKind::memory_store:
      case ChakraKind::compute:
        return compute_of(node);
      case ChakraKind::send:
        return RankSend{partner(node, node.destination, "comm_dst"), node.tag.value_or(0), size_of(node)};
      case ChakraKind::receive:
        return RankReceive{partner(node, node.source, "comm_src"), node.tag.value_or(0), size_of(node)};
      case ChakraKind::collective:
        // What the host does to launch a collective is a node of this kind too, without its attributes.
        if (node.on_cpu.value_or(false) && !node.operation) return compute_of(node);
        return collective_of(node);
    }
    add_problem(node, fmt::format("has type {}, expected one of 1 (metadata) to 7 (collective)", node.kind));
    return RankWait{};
  }

  RankCompute compute_of(const ChakraNode& node) {
    RankCompute compute;
    compute.time = seconds(node.duration_us * 1e-6);
    compute.device = node.on_cpu.value_or(false) ? DeviceKind::cpu : DeviceKind::gpu;
    compute.lane = lane_of(node);
    compute.multiplies = compute.device == DeviceKind::gpu && names_product(node.name);
    if (node.flops) compute.flops = flops(amount(node, *node.flops, "num_ops"));
    if (node.memory_size) compute.traffic = bytes(amount(node, *node.memory_size, "tensor_size"));
    return compute;
  }

  double amount(const ChakraNode& node, double value, const char* attribute) {
    if (value >= 0.0 && value < 1e30) return value;
    add_problem(node, fmt::format("has {} {}, expected an amount, 0 or more", attribute, value));
    return 0.0;
  }

  DataSize size_of(const ChakraNode& node) {
    if (!node.size) {
      ++counts_.without_size;
      return {};
    }
    if (*node.size >= 0 && static_cast<double>(*node.size) <= most_bytes) return bytes(static_cast<double>(*node.size));
    add_problem(node, fmt::format("has comm_size {}, expected bytes, 0 or more", *node.size));
    return {};
  }

  std::uint32_t partner(const ChakraNode& node, std::optional<std::int64_t> rank, const char* attribute) {
    if (rank && *rank >= 0 && *rank < ranks_) return static_cast<std::uint32_t>(*rank);
    add_problem(node, fmt::format("has {} {}, expected a rank, 0 to {}; is a file missing?", attribute,
                                  rank ? fmt::format("{}", *rank) : std::string("missing"), ranks_ - 1));
    return 0;
  }

  RankCollective collective_of(const ChakraNode& node) {
    RankCollective collective;
    if (node.operation) {
      if (*node.operation < 0 || *node.operation >= static_cast<std::int64_t>(operations.size())) {
        add_problem(node, fmt::format("has comm_type {}, expected 0 to {}", *node.operation, operations.size() - 1));
      } else {
        collective.operation = operations[static_cast<std::size_t>(*node.operation)];
      }
    } else if (const auto named = operation_in_name(node.name)) {
      collective.operation = *named;
      ++counts_.named_by_kernel;
    } else {
      add_problem(node, "is a collective without comm_type; which collective it is cannot be known");
    }
    if (collective.operation != RankOperation::barrier) collective.size = size_of(node);
    if (node.duration_us > 0.0) collective.time = seconds(node.duration_us * 1e-6);
    if (node.part_of_dimensions && node.group.empty()) ++counts_.part_of_dimensions;
    return collective;
  }

  const ChakraFile& file_;
  std::int64_t ranks_;
  Counts& counts_;
  std::vector<Problem>& problems_;
  std::unordered_map<std::uint64_t, std::uint32_t> positions_;  // by id
  std::vector<std::vector<Dependency>> after_, data_only_;
  std::vector<std::uint32_t> order_;                              // that the dependencies allow
  std::map<std::pair<bool, std::int64_t>, std::uint32_t> lanes_;  // of host threads, and of streams
};

// 3 of "name.3.et", "name.3.et.zst" and "archive.tar(name.3.et)".
std::optional<std::uint32_t> rank_in_name(std::string_view name) {
  const auto end = name.rfind(".et");
  if (end == std::string_view::npos) return std::nullopt;
  const auto digits = name.substr(0, end).find_last_not_of("0123456789");
  const auto begin = digits == std::string_view::npos ? 0 : digits + 1;
  std::uint32_t rank = 0;
  const auto [rest, error] = std::from_chars(name.data() + begin, name.data() + end, rank);
  if (error != std::errc{} || begin == end) return std::nullopt;
  return rank;
}

// The files by rank. A file alone needs no number: its rank is the only one.
std::map<std::uint32_t, const RankFile*> by_rank(const std::string& name, const std::vector<RankFile>& files) {
  std::map<std::uint32_t, const RankFile*> ranks;
  if (files.size() == 1) return {{0, &files.front()}};
  for (const RankFile& file : files) {
    const auto rank = rank_in_name(file.name);
    if (!rank)
      throw InputError(file.name, "has no rank in its name, expected a name such as \"trace.3.et\" for rank 3");
    const auto [there, added] = ranks.emplace(*rank, &file);
    if (!added)
      throw InputError(file.name, fmt::format("is a second file of rank {}, beside {}", *rank, there->second->name));
  }
  std::uint32_t expected = 0;
  for (const auto& [rank, file] : ranks) {
    if (rank == expected++) continue;
    throw InputError(name, fmt::format("rank {} is missing: there is no file of it, but {} is of rank {}", expected - 1,
                                       file->name, rank));
  }
  return ranks;
}

void add_note(RankTrace& trace, std::int64_t count, const char* what) {
  if (count > 0) trace.notes.push_back({what, count});
}

}  // namespace

RankTrace chakra_trace(const std::string& name, const std::vector<ChakraFile>& files) {
  RankTrace trace;
  trace.name = name;
  trace.format = RankFormat::chakra;
  trace.groups.push_back({"all ranks", std::vector<std::uint32_t>(files.size())});
  std::iota(trace.groups[0].members.begin(), trace.groups[0].members.end(), 0u);
  std::map<std::string, std::uint32_t> groups;
  const auto group_of = [&](const ChakraNode& node, std::uint32_t rank) -> std::uint32_t {
    if (node.group.empty()) return 0;
    const auto [group, added] = groups.emplace(node.group, static_cast<std::uint32_t>(trace.groups.size()));
    if (added) trace.groups.push_back({fmt::format("group \"{}\"", printable(node.group)), {}});
    auto& members = trace.groups[group->second].members;
    if (members.empty() || members.back() != rank) members.push_back(rank);
    return group->second;
  };
  RankBuilder::Counts counts;
  std::vector<Problem> problems;
  for (const ChakraFile& file : files) {
    trace.ranks.push_back(
        RankBuilder(file, static_cast<std::uint32_t>(files.size()), counts, problems).build(group_of));
  }
  if (!problems.empty()) throw InputError(std::move(problems));
  add_note(trace, static_cast<std::int64_t>(files.size()), "records of metadata, one of each rank, beside the nodes");
  add_note(trace, counts.dangling, "dependencies on nodes that the trace does not hold, left out");
  add_note(trace, counts.control_left_out, "dependencies of control, left out: they close circles");
  add_note(trace, counts.chained, "GPU nodes that nothing waited for, put before the next node of their stream");
  add_note(trace, counts.without_size, "messages and collectives without comm_size, taken as empty");
  add_note(trace, counts.named_by_kernel, "collectives without comm_type, known by the name of their kernel");
  add_note(trace, counts.part_of_dimensions,
           "collectives along part of the network's dimensions, taken to be of all ranks");
  return trace;
}

RankTrace read_chakra(const std::string& name, const std::vector<RankFile>& files) {
  std::vector<ChakraFile> parsed;
  for (const auto& [rank, file] : by_rank(name, files)) parsed.push_back(parse_chakra(*file, rank));
  return chakra_trace(name, parsed);
}

}  // namespace zettasim::workload
