// The wire format of Chakra execution traces, through libprotozero: only the fields that carry meaning for us are
// decoded, by their numbers in et_def.proto; whatever else a file holds is passed over.
#include <fmt/format.h>

#include <protozero/pbf_reader.hpp>
#include <protozero/varint.hpp>

#include "chakra.hpp"
#include "zettasim/base/problem.hpp"

namespace zettasim::workload {
namespace {

using protozero::data_view;
using protozero::pbf_reader;
using protozero::pbf_wire_type;
using protozero::tag_and_type;

// A value of one of the schema's types, as far as it is a number, a truth or a text.
struct Attribute {
  std::string_view name;
  std::optional<std::int64_t> whole;
  std::optional<double> real;
  std::string_view text;
  bool has_false = false;  // in a list of truths

  std::optional<double> number() const {
    return real ? real : whole ? std::optional(static_cast<double>(*whole)) : std::nullopt;
  }
};

std::string_view view(data_view data) { return {data.data(), data.size()}; }

bool has_false(pbf_reader list) {
  while (list.next()) {
    switch (list.tag_and_type()) {
      case tag_and_type(1, pbf_wire_type::length_delimited):
        for (const bool value : list.get_packed_bool()) {
          if (!value) return true;
        }
        break;
      case tag_and_type(1, pbf_wire_type::varint):
        if (!list.get_bool()) return true;
        break;
      default:
        list.skip();
    }
  }
  return false;
}

Attribute read_attribute(pbf_reader message) {
  Attribute result;
  while (message.next()) {
    switch (message.tag_and_type()) {
      case tag_and_type(1, pbf_wire_type::length_delimited):
        result.name = view(message.get_view());
        break;
      case tag_and_type(3, pbf_wire_type::fixed64):
        result.real = message.get_double();
        break;
      case tag_and_type(5, pbf_wire_type::fixed32):
        result.real = static_cast<double>(message.get_float());
        break;
      case tag_and_type(7, pbf_wire_type::varint):  // int32
        result.whole = message.get_int32();
        break;
      case tag_and_type(9, pbf_wire_type::varint):   // int64
      case tag_and_type(11, pbf_wire_type::varint):  // uint32
      case tag_and_type(13, pbf_wire_type::varint):  // uint64
      case tag_and_type(27, pbf_wire_type::varint):  // bool
        result.whole = message.get_int64();
        break;
      case tag_and_type(15, pbf_wire_type::varint):  // sint32
      case tag_and_type(17, pbf_wire_type::varint):  // sint64
        result.whole = message.get_sint64();
        break;
      case tag_and_type(19, pbf_wire_type::fixed32):
        result.whole = message.get_fixed32();
        break;
      case tag_and_type(23, pbf_wire_type::fixed32):
        result.whole = message.get_sfixed32();
        break;
      case tag_and_type(21, pbf_wire_type::fixed64):
      case tag_and_type(25, pbf_wire_type::fixed64):
        result.whole = message.get_sfixed64();
        break;
      case tag_and_type(28, pbf_wire_type::length_delimited):
        result.has_false = has_false(message.get_message());
        break;
      case tag_and_type(29, pbf_wire_type::length_delimited):
        result.text = view(message.get_view());
        break;
      default:
        message.skip();
    }
  }
  return result;
}

void set(ChakraNode& node, const Attribute& attribute) {
  const std::string_view name = attribute.name;
  if (name == "is_cpu_op") {
    if (attribute.whole) node.on_cpu = *attribute.whole != 0;
  } else if (name == "tid") {
    node.thread = attribute.whole;
  } else if (name == "comm_type") {
    node.operation = attribute.whole;
  } else if (name == "comm_size") {
    node.size = attribute.whole;
  } else if (name == "comm_src") {
    node.source = attribute.whole;
  } else if (name == "comm_dst") {
    node.destination = attribute.whole;
  } else if (name == "comm_tag") {
    node.tag = attribute.whole;
  } else if (name == "num_ops") {
    node.flops = attribute.number();
  } else if (name == "tensor_size") {
    node.memory_size = attribute.number();
  } else if (name == "pg_name") {
    node.group = std::string(attribute.text);
  } else if (name == "involved_dim") {
    node.part_of_dimensions = attribute.has_false;
  }
}

void read_ids(pbf_reader& message, std::vector<std::uint64_t>& ids) {
  const auto packed = message.get_packed_uint64();
  ids.insert(ids.end(), packed.begin(), packed.end());
}

void read_node(pbf_reader message, ChakraNode& node) {
  while (message.next()) {
    switch (message.tag_and_type()) {
      case tag_and_type(1, pbf_wire_type::varint):
        node.id = message.get_uint64();
        break;
      case tag_and_type(2, pbf_wire_type::length_delimited):
        node.name = std::string(view(message.get_view()));
        break;
      case tag_and_type(3, pbf_wire_type::varint):
        node.kind = message.get_uint64();
        break;
      case tag_and_type(4, pbf_wire_type::length_delimited):
        read_ids(message, node.control);
        break;
      case tag_and_type(4, pbf_wire_type::varint):
        node.control.push_back(message.get_uint64());
        break;
      case tag_and_type(5, pbf_wire_type::length_delimited):
        read_ids(message, node.data);
        break;
      case tag_and_type(5, pbf_wire_type::varint):
        node.data.push_back(message.get_uint64());
        break;
      case tag_and_type(7, pbf_wire_type::varint):
        node.duration_us = static_cast<double>(message.get_uint64());
        break;
      case tag_and_type(10, pbf_wire_type::length_delimited):
        set(node, read_attribute(message.get_message()));
        break;
      default:
        message.skip();
    }
  }
}

}  // namespace

ChakraFile parse_chakra(const RankFile& file, std::uint32_t rank) {
  ChakraFile result{file.name, rank, {}};
  const char* const begin = file.text.data();
  const char* const end = begin + file.text.size();
  const char* at = begin;
  std::size_t records = 0;
  const auto fail = [&](const char* record, const std::string& reason) {
    const auto last =
        result.nodes.empty() ? "before its first node" : fmt::format("after node {}", result.nodes.back().id);
    throw InputError(file.name, fmt::format("rank {}: {}, {} (record {} at byte {}); is the file whole?", rank, reason,
                                            last, records + 1, record - begin));
  };
  while (at != end) {
    const char* const record = at;
    bool whole_node = true;
    try {
      const std::uint64_t length = protozero::decode_varint(&at, end);
      if (length > static_cast<std::uint64_t>(end - at)) fail(record, "the trace ends within a record");
      const pbf_reader message(data_view(at, static_cast<std::size_t>(length)));
      at += length;
      if (records > 0) {
        ChakraNode node;
        whole_node = false;
        read_node(message, node);
        whole_node = true;
        result.nodes.push_back(std::move(node));
      }
    } catch (const protozero::exception&) {
      fail(record, whole_node ? "the trace ends within the length of a record" : "a record is no node of a trace");
    }
    ++records;
  }
  if (records == 0)
    throw InputError(file.name, fmt::format("rank {}: is empty, expected a Chakra execution trace", rank));
  return result;
}

}  // namespace zettasim::workload
