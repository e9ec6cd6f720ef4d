// What each rank of one parallel program does, one action after the other, as recorded or written by others: SMPI's
// time-independent traces, GOAL schedules and Chakra execution traces become this.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "zettasim/base/quantity.hpp"
#include "zettasim/base/vocabulary.hpp"
#include "zettasim/workload/trace.hpp"

namespace zettasim::workload {

// An action begins when all its dependencies hold: the other action of the same rank has finished, or has begun.
enum class DependsOn : std::uint8_t { finish, start };

struct Dependency {
  std::uint32_t action = 0;  // its position in the rank's list, which may be later
  DependsOn on = DependsOn::finish;
};

// Flops to be priced for a device, or time as recorded, or both where the trace knows both; memory it touches, if told.
struct RankCompute {
  std::optional<FlopCount> flops;
  std::optional<Duration> time;
  DataSize traffic;
  std::uint32_t lane = 0;  // computes of one lane (a core, a stream) run one at a time
  DeviceKind device = DeviceKind::cpu;
  bool multiplies = false;  // a product of matrices by its name: bound by arithmetic, where nothing else is known

  bool operator==(const RankCompute&) const = default;
};

// Finishes when the message is on its way (small messages) or has arrived (large ones): the network's choice.
struct RankSend {
  std::uint32_t to = 0;
  std::int64_t tag = 0;
  DataSize size;

  bool operator==(const RankSend&) const = default;
};

// Finishes when a message that fits has arrived; nothing for `from` or `tag` means any.
struct RankReceive {
  std::optional<std::uint32_t> from;
  std::optional<std::int64_t> tag;
  DataSize size;  // room for it

  bool operator==(const RankReceive&) const = default;
};

enum class RankOperation : std::uint8_t {
  barrier,
  broadcast,
  reduce,
  all_reduce,
  gather,
  scatter,
  all_gather,
  reduce_scatter,
  all_to_all,
  scan
};
const char* to_text(RankOperation);

// All members of the group take part; the n-th collective of a group on one rank meets the n-th on the others.
struct RankCollective {
  RankOperation operation = RankOperation::barrier;
  std::uint32_t group = 0;  // index into RankTrace::groups
  std::uint32_t root = 0;
  DataSize size;  // what the rank hands over: the vector; of gather and all-gather its part; of all-to-all all it sends
  FlopCount flops;                    // of the reduction
  std::vector<DataSize> parts;        // of or for each rank, where they are not equal
  std::optional<Duration> time = {};  // as recorded

  bool operator==(const RankCollective&) const = default;
};

// Does nothing but depend on others.
struct RankWait {
  bool operator==(const RankWait&) const = default;
};

using RankWork = std::variant<RankCompute, RankSend, RankReceive, RankCollective, RankWait>;

struct RankAction {
  std::uint64_t place = 0;  // its line, or the number of its node, for messages
  std::uint32_t first_dependency = 0;
  std::uint32_t dependency_count = 0;
  RankWork work;
};

struct Rank {
  std::string file;  // for messages
  std::vector<RankAction> actions;
  std::vector<Dependency> dependencies;  // of all actions, in their order

  void add(std::uint64_t place, RankWork work, std::span<const Dependency> after);
  std::span<const Dependency> dependencies_of(const RankAction& action) const {
    return std::span(dependencies).subspan(action.first_dependency, action.dependency_count);
  }
};

struct RankGroup {
  std::string name;  // "all ranks" of the first
  std::vector<std::uint32_t> members;
};

enum class RankFormat : std::uint8_t { time_independent, goal, chakra, kineto };
const char* to_text(RankFormat);
// Whether its collectives are those of a GPU library, and its sends do not wait.
inline bool of_gpus(RankFormat format) { return format == RankFormat::chakra || format == RankFormat::kineto; }
// What RankAction::place counts: "line", "node" or "correlation".
const char* place_word(RankFormat);

struct RankTrace {
  std::string name;
  RankFormat format = RankFormat::time_independent;
  std::vector<Rank> ranks;
  std::vector<RankGroup> groups;
  std::vector<TraceNote> notes;  // what a reader met and how it dealt with it
};

// "trace.txt:12", "trace.0.et: node 12".
std::string place_of(const RankTrace& trace, std::uint32_t rank, std::uint32_t action);

// Throws InputError, naming rank and line (or node), when the ranks cannot all come to their end: a receive without a
// send or the reverse, a rank that is not there, a collective that part of a group joins, actions that wait for each
// other in a circle. Sends are taken to finish at once, so every circle found is one on any network.
void check(const RankTrace& trace);

// Gives each receive from any rank or with any tag the sender and the tag that it meets where ranks compute in no time;
// a trace that `check` passes.
void settle_receives(RankTrace& trace);

// For each rank the number of its role; ranks of one role have the same actions, their partners counted from the rank
// itself (rank 1 to 2 is as rank 2 to 3, and as the last to the first). Roles are numbered by their first rank.
std::vector<std::uint32_t> find_roles(const RankTrace& trace);

}  // namespace zettasim::workload
