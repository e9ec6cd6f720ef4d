// A message schedule as SMPI's time-independent traces, and what smpirun says of it.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "zettasim/engine/messages.hpp"

namespace zettasim::test {

inline bool has_smpirun() { return std::system("command -v smpirun >/dev/null 2>&1") == 0; }

// Writes trace-0, trace-1, ... and the lists that smpirun wants of them into `folder`. One message each way and step.
inline void write_traces(const engine::MessageSchedule& schedule, const std::filesystem::path& folder) {
  std::ofstream traces(folder / "traces"), hosts(folder / "hosts");
  double largest = 0.0;  // what a receive must have room for
  for (const auto& steps : schedule.ranks) {
    for (const auto& step : steps) {
      for (const auto& send : step.sends) largest = std::max(largest, in_bytes(send.size));
    }
  }
  for (std::size_t rank = 0; rank < schedule.ranks.size(); ++rank) {
    traces << (folder / fmt::format("trace-{}", rank)).string() << "\n";
    hosts << fmt::format("node-{}\n", schedule.placement[rank].index());
    std::ofstream trace(folder / fmt::format("trace-{}", rank));
    trace << rank << " init\n";
    for (const engine::MessageStep& step : schedule.ranks[rank]) {
      std::string text;
      constexpr int as_bytes = 6;
      for (const auto& send : step.sends) {
        text += fmt::format("{} isend {} 0 {} {}\n", rank, send.to, std::llround(in_bytes(send.size)), as_bytes);
      }
      for (const std::uint32_t from : step.receives) {
        text += fmt::format("{} recv {} 0 {} {}\n", rank, from, std::llround(largest), as_bytes);
      }
      for (const auto& send : step.sends) text += fmt::format("{} wait {} {} 0\n", rank, rank, send.to);
      for (std::uint32_t i = 0; i < step.repeats; ++i) trace << text;
    }
    trace << rank << " finalize\n";
  }
}

// The command that replays them on platform.xml in the same folder, all factors one and all sends synchronous.
inline std::string replay_command(const engine::MessageSchedule& schedule, const std::filesystem::path& folder) {
  return fmt::format(
      "smpirun -np {} -platform {}/platform.xml -hostfile {}/hosts -replay {}/traces --cfg=smpi/lat-factor:0:1 "
      "--cfg=smpi/bw-factor:0:1 --cfg=network/crosstraffic:0 --cfg=network/weight-S:0 "
      "--cfg=smpi/send-is-detached-thresh:0 --cfg=smpi/host-speed:1Gf 2>&1",
      schedule.ranks.size(), folder.string(), folder.string(), folder.string());
}

// "Simulation time 1.234567" in what the command prints, or nothing.
inline std::optional<double> replayed_seconds(const std::string& command, std::string& output) {
  std::FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return std::nullopt;
  char block[4096];
  for (std::size_t got; (got = std::fread(block, 1, sizeof block, pipe)) > 0;) output.append(block, got);
  ::pclose(pipe);
  const std::string words = "Simulation time ";
  const auto at = output.rfind(words);
  if (at == std::string::npos) return std::nullopt;
  return std::stod(output.substr(at + words.size()));
}

}  // namespace zettasim::test
