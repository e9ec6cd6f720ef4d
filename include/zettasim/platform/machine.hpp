// What a machine is: devices in nodes, nodes on a network, storage, facility. Whole once it exists; nothing is filled
// in later.
//
// The values come from a description (docs/formats.md); read_machine.cpp is its only reader. Rates and powers are per
// item (one device, one node, one link, one direction) unless the name says otherwise.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "zettasim/base/quantity.hpp"
#include "zettasim/base/vocabulary.hpp"

namespace zettasim::platform {

struct Memory {
  std::string kind;  // "HBM4", "DDR5"; a name for people
  DataSize capacity;
  Bandwidth bandwidth;      // peak of the data sheet
  double efficiency = 1.0;  // share of the peak that STREAM-like kernels reach
  EnergyPerByte energy;     // device and interface, above idle
  bool operator==(const Memory&) const = default;
};

// How a device computes in one precision.
struct ComputeRate {
  FlopRate peak;            // of the data sheet, dense unless the precision says sparse
  double efficiency = 1.0;  // share of the peak that a large tuned kernel reaches
  EnergyPerFlop energy;     // above idle, without memory
  bool operator==(const ComputeRate&) const = default;
};

// A cache that all of a device's compute units reach, and that data may stay in between kernels.
struct Cache {
  std::string name;      // "L2"
  DataSize capacity;     // of all its parts together
  Bandwidth bandwidth;   // as measured by kernels that all units run on it
  EnergyPerByte energy;  // above idle
  bool operator==(const Cache&) const = default;
};

// How a matrix product is cut up for a device: each unit computes one tile of the result at a time.
struct MatrixTiling {
  std::int64_t units = 1;         // that compute tiles side by side: SMs, CUs, cores
  std::int64_t tile_rows = 1;     // of the largest tile; smaller ones are tried too
  std::int64_t tile_columns = 1;  // of the largest tile
  Duration ramp;  // before a tile's first product and after its last, in which its unit computes nothing
  bool operator==(const MatrixTiling&) const = default;
};

// A clock that a device can run at, and the voltage that it needs there.
struct ClockState {
  Frequency clock;
  Voltage voltage;
  bool operator==(const ClockState&) const = default;
};
// How a device saves power by running slower. Its rates and energies are those of the highest state, which it runs at,
// by definition, whenever it may draw `rated_limit`; a lower limit than that takes it down the states. Memory keeps its
// own clock.
struct ClockStates {
  Power rated_limit;
  std::vector<ClockState> states;  // at least two, the highest first
  bool operator==(const ClockStates&) const = default;
};

struct Device {
  std::string name;
  DeviceKind kind = DeviceKind::cpu;
  PerPrecision<std::optional<ComputeRate>> rates;
  Memory memory;
  Power idle;                             // with its memory, doing nothing
  Power limit;                            // what its power management allows, memory included
  Duration launch_latency;                // what a kernel takes among others of its stream that hold no work
  double variation = 0.0;                 // standard deviation of the speed of such devices at work, over their mean
  std::vector<Cache> caches = {};         // the smallest first
  std::optional<MatrixTiling> gemm = {};  // where nobody measured: cost::tiling_of has a rule
  std::optional<ClockStates> clocks = {};
  std::int64_t lu_block = 0;  // columns of a panel in the HPL that its vendor delivers; 0: not known
  bool operator==(const Device&) const = default;
};

struct DeviceGroup {
  std::int64_t count = 0;
  Device device;
  bool operator==(const DeviceGroup&) const = default;
};

// A connection inside a node, per GPU and direction.
struct NodeLink {
  std::string kind;  // "NVLink-C2C", "PCIe 5"
  Bandwidth bandwidth;
  Duration latency;
  EnergyPerByte energy;
  bool operator==(const NodeLink&) const = default;
};

// How a GPU library moves data: a protocol trades latency for bandwidth (NCCL's LL, LL128 and Simple).
struct GpuProtocol {
  std::string name;
  Duration launch;             // once for each collective, from the host's call to its end, without steps
  Duration step;               // each step over a link between the GPUs of a node
  Bandwidth bandwidth;         // of a GPU over those links, per direction
  Duration network_step;       // each step between nodes, without hops; takes the place of Network::message_latency
  double network_share = 1.0;  // of the network's bandwidth that data gets; the rest is flags
  bool operator==(const GpuProtocol&) const = default;
};
// A switch between the GPUs of a node that adds what they send and hands the sum to all (NVLink SHARP).
struct SwitchReduction {
  Duration latency;     // of the collective, without its data
  Bandwidth bandwidth;  // an all-reduce of n bytes takes n / bandwidth * g / (g-1) beyond it
  bool operator==(const SwitchReduction&) const = default;
};
struct GpuCollectives {
  std::vector<GpuProtocol> protocols;  // at least one
  std::optional<SwitchReduction> in_switch = {};
  bool operator==(const GpuCollectives&) const = default;
};

struct NetworkInterfaces {
  std::int64_t count = 1;
  Bandwidth bandwidth;   // each, per direction
  Power idle;            // each
  EnergyPerByte energy;  // per byte sent or received, above idle
  bool operator==(const NetworkInterfaces&) const = default;
};

// A stage of power conversion between the facility and the node: input = (output + fixed_loss) / efficiency.
struct Supply {
  std::string name;
  Power fixed_loss;
  double efficiency = 1.0;
  bool operator==(const Supply&) const = default;
};

struct Node {
  std::string name;
  DeviceGroup cpus;
  std::optional<DeviceGroup> gpus;
  std::optional<NodeLink> cpu_gpu;  // there whenever there are GPUs
  std::optional<NodeLink> gpu_gpu;  // there whenever there are several
  NetworkInterfaces nics;
  Power base_power;              // boards, fans or pumps, service processor
  std::vector<Supply> supplies;  // from the node outwards
  std::optional<GpuCollectives> gpu_collectives = {};
  // GPUs that `gpu_gpu` links join, those of neighbouring nodes included: the scale-up domain. A multiple of the node's
  // GPUs; 0: those of the node. Nodes 0 to domain_nodes() - 1 are the first domain, and so on.
  std::int64_t gpu_domain = 0;
  // What it draws at its inlet while nothing runs, without storage in it.
  Power inlet_at_rest() const;
  std::int64_t domain_nodes() const { return gpus && gpu_domain > gpus->count ? gpu_domain / gpus->count : 1; }
  bool operator==(const Node&) const = default;
};

// What a link runs over.
enum class Medium {
  unstated,     // the description does not say; counted apart
  board,        // traces of a board or backplane: no cable
  electrical,   // copper cable
  optical,      // fibre with a pluggable transceiver at each end
  linear,       // fibre with a pluggable transceiver at each end that leaves signal processing to the chip
  co_packaged,  // fibre with an optical engine beside the switch chip at each end
  in_package,   // fibre from the package of the chip itself, at each end
};
std::string_view name_of(Medium);

// What some links of a network have different from `Network::link_*`; what is not set is as there.
struct LinkChanges {
  std::optional<Bandwidth> bandwidth = {};
  std::optional<Duration> latency = {};
  std::optional<EnergyPerByte> energy = {};
  std::optional<Length> length = {};
  std::optional<Medium> medium = {};
  bool operator==(const LinkChanges&) const = default;
};

struct TorusDimension {
  std::string name;
  std::int64_t size = 1;
  bool wraps = false;     // the last is a neighbour of the first
  LinkChanges link = {};  // along this dimension
  bool operator==(const TorusDimension&) const = default;
};
// Which share of a message goes to a third place first, evenly over all there are (Valiant): 0 is minimal routing, 1
// Valiant's, and what lies between a fixed mix. Places are groups of a dragonfly, for what goes between two of them,
// and nodes of a torus. With `by_load` the share is whatever suits the messages that are under way together best.
struct DetourRouting {
  double valiant_share = 0.0;
  bool by_load = false;
  bool operator==(const DetourRouting&) const = default;
};
// n-dimensional torus or mesh; the switch is part of the node. The last dimension varies fastest in node numbers.
struct Torus {
  std::vector<TorusDimension> dimensions;
  DetourRouting routing = {};
  bool operator==(const Torus&) const = default;
};
// Groups of switches, all-to-all inside a group and between groups. A node's interfaces go to different switches.
struct Dragonfly {
  std::int64_t groups = 1;
  std::int64_t switches_per_group = 1;
  std::int64_t nodes_per_group = 1;
  std::int64_t links_per_group_pair = 1;   // between each two groups
  std::int64_t links_per_switch_pair = 1;  // between each two switches of one group
  DetourRouting routing = {};
  LinkChanges host = {};    // node to switch; the bandwidth is that of the node's interfaces
  LinkChanges local = {};   // inside a group
  LinkChanges global = {};  // between groups
  bool operator==(const Dragonfly&) const = default;
};
// Groups of leaf and spine switches, each leaf linked with each spine of its group, each two groups linked between
// their spines. A node's interfaces go to different leaves.
struct DragonflyPlus {
  std::int64_t groups = 1;
  std::int64_t leaves_per_group = 1;
  std::int64_t spines_per_group = 1;
  std::int64_t nodes_per_group = 1;
  std::int64_t links_per_group_pair = 1;
  std::int64_t links_per_leaf_spine = 1;
  DetourRouting routing = {};
  LinkChanges host = {};
  LinkChanges local = {};   // leaf to spine
  LinkChanges global = {};  // spine to spine of another group
  bool operator==(const DragonflyPlus&) const = default;
};
// A level of a fat tree. A block of level 1 is one leaf switch; a block of level l is the switches that join `blocks`
// blocks of the level below, and those blocks. The top level is one block.
struct FatTreeLevel {
  std::int64_t down = 1;    // ports of a switch towards the nodes
  std::int64_t up = 0;      // and away from them; 0 at the top
  std::int64_t blocks = 0;  // of the level below; 0 for the leaves (they hold nodes) and the top (it joins all)
  LinkChanges link = {};    // of the cables up from this level
  bool operator==(const FatTreeLevel&) const = default;
};
// A tree of switches whose upper links grow with what hangs below them. Each rail is a tree of its own; interface i of
// a node is on rail i mod rails, so that as many rails as interfaces is what is called rail-optimised.
struct FatTree {
  std::vector<FatTreeLevel> levels;  // the leaves first
  std::int64_t rails = 1;
  std::int64_t nodes_per_group = 1;  // nodes on one leaf of each rail
  LinkChanges host = {};             // node to leaf; the bandwidth is that of the node's interfaces
  bool operator==(const FatTree&) const = default;
};
// Each node linked with each other node, for small machines that people compute by hand.
struct FullyConnected {
  bool operator==(const FullyConnected&) const = default;
};

using Topology = std::variant<Torus, Dragonfly, DragonflyPlus, FatTree, FullyConnected>;

// Reductions on the way, without the nodes' software.
struct InNetworkReduction {
  enum class Place {
    switches,  // combine what comes from below and hand the result down again (SHARP)
    gates,     // of the interfaces, which relay to one another (Tofu barrier)
  };
  Place place = Place::switches;
  DataSize largest;  // vector it takes
  Duration latency;  // of combining: once for switches, at each relay for gates
  bool operator==(const InNetworkReduction&) const = default;
};

struct Network {
  std::string name;  // "TofuD", "Slingshot 11"
  Topology topology;
  Bandwidth link_bandwidth;      // of a link between switches (torus: between nodes), per direction, raw
  double link_efficiency = 1.0;  // share that payload gets
  Duration link_latency;         // per hop: switch and cable
  EnergyPerByte link_energy;     // per byte and hop: SerDes, optics, switch, above static power
  Duration message_latency;      // end to end without hops: software, host interface, both ends
  Power switch_power;            // each switch, doing nothing (torus: the router in each node)
  Length link_length = {};       // for the cable count; 0 when nobody said
  Medium link_medium = Medium::unstated;
  std::optional<InNetworkReduction> in_network_reduction = {};
  // Between two messages that a node sends one after the other; a whole message_latency when nobody said.
  std::optional<Duration> message_gap = {};
  Duration gap() const { return message_gap.value_or(message_latency); }
  bool operator==(const Network&) const = default;
};

enum class StorageScope {
  node,    // in each node; figures are per node
  shared,  // one for the machine; figures are for the whole of it
};

struct StorageTier {
  std::string name;
  StorageScope scope = StorageScope::shared;
  DataSize capacity;
  Bandwidth read;
  Bandwidth write;
  Duration latency;  // of one access, to its first byte
  Power idle;
  EnergyPerByte energy;  // above idle
  bool operator==(const StorageTier&) const = default;
};

// What happens when jobs would take the facility above its budget.
enum class BudgetPolicy {
  report,        // nothing; reports say for how long it was above
  uniform,       // no device may draw more than so much, the same for all
  proportional,  // each job may draw the same share of what it asks for at most
  job_fair,      // each job takes longer by the same factor
  wait,          // a job starts when what it is predicted to draw fits
};
std::string_view name_of(BudgetPolicy);

// What the limit of the budget is from a time of the run on.
struct PowerLimit {
  Duration from;
  Power limit;
  bool operator==(const PowerLimit&) const = default;
};

// One value for each hour of the run, again from the first when they are over; a single one is a constant.
struct HourlyValues {
  std::vector<double> values = {0.0};
  double at_hour(std::int64_t hour) const { return values[static_cast<std::size_t>(hour) % values.size()]; }
  bool operator==(const HourlyValues&) const = default;
};

// What the energy at the facility meter costs, in money and in carbon dioxide.
struct Grid {
  HourlyValues carbon;   // grams of CO2 equivalent for a kWh
  HourlyValues price;    // of a kWh
  std::string currency;  // of the price; empty when nobody said
  bool operator==(const Grid&) const = default;
};

// Racks are nodes in the order of their numbers; each rack's supply has a limit of its own.
struct RackLimit {
  std::int64_t nodes = 1;  // of a rack
  Power limit;             // at the rack's inlet
  bool operator==(const RackLimit&) const = default;
};
// How fast the draw at the facility meter may change: by no more in any interval, which are counted from the beginning
// of the run, than in a time as long at these rates. What is not set is free.
struct PowerRamp {
  std::optional<PowerRate> up = {};    // jobs are held back
  std::optional<PowerRate> down = {};  // devices without work burn what is missing
  Duration interval = seconds(1.0);
  bool operator==(const PowerRamp&) const = default;
};

// What carries the heat out of the racks.
enum class CoolingKind {
  air,         // chilled air through the racks
  cold_plate,  // water on the devices; air takes the rest
  immersion,   // the nodes lie in a liquid
};
std::string_view name_of(CoolingKind);

// Cooling whose power depends on the weather: engine/cooling.hpp has the model.
struct Cooling {
  CoolingKind kind = CoolingKind::air;
  double liquid_share = 0.0;   // of the heat that goes into water at the nodes: 0 for air, 1 for immersion
  Temperature water;           // that is sent to the nodes; where some heat goes into it
  Temperature chilled_water;   // that is sent to what cools the air; where some heat goes into air
  Temperature rise;            // a difference: by how much water gets warmer where it takes up heat
  Temperature approach;        // a difference: by how much towers or dry coolers stay above the outside temperature
  double pumps = 0.0;          // their power over the heat that water carries
  double fans = 0.0;           // of what blows air through the racks, over the heat that air carries
  double towers = 0.0;         // of towers or dry coolers, their pumps included, over the heat they give off
  double chiller_share = 1.0;  // of Carnot's efficiency that the chillers reach
  // One value for each hour of the run, again from the first when they are over; at least one. What towers and dry
  // coolers feel: the wet-bulb temperature where water evaporates, else the dry-bulb one.
  std::vector<Temperature> outside;
  bool operator==(const Cooling&) const = default;
};

struct Facility {
  Power budget;                          // at the facility meter
  double pue = 1.0;                      // facility power over IT power; `cooling` takes its place where there is one
  double distribution_efficiency = 1.0;  // IT power distribution in front of every rack
  BudgetPolicy budget_policy = BudgetPolicy::report;
  std::vector<PowerLimit> budget_signal = {};  // later limits, by time
  std::optional<Power> node_limit = {};        // of each node, at its inlet
  std::optional<RackLimit> rack_limit = {};
  std::optional<PowerRamp> ramp = {};
  std::optional<Cooling> cooling = {};
  std::optional<Grid> grid = {};
  double heat_reused = 0.0;  // share of the heat, which is all of the energy, that somebody else uses
  bool operator==(const Facility&) const = default;
};

struct Machine {
  std::string name;
  std::string description;
  std::int64_t node_count = 0;
  Node node;
  Network network;
  std::vector<StorageTier> storage;
  Facility facility;
  std::string resolved;  // the description with parts and overlays in place, as JSON text: enough to load again

  std::int64_t gpu_count() const { return node.gpus ? node_count * node.gpus->count : 0; }
  // The devices that carry the machine's numerical work: its GPUs, or its CPUs where there are none.
  const DeviceGroup& main_devices() const { return node.gpus ? *node.gpus : node.cpus; }
  // Peak rate of all devices in a precision (each counts with its own rate for it); zero when none has it.
  FlopRate peak(Precision precision) const;
  bool operator==(const Machine&) const = default;
};

// The precision a device uses for work written in `wanted`: itself, or the next wider one it has (fp8_sparse -> fp8 ->
// fp16 -> bf16 -> tf32 -> fp32 -> fp64, fp64_emulated -> fp64_matrix -> fp64, int8 -> fp8...). Every device has fp64 or
// fp32.
std::optional<Precision> precision_used(const Device& device, Precision wanted);

}  // namespace zettasim::platform
