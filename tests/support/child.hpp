// One simulation per process: tests that simulate fork a child and read numbers back.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <functional>
#include <stdexcept>
#include <vector>

namespace zettasim::test {

// What `work` returns when run in a child process. Throws when the child fails or crashes.
inline std::vector<double> run_in_child(const std::function<std::vector<double>()>& work) {
  int ends[2];
  if (::pipe(ends) != 0) throw std::runtime_error("no pipe");
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("no child");
  if (child == 0) {
    ::close(ends[0]);
    std::signal(SIGABRT, SIG_DFL);  // a failed assumption of ours is the parent's to notice, not the test runner's
    const std::vector<double> numbers = work();
    const char* at = reinterpret_cast<const char*>(numbers.data());
    std::size_t left = numbers.size() * sizeof(double);
    while (left > 0) {
      const ssize_t written = ::write(ends[1], at, left);
      if (written <= 0) std::_Exit(1);
      at += written;
      left -= static_cast<std::size_t>(written);
    }
    std::_Exit(0);  // the parent's test runner has no business being torn down here
  }
  ::close(ends[1]);
  std::vector<double> numbers;
  std::vector<char> bytes;
  char block[4096];
  for (ssize_t got; (got = ::read(ends[0], block, sizeof block)) > 0;) bytes.insert(bytes.end(), block, block + got);
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) throw std::runtime_error("the child failed");
  numbers.resize(bytes.size() / sizeof(double));
  std::copy(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(numbers.size() * sizeof(double)),
            reinterpret_cast<char*>(numbers.data()));
  return numbers;
}

}  // namespace zettasim::test
