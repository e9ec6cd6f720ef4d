#include "engine/message_server.hpp"

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "zettasim/base/contract.hpp"
#include "zettasim/base/problem.hpp"

namespace zettasim::engine {
namespace {

// Between the processes everything is words of 64 bits, a message their number and then the words.
using Words = std::vector<std::uint64_t>;

bool write_all(int file, const void* data, std::size_t size) {
  const char* at = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t written = ::send(file, at, size, MSG_NOSIGNAL);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    at += written;
    size -= static_cast<std::size_t>(written);
  }
  return true;
}

bool read_all(int file, void* data, std::size_t size) {
  char* at = static_cast<char*>(data);
  while (size > 0) {
    const ssize_t got = ::read(file, at, size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    at += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

bool send_words(int file, const Words& words) {
  const std::uint64_t count = words.size();
  return write_all(file, &count, sizeof count) && write_all(file, words.data(), count * sizeof(std::uint64_t));
}

bool receive_words(int file, Words& words) {
  std::uint64_t count = 0;
  if (!read_all(file, &count, sizeof count)) return false;
  words.resize(count);
  return read_all(file, words.data(), count * sizeof(std::uint64_t));
}

std::uint64_t word(double value) { return std::bit_cast<std::uint64_t>(value); }

void append_text(const std::string& text, Words& words) {
  words.push_back(text.size());
  for (const char c : text) words.push_back(static_cast<unsigned char>(c));
}

// Reads words in the order in which they were written.
class Reader {
 public:
  explicit Reader(const Words& words) : words_(words) {}
  std::uint64_t next() { return words_.at(at_++); }
  std::uint32_t small() { return static_cast<std::uint32_t>(next()); }
  double number() { return std::bit_cast<double>(next()); }
  std::string text() {
    std::string result(next(), ' ');
    for (char& c : result) c = static_cast<char>(next());
    return result;
  }

 private:
  const Words& words_;
  std::size_t at_ = 0;
};

Words written(const MessageSchedule& schedule) {
  Words words = {schedule.message_latency ? 1u : 0u, word(in_seconds(schedule.message_latency.value_or(Duration{}))),
                 schedule.ranks.size()};
  for (std::size_t rank = 0; rank < schedule.ranks.size(); ++rank) {
    words.insert(words.end(), {schedule.placement[rank].index(), schedule.ranks[rank].size()});
    for (const MessageStep& step : schedule.ranks[rank]) {
      words.insert(words.end(), {step.round, step.repeats, word(in_seconds(step.compute)), step.sends.size()});
      for (const MessageSend& send : step.sends) {
        words.insert(words.end(), {send.to, word(in_bytes(send.size)), word(in_seconds(send.after))});
      }
      words.push_back(step.receives.size());
      words.insert(words.end(), step.receives.begin(), step.receives.end());
    }
  }
  return words;
}

MessageStep read_step(Reader& reader) {
  MessageStep step{.round = reader.small(), .repeats = reader.small(), .sends = {}, .receives = {}, .compute = {}};
  step.compute = seconds(reader.number());
  step.sends.resize(reader.next());
  for (MessageSend& send : step.sends) {
    send.to = reader.small();
    send.size = bytes(reader.number());
    send.after = seconds(reader.number());
  }
  step.receives.resize(reader.next());
  for (std::uint32_t& from : step.receives) from = reader.small();
  return step;
}

MessageSchedule read_schedule(const Words& words) {
  Reader reader(words);
  MessageSchedule schedule;
  const bool has_latency = reader.next() != 0;
  const Duration latency = seconds(reader.number());
  if (has_latency) schedule.message_latency = latency;
  schedule.ranks.resize(reader.next());
  for (auto& steps : schedule.ranks) {
    schedule.placement.emplace_back(static_cast<std::size_t>(reader.next()));
    const std::uint64_t count = reader.next();
    for (std::uint64_t i = 0; i < count; ++i) steps.push_back(read_step(reader));
  }
  return schedule;
}

// An answer is 0 and a time, or 1 and the place and text of what was wrong.
Words answer(const platform::Machine& machine, const topology::Network& network, const Words& question) {
  try {
    return {0, word(in_seconds(simulate_messages(machine, network, read_schedule(question))))};
  } catch (const InputError& error) {
    Words words = {1};
    append_text(error.problems().front().place, words);
    append_text(error.problems().front().text, words);
    return words;
  }
}

// Lives until the other end of the line closes, or a child dies.
[[noreturn]] void serve(const platform::Machine& machine, const topology::Network& network, int line, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) std::_Exit(1);  // it died before the line above
  Words question;
  while (receive_words(line, question)) {
    const pid_t server = ::getpid();
    const pid_t child = ::fork();
    if (child == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (::getppid() != server) std::_Exit(1);
      std::_Exit(send_words(line, answer(machine, network, question)) ? 0 : 1);
    }
    int status = 1;
    if (child < 0 || ::waitpid(child, &status, 0) != child || status != 0) std::_Exit(1);
  }
  std::_Exit(0);
}

[[noreturn]] void cannot(const char* what) {
  throw InputError("--network", std::string("messages are simulated in processes of their own, and ") + what + " (" +
                                    std::strerror(errno) + "); end other programs, or use --network patterns");
}

}  // namespace

MessageServer::MessageServer(const platform::Machine& machine, const topology::Network& network) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) cannot("no line to one can be opened");
  const pid_t parent = ::getpid();
  server_ = ::fork();
  if (server_ == 0) {
    ::close(ends[0]);
    serve(machine, network, ends[1], parent);
  }
  ::close(ends[1]);
  line_ = ends[0];
  if (server_ < 0) {
    ::close(line_);
    cannot("none can be started");
  }
}

MessageServer::~MessageServer() {
  ::close(line_);
  ::waitpid(server_, nullptr, 0);
}

Duration MessageServer::time(const MessageSchedule& schedule) {
  Words reply;
  if (!send_words(line_, written(schedule)) || !receive_words(line_, reply)) {
    throw InputError("--network",
                     "the process that simulates messages ended before its answer, perhaps for want of "
                     "memory; take fewer nodes, or use --network patterns");
  }
  Reader reader(reply);
  if (reader.next() == 0) return seconds(reader.number());
  std::string place = reader.text();
  throw InputError(std::move(place), reader.text());
}

}  // namespace zettasim::engine
