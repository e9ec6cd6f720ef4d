// SMPI's time-independent traces (Desprez et al. 2011; the words of SimGrid 3.32 and those of older traces): a line per
// action, "RANK ACTION ARGUMENTS", where the rank may be written "p3". Amounts are flops, and elements of a datatype.
//
//   init [1]                   with the 1, elements have 8 bytes unless told; without, 1
//   compute FLOPS              sleep SECONDS
//   send TO TAG COUNT [TYPE]   isend the same; old: send TO COUNT
//   recv FROM TAG COUNT [TYPE] irecv the same; old: recv FROM
//   wait [FROM TO TAG]         without arguments: for the latest request; waitall: for all
//   bcast COUNT [ROOT [TYPE]]  reduce, gather, scatter, allreduce, scan, allgather, alltoall and the v forms: see below
//
// A blocking action lets the next begin when it finishes, isend and irecv when they begin, a wait when its request
// does.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <numeric>

#include "zettasim/base/problem.hpp"
#include "zettasim/base/suggest.hpp"
#include "zettasim/workload/rank_trace_files.hpp"

namespace zettasim::workload {
namespace {

constexpr std::size_t most_problems = 20;
constexpr std::uint32_t most_ranks = 4'000'000;

struct Line {
  std::size_t number = 0;
  std::uint32_t rank = 0;
  std::string action;  // in lower case: old traces write allReduce
  std::vector<std::string_view> arguments;
};

struct Request {
  bool send = false;
  std::optional<std::uint32_t> partner;
  std::optional<std::int64_t> tag;
  std::uint32_t action = 0;
};

struct RankState {
  bool ended = false;
  double default_bytes = 1.0;
  std::vector<Dependency> next;   // what the next action waits for
  std::vector<Request> requests;  // not waited for yet, oldest first
};

std::optional<double> number(std::string_view text) {
  double value = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string printable(std::string_view text) {
  std::string result;
  for (const char c : text.substr(0, 40)) result += c > 0x20 && c < 0x7f ? c : '?';
  return result;
}

class TimeIndependentReader {
 public:
  TimeIndependentReader(const std::string& name, const std::vector<RankFile>& files) : files_(files) {
    trace_.name = name;
    trace_.format = RankFormat::time_independent;
  }

  RankTrace read() {
    for (const RankFile& file : files_)
      each_line(file, [&](std::string_view line, std::size_t at) { find_rank(line, at); });
    stop_at_problems();
    find_missing_ranks();
    trace_.ranks.resize(rank_files_.size());
    states_.resize(rank_files_.size());
    for (const auto& [rank, file] : rank_files_) trace_.ranks[rank].file = file;
    trace_.groups.push_back({"all ranks", std::vector<std::uint32_t>(rank_files_.size())});
    std::iota(trace_.groups[0].members.begin(), trace_.groups[0].members.end(), 0u);
    for (const RankFile& file : files_)
      each_line(file, [&](std::string_view line, std::size_t at) { read_line(line, at); });
    stop_at_problems();
    if (tests_ > 0) {
      trace_.notes.push_back({"tests of requests, left out: how often one tests depends on the machine", tests_});
    }
    return std::move(trace_);
  }

 private:
  template <class Visit>
  void each_line(const RankFile& file, Visit visit) {
    file_ = &file;
    if (file.text.find('\0') != std::string::npos) throw InputError(file.name, "is no text (it holds zero bytes)");
    std::size_t at = 0;
    for (std::string_view rest = file.text; !rest.empty();) {
      const auto end = std::min(rest.find('\n'), rest.size());
      visit(rest.substr(0, end), ++at);
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }

  void add_problem(std::size_t line, std::string text) {
    if (++problem_count_ <= most_problems)
      problems_.push_back({fmt::format("{}:{}", file_->name, line), std::move(text)});
  }
  void add_problem(const Line& line, const std::string& text) {
    add_problem(line.number, fmt::format("rank {}: {}", line.rank, text));
  }
  void stop_at_problems() {
    if (problem_count_ > most_problems) {
      problems_.push_back({trace_.name, fmt::format("and {} more problems", problem_count_ - most_problems)});
    }
    if (!problems_.empty()) throw InputError(std::move(problems_));
  }

  // Rank, action and arguments; nothing for an empty line and for one that is none, which is a problem.
  std::optional<Line> split(std::string_view text, std::size_t at) {
    Line line{.number = at, .rank = 0, .action = {}, .arguments = {}};
    std::vector<std::string_view> words;
    const char* blanks = " \t\r";
    for (auto i = text.find_first_not_of(blanks); i != std::string_view::npos; i = text.find_first_not_of(blanks, i)) {
      const auto end = std::min(text.find_first_of(blanks, i), text.size());
      words.push_back(text.substr(i, end - i));
      i = end;
    }
    if (words.empty()) return std::nullopt;
    auto rank = words[0];
    if (rank.front() == 'p') rank.remove_prefix(1);
    const auto value = whole_number(rank);
    if (!value || *value < 0 || *value >= most_ranks || words.size() < 2) {
      add_problem(at,
                  fmt::format("found \"{}\", expected the number of a rank and an action, such as \"0 compute 1e9\"",
                              printable(text)));
      return std::nullopt;
    }
    line.rank = static_cast<std::uint32_t>(*value);
    for (const char c : words[1]) line.action += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    line.arguments.assign(words.begin() + 2, words.end());
    return line;
  }

  // First pass: which ranks there are, and where.
  void find_rank(std::string_view text, std::size_t at) {
    const auto line = split(text, at);
    if (!line) return;
    const auto [known, added] = rank_files_.emplace(line->rank, file_->name);
    if (!added && known->second != file_->name) {
      add_problem(*line, fmt::format("has actions in {} already; each rank belongs in one file", known->second));
    }
    if (line->action != "comm_size" || line->arguments.empty()) return;
    const auto size = whole_number(line->arguments[0]);
    if (size && *size > said_ranks_) {
      said_ranks_ = *size;
      said_at_ = fmt::format("{}:{}", file_->name, at);
    }
  }

  void find_missing_ranks() {
    if (rank_files_.empty()) {
      throw InputError(trace_.name, "holds no action of any rank, expected lines such as \"0 compute 1e9\"");
    }
    std::uint32_t expected = 0;
    for (const auto& [rank, file] : rank_files_) {
      if (rank != expected) {
        throw InputError(trace_.name,
                         fmt::format("rank {} is missing: no line is of it, but {} has rank {}", expected, file, rank));
      }
      ++expected;
    }
    if (said_ranks_ > expected) {
      throw InputError(said_at_, fmt::format("comm_size says {} ranks, but the trace has {}: rank {} is missing",
                                             said_ranks_, expected, expected));
    }
  }

  struct Handler {
    std::size_t least;
    std::size_t most;
    void (TimeIndependentReader::*read)(const Line&);
  };

  static const std::map<std::string, Handler>& handlers() {
    using R = TimeIndependentReader;
    constexpr std::size_t any = SIZE_MAX;
    static const std::map<std::string, Handler> table = {
        {"init", {0, 1, &R::read_init}},           {"finalize", {0, 0, &R::read_finalize}},
        {"comm_size", {0, any, &R::skip}},         {"comm_split", {0, any, &R::skip}},
        {"comm_dup", {0, any, &R::skip}},          {"location", {0, any, &R::skip}},
        {"compute", {1, 1, &R::read_compute}},     {"sleep", {1, 1, &R::read_compute}},
        {"send", {2, 4, &R::read_send}},           {"isend", {2, 4, &R::read_send}},
        {"recv", {1, 4, &R::read_receive}},        {"irecv", {1, 4, &R::read_receive}},
        {"wait", {0, 3, &R::read_wait}},           {"waitall", {0, any, &R::read_waitall}},
        {"test", {0, any, &R::read_test}},         {"barrier", {0, any, &R::read_barrier}},
        {"bcast", {1, 3, &R::read_rooted}},        {"reduce", {2, 4, &R::read_reduction}},
        {"allreduce", {2, 3, &R::read_reduction}}, {"scan", {2, 3, &R::read_reduction}},
        {"exscan", {2, 3, &R::read_reduction}},    {"gather", {2, 5, &R::read_rooted}},
        {"scatter", {2, 5, &R::read_rooted}},      {"allgather", {2, 4, &R::read_pair}},
        {"alltoall", {2, 4, &R::read_pair}},       {"gatherv", {2, any, &R::read_parts}},
        {"scatterv", {2, any, &R::read_parts}},    {"allgatherv", {2, any, &R::read_parts}},
        {"alltoallv", {3, any, &R::read_parts}},   {"reducescatter", {2, any, &R::read_parts}}};
    return table;
  }

  void read_line(std::string_view text, std::size_t at) {
    const auto line = split(text, at);
    if (!line) return;
    const auto handler = handlers().find(line->action);
    if (handler == handlers().end()) {
      std::vector<std::string> names;
      for (const auto& [name, unused] : handlers()) names.push_back(name);
      return add_problem(
          *line, fmt::format("unknown action \"{}\"{}", printable(line->action), suggestion(line->action, names)));
    }
    const auto& [least, most, read] = handler->second;
    if (line->arguments.size() < least || line->arguments.size() > most) {
      return add_problem(*line,
                         fmt::format("{} has {} arguments, expected {}{}", line->action, line->arguments.size(), least,
                                     most == least      ? ""
                                     : most == SIZE_MAX ? " or more"
                                                        : fmt::format(" to {}", most)));
    }
    if (states_[line->rank].ended) return add_problem(*line, fmt::format("{} comes after finalize", line->action));
    (this->*read)(*line);
  }

  // ---- arguments ----

  double amount(const Line& line, std::size_t i) {
    const auto value = number(line.arguments[i]);
    if (value && *value >= 0.0 && *value < 1e30) return *value;
    add_problem(line, fmt::format("argument {} of {}: found \"{}\", expected an amount, 0 or more", i + 1, line.action,
                                  printable(line.arguments[i])));
    return 0.0;
  }

  std::int64_t whole(const Line& line, std::size_t i) {
    if (const auto value = whole_number(line.arguments[i])) return *value;
    add_problem(line, fmt::format("argument {} of {}: found \"{}\", expected a whole number", i + 1, line.action,
                                  printable(line.arguments[i])));
    return 0;
  }

  std::uint32_t partner(const Line& line, std::size_t i) {
    auto text = line.arguments[i];
    if (text.front() == 'p') text.remove_prefix(1);
    const auto value = whole_number(text);
    if (value && *value >= 0 && *value < static_cast<std::int64_t>(trace_.ranks.size())) {
      return static_cast<std::uint32_t>(*value);
    }
    add_problem(line, fmt::format("argument {} of {}: found \"{}\", expected a rank, 0 to {}; is a file missing?",
                                  i + 1, line.action, printable(line.arguments[i]), trace_.ranks.size() - 1));
    return 0;
  }

  // Negative partners and tags are MPI_ANY_SOURCE and MPI_ANY_TAG of one MPI or another.
  std::optional<std::uint32_t> any_partner(const Line& line, std::size_t i) {
    return line.arguments[i].front() == '-' ? std::nullopt : std::optional(partner(line, i));
  }

  // Bytes of an element: of the datatype in argument `i` if the line has it, else what init said.
  double element_bytes(const Line& line, std::size_t i) {
    if (i >= line.arguments.size()) return states_[line.rank].default_bytes;
    // SimGrid's numbers: double, int, char, short, long, float, byte, long long.
    constexpr std::array<double, 8> sizes = {8.0, 4.0, 1.0, 2.0, 8.0, 4.0, 1.0, 8.0};
    const auto type = whole_number(line.arguments[i]);
    if (type && *type >= 0 && *type < static_cast<std::int64_t>(sizes.size()))
      return sizes[static_cast<std::size_t>(*type)];
    add_problem(line, fmt::format("argument {} of {}: found \"{}\", expected the number of a datatype, 0 to 7", i + 1,
                                  line.action, printable(line.arguments[i])));
    return 1.0;
  }

  // What so many elements of a datatype take. No rank sends more than an exabyte.
  DataSize data(const Line& line, std::size_t i, double element) {
    constexpr double most = 1e18;
    const double sum = amount(line, i) * element;
    if (sum <= most) return bytes(sum);
    add_problem(line, fmt::format("argument {} of {}: found \"{}\", elements of {} bytes, expected an exabyte at most",
                                  i + 1, line.action, printable(line.arguments[i]), element));
    return {};
  }

  // ---- actions ----

  std::uint32_t add(const Line& line, RankWork work, DependsOn next_on) {
    Rank& rank = trace_.ranks[line.rank];
    RankState& state = states_[line.rank];
    rank.add(line.number, std::move(work), state.next);
    const auto index = static_cast<std::uint32_t>(rank.actions.size() - 1);
    state.next.assign(1, {index, next_on});
    return index;
  }

  void skip(const Line&) {}

  void read_init(const Line& line) { states_[line.rank].default_bytes = line.arguments.empty() ? 1.0 : 8.0; }
  void read_finalize(const Line& line) { states_[line.rank].ended = true; }

  void read_compute(const Line& line) {
    RankCompute compute;
    if (line.action == "sleep") {
      compute.time = seconds(amount(line, 0));
    } else {
      compute.flops = flops(amount(line, 0));
    }
    add(line, compute, DependsOn::finish);
  }

  void read_send(const Line& line) {
    const std::uint32_t to = partner(line, 0);
    const bool old = line.arguments.size() == 2;
    const std::int64_t tag = old ? 0 : whole(line, 1);
    const RankSend send{to, tag, data(line, old ? 1 : 2, element_bytes(line, old ? 2 : 3))};
    const bool waits = line.action == "send";
    const std::uint32_t index = add(line, send, waits ? DependsOn::finish : DependsOn::start);
    if (!waits) states_[line.rank].requests.push_back({true, to, tag, index});
  }

  void read_receive(const Line& line) {
    RankReceive receive{any_partner(line, 0), 0, DataSize{}};
    if (line.arguments.size() > 1) {
      const std::int64_t tag = whole(line, 1);
      receive.tag = tag < 0 ? std::nullopt : std::optional(tag);
    }
    if (line.arguments.size() > 2 && line.arguments[2].front() != '-') {
      receive.size = data(line, 2, element_bytes(line, 3));
    }
    const bool waits = line.action == "recv";
    const std::uint32_t index = add(line, receive, waits ? DependsOn::finish : DependsOn::start);
    if (!waits) states_[line.rank].requests.push_back({false, receive.from, receive.tag, index});
  }

  // The oldest request that fits sender, receiver and tag; the latest where none are given, as old traces mean it.
  void read_wait(const Line& line) {
    auto& requests = states_[line.rank].requests;
    auto request = requests.empty() ? requests.end() : std::prev(requests.end());
    if (line.arguments.size() == 3) {
      const auto from = any_partner(line, 0);
      const auto to = any_partner(line, 1);
      const std::int64_t tag = whole(line, 2);
      request = std::find_if(requests.begin(), requests.end(), [&](const Request& r) {
        const bool fits_send = r.send && from == line.rank && r.partner == to;
        const bool fits_receive = !r.send && to == line.rank && (!r.partner || r.partner == from);
        return (fits_send || fits_receive) && (!r.tag || tag < 0 || *r.tag == tag);
      });
    } else if (!line.arguments.empty()) {
      return add_problem(line, "wait has some arguments, expected none, or sender, receiver and tag");
    }
    if (request == requests.end())
      return add_problem(line, "waits for a request that no isend or irecv before it made");
    auto& next = states_[line.rank].next;
    next.push_back({request->action, DependsOn::finish});
    requests.erase(request);
    add(line, RankWait{}, DependsOn::finish);
  }

  void read_waitall(const Line& line) {
    RankState& state = states_[line.rank];
    for (const Request& request : state.requests) state.next.push_back({request.action, DependsOn::finish});
    state.requests.clear();
    add(line, RankWait{}, DependsOn::finish);
  }

  void read_test(const Line&) { ++tests_; }

  // ---- collectives; counts are of elements ----

  void add_collective(const Line& line, RankCollective collective) {
    add(line, std::move(collective), DependsOn::finish);
  }

  void read_barrier(const Line& line) { add_collective(line, {}); }

  // bcast COUNT [ROOT [TYPE]];  gather, scatter COUNT_SENT COUNT_RECEIVED [ROOT [TYPE [TYPE]]]
  void read_rooted(const Line& line) {
    const std::size_t counts = line.action == "bcast" ? 1 : 2;
    RankCollective collective;
    collective.operation = line.action == "bcast"    ? RankOperation::broadcast
                           : line.action == "gather" ? RankOperation::gather
                                                     : RankOperation::scatter;
    collective.root = line.arguments.size() > counts ? partner(line, counts) : 0;
    collective.size = data(line, 0, element_bytes(line, counts + 1));
    add_collective(line, collective);
  }

  // reduce COUNT FLOPS [ROOT [TYPE]];  allreduce, scan COUNT FLOPS [TYPE]
  void read_reduction(const Line& line) {
    const bool rooted = line.action == "reduce";
    RankCollective collective;
    collective.operation = rooted                       ? RankOperation::reduce
                           : line.action == "allreduce" ? RankOperation::all_reduce
                                                        : RankOperation::scan;
    collective.root = rooted && line.arguments.size() > 2 ? partner(line, 2) : 0;
    collective.size = data(line, 0, element_bytes(line, rooted ? 3 : 2));
    collective.flops = flops(amount(line, 1));
    add_collective(line, collective);
  }

  // allgather, alltoall COUNT_SENT COUNT_RECEIVED [TYPE [TYPE]]; alltoall's counts are for one partner
  void read_pair(const Line& line) {
    RankCollective collective;
    const bool all_to_all = line.action == "alltoall";
    collective.operation = all_to_all ? RankOperation::all_to_all : RankOperation::all_gather;
    collective.size = data(line, 0, element_bytes(line, 2));
    if (all_to_all) collective.size *= static_cast<double>(trace_.ranks.size());
    add_collective(line, collective);
  }

  // gatherv    COUNT_SENT PARTS... [ROOT [TYPE [TYPE]]]        allgatherv COUNT_SENT PARTS... [PLACES...] [TYPE [TYPE]]
  // scatterv   PARTS... COUNT_RECEIVED [ROOT [TYPE [TYPE]]]    reducescatter PARTS... FLOPS [TYPE]
  // alltoallv  ROOM_SENT PARTS... ROOM_RECEIVED PARTS_RECEIVED... [TYPE [TYPE]]
  void read_parts(const Line& line) {
    const std::size_t ranks = trace_.ranks.size();
    const std::string& action = line.action;
    const bool parts_first = action == "scatterv" || action == "reducescatter";
    const bool rooted = action == "gatherv" || action == "scatterv";
    std::size_t needed = action == "alltoallv" ? 2 * ranks + 2 : ranks + 1;
    if (line.arguments.size() < needed) {
      return add_problem(line, fmt::format("{} has {} arguments, expected {} at least on {} ranks", action,
                                           line.arguments.size(), needed, ranks));
    }
    if (action == "allgatherv" && line.arguments.size() >= 2 * ranks + 1) needed = 2 * ranks + 1;  // with the places
    RankCollective collective;
    if (rooted && line.arguments.size() > needed) collective.root = partner(line, needed);
    const double element = element_bytes(line, rooted ? needed + 1 : needed);
    double sum = 0.0;
    for (std::size_t r = 0; r < ranks; ++r) {
      collective.parts.push_back(data(line, r + (parts_first ? 0 : 1), element));
      sum += collective.parts.back().si();
    }
    if (action == "reducescatter") collective.flops = flops(amount(line, ranks));
    collective.operation = action == "gatherv"      ? RankOperation::gather
                           : action == "scatterv"   ? RankOperation::scatter
                           : action == "allgatherv" ? RankOperation::all_gather
                           : action == "alltoallv"  ? RankOperation::all_to_all
                                                    : RankOperation::reduce_scatter;
    const bool own_part = action == "gatherv" || action == "allgatherv";
    collective.size = own_part ? data(line, 0, element) : bytes(sum);
    add_collective(line, std::move(collective));
  }

  const std::vector<RankFile>& files_;
  const RankFile* file_ = nullptr;  // being read
  RankTrace trace_;
  std::map<std::uint32_t, std::string> rank_files_;
  std::vector<RankState> states_;
  std::int64_t said_ranks_ = 0;  // the largest comm_size
  std::string said_at_;
  std::int64_t tests_ = 0;
  std::size_t problem_count_ = 0;
  std::vector<Problem> problems_;
};

}  // namespace

RankTrace read_time_independent(const std::string& name, const std::vector<RankFile>& files) {
  return TimeIndependentReader(name, files).read();
}

}  // namespace zettasim::workload
