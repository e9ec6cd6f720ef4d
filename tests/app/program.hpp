// The program as its users call it: a command line in, exit code and texts out.
#pragma once

#include <sys/wait.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace zettasim::test {

inline std::string text_of(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

// A fresh folder for one test, removed with everything in it when the test ends.
class Scratch {
 public:
  Scratch() {
    std::string name = (std::filesystem::temp_directory_path() / "zettasim-test-XXXXXX").string();
    if (!::mkdtemp(name.data())) std::abort();
    folder_ = name;
  }
  ~Scratch() { std::filesystem::remove_all(folder_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  std::filesystem::path operator/(const std::string& name) const { return folder_ / name; }
  const std::filesystem::path& folder() const { return folder_; }

 private:
  std::filesystem::path folder_;
};

struct Outcome {
  int exit_code;
  std::string out;
  std::string error;
};

// Runs `program arguments` through the shell, in the source folder unless `folder` says otherwise.
inline Outcome call(const std::string& arguments, const std::string& program = ZETTASIM_PROGRAM,
                    const std::filesystem::path& folder = ZETTASIM_SOURCE_DIR) {
  const Scratch scratch;
  const auto out = scratch / "out", error = scratch / "error";
  const std::string command = "cd '" + folder.string() + "' && '" + program + "' " + arguments + " >'" + out.string() +
                              "' 2>'" + error.string() + "' </dev/null";
  const int status = std::system(command.c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, text_of(out), text_of(error)};
}

inline bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace zettasim::test
