// A description that is right, as JSON to be changed by a test; and the folder of files some tests write.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "zettasim/base/problem.hpp"
#include "zettasim/platform/load.hpp"

namespace zettasim::test {

inline const std::filesystem::path platforms = std::filesystem::path(ZETTASIM_SOURCE_DIR) / "platforms";

// Six nodes of one CPU on a ring: 3 TFLOP/s each in fp64, nothing else.
inline nlohmann::json small_machine() {
  return nlohmann::json::parse(R"({
    "format": "zettasim-platform", "version": 1, "name": "small",
    "origin": {"status": "assumed", "source": "a test"},
    "nodes": 6,
    "node": {"name": "node",
      "cpus": {"count": 1, "device": {"name": "chip", "kind": "cpu",
        "rates": {"fp64": {"peak": "3 TFLOP/s", "efficiency": 0.9, "energy": "20 pJ/flop"}},
        "memory": {"kind": "DDR", "capacity": "64 GiB", "bandwidth": "100 GB/s", "efficiency": 0.8, "energy": "10 pJ/bit"},
        "idle": "50 W", "limit": "200 W", "launch_latency": "1 us"}},
      "nics": {"count": 1, "bandwidth": "25 GB/s", "idle": "10 W", "energy": "10 pJ/bit"},
      "base_power": "40 W"},
    "network": {"name": "ring",
      "topology": {"kind": "torus", "dimensions": [{"name": "x", "size": 6, "wraps": true}]},
      "link": {"bandwidth": "10 GB/s", "efficiency": 0.9, "latency": "100 ns", "energy": "5 pJ/bit"},
      "message_latency": "1 us", "switch_power": "5 W"},
    "storage": [{"name": "disk", "scope": "shared", "capacity": "1 PB", "read": "10 GB/s", "write": "5 GB/s",
                 "latency": "1 ms", "idle": "1 kW", "energy": "100 pJ/bit"}],
    "facility": {"budget": "5 kW", "pue": 1.2, "distribution_efficiency": 0.98}
  })");
}

inline platform::Machine parse(const nlohmann::json& description, const platform::Changes& changes = {}) {
  return platform::parse_machine("machine.json", description.dump(), changes);
}

// The message `load` gives, every problem on a line; "nothing wrong" when it gives none. Anything but an InputError
// leaves this function and fails the test.
template <class Load>
std::string message_of(Load load) {
  try {
    load();
  } catch (const InputError& error) {
    return error.what();
  }
  return "nothing wrong";
}

inline std::string message_of(const nlohmann::json& description, const platform::Changes& changes = {}) {
  return message_of([&] { parse(description, changes); });
}

// An empty folder of this process, gone when the test ends.
class TemporaryFolder {
 public:
  TemporaryFolder()
      : path_(std::filesystem::temp_directory_path() / ("zettasim-platform-" + std::to_string(::getpid()))) {
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  std::filesystem::path write(const std::string& name, const std::string& text) const {
    const auto file = path_ / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << text;
    return file;
  }
  std::filesystem::path write(const std::string& name, const nlohmann::json& value) const {
    return write(name, value.dump());
  }
  const std::filesystem::path& path() const { return path_; }
  // `text` without the name of this folder.
  std::string strip(std::string text) const {
    const std::string prefix = path_.string() + "/";
    for (auto at = text.find(prefix); at != std::string::npos; at = text.find(prefix)) text.erase(at, prefix.size());
    return text;
  }

 private:
  std::filesystem::path path_;
};

}  // namespace zettasim::test
