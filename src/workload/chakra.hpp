// Nodes of a Chakra execution trace as a file has them, and what they mean. Private to workload.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "zettasim/workload/rank_trace.hpp"
#include "zettasim/workload/rank_trace_files.hpp"

namespace zettasim::workload {

// Numbers of the schema (MLCommons Chakra, et_def.proto).
enum class ChakraKind : std::uint8_t {
  metadata = 1,
  memory_load = 2,
  memory_store = 3,
  compute = 4,
  send = 5,
  receive = 6,
  collective = 7
};

struct ChakraNode {
  std::uint64_t id = 0;
  std::uint64_t kind = 0;  // a ChakraKind, if the file is right
  std::string name;
  std::vector<std::uint64_t> data, control;  // ids of the nodes it depends on
  double duration_us = 0.0;                  // as recorded; exclusive of the nodes it calls
  // Attributes; nothing where the node has none of that name.
  std::optional<bool> on_cpu;                                             // is_cpu_op
  std::optional<std::int64_t> thread;                                     // tid: of the host, or a stream of the GPU
  std::optional<std::int64_t> operation, size, source, destination, tag;  // comm_type, comm_size, comm_src, ...
  std::optional<double> flops;                                            // num_ops
  std::optional<double> memory_size;                                      // tensor_size
  std::string group;                                                      // pg_name
  bool part_of_dimensions = false;                                        // involved_dim leaves one out
};

struct ChakraFile {
  std::string name;
  std::uint32_t rank = 0;
  std::vector<ChakraNode> nodes;
};

// Reads the protobuf messages of a file: one of metadata, then a node each, every one behind its length. Throws
// InputError naming the rank, the byte and the node before, where the file is cut off or damaged.
ChakraFile parse_chakra(const RankFile& file, std::uint32_t rank);

// The actions of all ranks. Throws InputError where nodes lack what their kind needs.
RankTrace chakra_trace(const std::string& name, const std::vector<ChakraFile>& files);

}  // namespace zettasim::workload
