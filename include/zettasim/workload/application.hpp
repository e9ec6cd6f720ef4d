// An application: a model with parameters, or a program written out. It becomes a Program once it is known how many
// nodes of which shape run it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "zettasim/base/field.hpp"
#include "zettasim/base/quantity.hpp"
#include "zettasim/workload/program.hpp"

namespace zettasim::workload {

// What an application model may know of the machine: how large its nodes are, not how fast.
struct NodeShape {
  std::int64_t main_devices = 1;  // GPUs per node, or CPU sockets where there are no GPUs
  DataSize main_memory;           // of all main devices of a node
  DeviceKind main_kind = DeviceKind::gpu;
  DataSize host_memory = {};  // of the node's CPUs beside GPUs
  bool storage = true;        // whether the machine has any
  std::int64_t lu_block = 0;  // columns of a panel in the HPL that the main devices' vendor delivers; 0: not known
};

struct Application {
  std::string name;   // what jobs refer to and reports group by
  std::string model;  // "stencil", "hpl", ..., "program", "recorded"
  // Every parameter of the model, defaults filled in: in SI units, or a count or share, or the position of a choice.
  // `models` documents each.
  std::map<std::string, double> parameters;
  std::string tier;  // the storage tier that the model reads and writes; empty: the machine's first shared tier
  Program program;   // for model "program" only
};

// A parameter that a model takes.
struct ParameterInfo {
  std::string_view name;
  Dimension dimension;   // {}: a plain number
  double default_value;  // in SI units
  double least;
  double most;
  bool whole;  // a count
  std::string_view meaning;
  std::vector<std::string_view> choices = {};  // not empty: one of these names; the value is its position
};

struct ModelInfo {
  std::string_view name;
  std::string_view meaning;
  std::vector<ParameterInfo> parameters;
  Program (*build)(const Application&, std::int64_t nodes, const NodeShape&);
};

// All models in the order of their names.
const std::vector<ModelInfo>& models();

// Reads {"model": ..., parameter: ...} or {"program": {...}}.
Application read_application(const std::string& name, const Field& field);

// Whether the application has steps to repeat, so that a job's run_time can choose how many. One factorisation of HPL
// or HPL-MxP has not.
bool repeats(const Application& application);

// Appends the application as a member of our JSON: "name": {"model": ..., every parameter with its unit}.
std::string write_application(const Application& application);

// The program of an application on `nodes` nodes.
Program build_program(const Application& application, std::int64_t nodes, const NodeShape& shape);

}  // namespace zettasim::workload
