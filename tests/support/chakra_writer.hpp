// Writes Chakra execution traces for tests, through libprotozero as they are read.
#pragma once

#include <cstdint>
#include <protozero/pbf_writer.hpp>
#include <protozero/varint.hpp>
#include <string>
#include <vector>

namespace zettasim::test {

struct ChakraAttribute {
  std::string name;
  std::int64_t value = 0;
  protozero::pbf_tag_type field = 9;  // int64
};

struct ChakraRecord {
  std::uint64_t id = 0;
  std::string name;
  int kind = 4;
  std::vector<std::uint64_t> data, control;
  std::uint64_t duration_us = 0;
  std::vector<ChakraAttribute> attributes;
  std::string group;
};

inline void append_record(std::string& file, const std::string& record) {
  protozero::write_varint(std::back_inserter(file), record.size());
  file += record;
}

inline std::string chakra_node(const ChakraRecord& node) {
  std::string text;
  protozero::pbf_writer writer(text);
  writer.add_uint64(1, node.id);
  writer.add_string(2, node.name);
  writer.add_enum(3, node.kind);
  writer.add_packed_uint64(4, node.control.begin(), node.control.end());
  writer.add_packed_uint64(5, node.data.begin(), node.data.end());
  writer.add_uint64(7, node.duration_us);
  for (const ChakraAttribute& attribute : node.attributes) {
    protozero::pbf_writer sub(writer, 10);
    sub.add_string(1, attribute.name);
    sub.add_int64(attribute.field, attribute.value);
  }
  if (!node.group.empty()) {
    protozero::pbf_writer sub(writer, 10);
    sub.add_string(1, "pg_name");
    sub.add_string(29, node.group);
  }
  return text;
}

inline std::string chakra_file(const std::vector<ChakraRecord>& nodes) {
  std::string metadata;
  protozero::pbf_writer(metadata).add_string(1, "0.0.4");
  std::string file;
  append_record(file, metadata);
  for (const ChakraRecord& node : nodes) append_record(file, chakra_node(node));
  return file;
}

// Rank `rank` of two that train: a kernel of 400 us on stream 7, the sum of 8 MB of gradients on stream 14 while a
// kernel of 300 us runs, then a kernel of 100 us that nothing waits for; the host's launches take 10 us each.
inline std::string small_training_rank() {
  constexpr protozero::pbf_tag_type truth = 27;
  const auto host = [](std::uint64_t id, std::vector<std::uint64_t> after) {
    return ChakraRecord{id, "launch", 4, std::move(after), {}, 10, {{"is_cpu_op", 1, truth}, {"tid", 1}}, ""};
  };
  const auto kernel = [](std::uint64_t id, const char* name, std::vector<std::uint64_t> after, std::uint64_t us) {
    return ChakraRecord{id, name, 4, std::move(after), {}, us, {{"is_cpu_op", 0, truth}, {"tid", 7}}, ""};
  };
  return chakra_file({host(1, {}),
                      kernel(2, "backward of the second layer", {1}, 400),
                      host(3, {1}),
                      {4,
                       "sum of gradients",
                       7,
                       {2, 3},
                       {},
                       250,
                       {{"is_cpu_op", 0, truth}, {"tid", 14}, {"comm_type", 0}, {"comm_size", 8'000'000}},
                       ""},
                      host(5, {3}),
                      kernel(6, "backward of the first layer", {5}, 300),
                      host(7, {5}),
                      kernel(8, "optimizer", {4, 7}, 100)});
}

}  // namespace zettasim::test
