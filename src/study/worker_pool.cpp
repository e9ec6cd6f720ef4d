#include "zettasim/study/worker_pool.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <malloc.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <new>

#include "zettasim/base/problem.hpp"

namespace zettasim::study {
namespace {

constexpr int memory_exit_code = 97;             // between parent and child only
constexpr std::size_t most_output = 64u << 20u;  // of one child; results are a few kilobytes

// AddressSanitizer maps terabytes of shadow memory, so that the limit would end every child at once.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool limits_memory = false;
#else
constexpr bool limits_memory = true;
#endif

struct Pipe {
  int read = -1;
  int write = -1;
};

Pipe make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    throw InputError("sweep",
                     fmt::format("no further pipe can be opened ({}); use fewer --jobs", std::strerror(errno)));
  }
  return {ends[0], ends[1]};
}

void limit_memory(DataSize memory) {
  if (!limits_memory) return;
  const auto most = static_cast<rlim_t>(in_bytes(memory));
  const rlimit limit{most, most};
  ::setrlimit(RLIMIT_AS, &limit);
}

// A child lives for milliseconds: memory that it gives back to the kernel only to ask for it again costs a page fault
// each time. HPL on FugakuNEXT takes 14,041 faults without this and 8,677 with it, 30,728 and 14,282 on a fat tree.
void keep_memory() {
#if defined(__GLIBC__)
  constexpr int a_gibibyte = 1 << 30;
  ::mallopt(M_TRIM_THRESHOLD, a_gibibyte);
  ::mallopt(M_MMAP_THRESHOLD, a_gibibyte);
  ::mallopt(M_TOP_PAD, 1 << 24);
#endif
}

// What a child does from its first moment to its last.
[[noreturn]] void live(const std::function<int()>& work, const Pipe& out, const Pipe& error, pid_t parent,
                       DataSize memory) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) std::_Exit(1);  // it died before the line above
  for (const int number : {SIGINT, SIGTERM, SIGABRT, SIGSEGV, SIGXFSZ}) std::signal(number, SIG_DFL);
  ::dup2(out.write, STDOUT_FILENO);
  ::dup2(error.write, STDERR_FILENO);
  const int nothing = ::open("/dev/null", O_RDONLY);
  ::dup2(nothing, STDIN_FILENO);
  ::close_range(3, ~0U, 0);  // the store and its lock belong to the parent
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  limit_memory(memory);
  keep_memory();
  int code = memory_exit_code;
  try {
    code = work();
  } catch (const std::bad_alloc&) {
    code = memory_exit_code;
  }
  std::fflush(nullptr);
  std::_Exit(code);
}

// Signals that say nothing about the work: batch systems send them to every process of a job, children first at times.
bool comes_from_outside(int signal) {
  return signal == SIGKILL || signal == SIGTERM || signal == SIGINT || signal == SIGHUP;
}

void append_what_is_there(int& end, std::string& text) {
  std::array<char, 65536> block;
  for (;;) {
    const ssize_t got = ::read(end, block.data(), block.size());
    if (got > 0) {
      text.append(block.data(), static_cast<std::size_t>(got));
      continue;
    }
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    ::close(end);
    end = -1;
    return;
  }
}

}  // namespace

WorkerPool::WorkerPool(std::size_t workers, Limits limits) : workers_(workers), limits_(limits) {}

WorkerPool::~WorkerPool() {
  for (Child& child : running_) {
    ::kill(child.pid, SIGKILL);
    ::waitpid(child.pid, nullptr, 0);
    for (const int end : {child.out, child.error}) {
      if (end >= 0) ::close(end);
    }
  }
}

void WorkerPool::start(std::size_t ticket, const std::function<int()>& work) {
  const Pipe out = make_pipe(), error = make_pipe();
  std::fflush(nullptr);  // or the child would print it again
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) {
    throw InputError("sweep",
                     fmt::format("no further process can be started ({}); use fewer --jobs", std::strerror(errno)));
  }
  if (pid == 0) live(work, out, error, parent, limits_.memory);
  ::close(out.write);
  ::close(error.write);
  for (const int end : {out.read, error.read}) ::fcntl(end, F_SETFL, O_NONBLOCK);
  Child child;
  child.pid = pid;
  child.out = out.read;
  child.error = error.read;
  child.began = Clock::now();
  child.ended.ticket = ticket;
  running_.push_back(std::move(child));
}

void WorkerPool::kill_overdue() {
  const auto now = Clock::now();
  for (Child& child : running_) {
    if (std::chrono::duration<double>(now - child.began).count() < in_seconds(limits_.time)) continue;
    child.killed_for_time = true;
    ::kill(child.pid, SIGKILL);
  }
}

void WorkerPool::read_from(Child& child) {
  if (child.out >= 0) append_what_is_there(child.out, child.ended.out);
  if (child.error >= 0) append_what_is_there(child.error, child.ended.error);
  if (child.ended.out.size() + child.ended.error.size() > most_output) {
    child.killed_for_output = true;
    ::kill(child.pid, SIGKILL);
  }
}

// A child that closed both of its ends is in its last moments, or was made to hang there: the limit still holds.
Ended WorkerPool::bury(Child& child) {
  int status = 0;
  while (::waitpid(child.pid, &status, WNOHANG) == 0) {
    kill_overdue();
    ::usleep(200);
  }
  Ended ended = std::move(child.ended);
  ended.wall_s = std::chrono::duration<double>(Clock::now() - child.began).count();
  ended.code = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
  if (WIFEXITED(status)) {
    ended.how = ended.code == memory_exit_code ? Ended::How::out_of_memory : Ended::How::returned;
  } else if (child.killed_for_time) {
    ended.how = Ended::How::out_of_time;
  } else if (child.killed_for_output) {
    ended.how = Ended::How::talked_too_much;
  } else {
    ended.how = comes_from_outside(ended.code) ? Ended::How::killed : Ended::How::crashed;
  }
  // Code that cannot throw (SimGrid's actors) ends in abort() when memory runs out; its last words say so.
  if (ended.how == Ended::How::crashed && ended.error.find("bad_alloc") != std::string::npos)
    ended.how = Ended::How::out_of_memory;
  return ended;
}

std::vector<Ended> WorkerPool::wait(std::chrono::milliseconds longest) {
  std::vector<Ended> result;
  const auto until = Clock::now() + longest;
  while (!running_.empty() && result.empty()) {
    std::vector<pollfd> ends;
    for (const Child& child : running_) {
      for (const int end : {child.out, child.error}) {
        if (end >= 0) ends.push_back({end, POLLIN, 0});
      }
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now());
    if (left.count() <= 0) break;
    const int seen = ::poll(ends.data(), ends.size(), static_cast<int>(std::min<long long>(left.count(), 20)));
    if (seen < 0) break;  // a signal: the caller decides
    kill_overdue();
    for (auto child = running_.begin(); child != running_.end();) {
      read_from(*child);
      if (child->out >= 0 || child->error >= 0) {
        ++child;
        continue;
      }
      result.push_back(bury(*child));
      child = running_.erase(child);
    }
  }
  return result;
}

}  // namespace zettasim::study
