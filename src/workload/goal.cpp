// GOAL schedules as text (Group Operation Assembly Language; Hoefler et al. 2009): for each rank messages and
// calculations, and which of them must have finished (requires) or begun (irequires) before another begins.
//
//   num_ranks 2
//   rank 0 {
//     a: calc 1000 cpu 0        nanoseconds
//     b: send 8b to 1 tag 5
//     b requires a
//   }
//
// A semicolon may end a statement; comments are // and /* */. Messages name a nic, which we read and do not use.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <numeric>
#include <optional>

#include "zettasim/base/problem.hpp"
#include "zettasim/workload/rank_trace_files.hpp"

namespace zettasim::workload {
namespace {

constexpr std::int64_t most_ranks = 4'000'000;
constexpr std::int64_t most_amount = std::int64_t{1} << 53;

struct Word {
  std::string_view text;  // empty at the end of the file
  std::size_t line = 1;
};

// Words, and the signs { } : alone.
class Words {
 public:
  Words(const std::string& name, std::string_view text) : name_(name), rest_(text) {}

  Word take() {
    skip_blanks();
    if (rest_.empty()) return {{}, line_};
    const std::string_view signs = "{}:";
    const std::size_t length = signs.find(rest_.front()) != std::string_view::npos
                                   ? 1
                                   : std::min(rest_.find_first_of(" \t\r\n{}:;"), rest_.size());
    const Word word{rest_.substr(0, length), line_};
    rest_.remove_prefix(length);
    return word;
  }
  Word peek() {
    Words copy = *this;
    return copy.take();
  }

  [[noreturn]] void fail(const Word& found, const std::string& expected) const {
    std::string shown;
    for (const char c : found.text.substr(0, 40)) shown += c > 0x20 && c < 0x7f ? c : '?';
    throw InputError(fmt::format("{}:{}", name_, found.line),
                     fmt::format("found {}, expected {}",
                                 found.text.empty() ? "the end of the file" : "\"" + shown + "\"", expected));
  }

 private:
  void skip_blanks() {
    while (!rest_.empty()) {
      std::size_t length = 0;
      if (rest_.starts_with("//")) {
        length = std::min(rest_.find('\n'), rest_.size());
      } else if (rest_.starts_with("/*")) {
        const auto end = rest_.find("*/", 2);
        if (end == std::string_view::npos) fail({{}, line_}, "the end of a comment, \"*/\"");
        length = end + 2;
      } else if (std::string_view(" \t\r\n;").find(rest_.front()) != std::string_view::npos) {
        length = 1;
      } else {
        return;
      }
      for (const char c : rest_.substr(0, length)) line_ += c == '\n' ? 1 : 0;
      rest_.remove_prefix(length);
    }
  }

  const std::string& name_;
  std::string_view rest_;
  std::size_t line_ = 1;
};

// Statements of one rank until its end: labels may be used before they are set.
struct Block {
  struct Edge {
    Word after;
    Word before;
    DependsOn on;
  };
  std::vector<std::pair<std::size_t, RankWork>> actions;  // with their lines
  std::map<std::string_view, std::uint32_t> labels;
  std::vector<Edge> edges;
};

class GoalReader {
 public:
  GoalReader(const std::string& name, const std::string& text) : name_(name), words_(name_, text) {
    trace_.name = name;
    trace_.format = RankFormat::goal;
  }

  RankTrace read() {
    expect("num_ranks");
    const std::int64_t ranks = whole(1, most_ranks);
    std::vector<bool> seen(static_cast<std::size_t>(ranks));
    trace_.ranks.resize(seen.size());
    for (Rank& rank : trace_.ranks) rank.file = name_;
    while (!words_.peek().text.empty()) {
      expect("rank");
      const Word at = words_.peek();
      const auto rank = static_cast<std::size_t>(whole(0, ranks - 1));
      if (seen[rank]) words_.fail(at, "a rank that has no block yet");
      seen[rank] = true;
      read_rank(trace_.ranks[rank]);
    }
    for (std::size_t rank = 0; rank < seen.size(); ++rank) {
      if (seen[rank]) continue;
      throw InputError(name_, fmt::format("rank {} is missing: num_ranks says {}, but it has no block", rank, ranks));
    }
    trace_.groups.push_back({"all ranks", std::vector<std::uint32_t>(trace_.ranks.size())});
    std::iota(trace_.groups[0].members.begin(), trace_.groups[0].members.end(), 0u);
    return std::move(trace_);
  }

 private:
  void expect(std::string_view text) {
    const Word word = words_.take();
    if (word.text != text) words_.fail(word, fmt::format("\"{}\"", text));
  }

  // A whole number from `least` to `most`, with the unit behind it if one is given.
  std::int64_t whole(std::int64_t least, std::int64_t most, std::string_view unit = "") {
    const Word word = words_.take();
    std::int64_t value = 0;
    const char* end = word.text.data() + word.text.size();
    const auto [rest, error] = std::from_chars(word.text.data(), end, value);
    const bool fits = error == std::errc{} && std::string_view(rest, static_cast<std::size_t>(end - rest)) == unit;
    if (fits && value >= least && value <= most) return value;
    const auto kind = unit.empty() ? std::string("a whole number") : fmt::format("a size such as \"8{}\"", unit);
    words_.fail(word, fmt::format("{} from {} to {}", kind, least, most));
  }

  std::int64_t last_rank() const { return static_cast<std::int64_t>(trace_.ranks.size()) - 1; }

  void read_rank(Rank& rank) {
    expect("{");
    Block block;
    for (Word word = words_.take(); word.text != "}"; word = words_.take()) {
      if (word.text.empty()) words_.fail(word, "the end of the rank, \"}\"");
      read_statement(block, word);
    }
    finish(rank, block);
  }

  void read_statement(Block& block, Word word) {
    const Word next = words_.peek();
    if (next.text == "requires" || next.text == "irequires") {
      words_.take();
      block.edges.push_back({word, words_.take(), next.text == "requires" ? DependsOn::finish : DependsOn::start});
      return;
    }
    if (next.text == ":") {
      words_.take();
      if (!block.labels.emplace(word.text, static_cast<std::uint32_t>(block.actions.size())).second) {
        words_.fail(word, "a label that is not used yet in this rank");
      }
      word = words_.take();
    }
    block.actions.emplace_back(word.line, read_work(word));
  }

  RankWork read_work(const Word& word) {
    if (word.text == "calc") {
      RankCompute compute;
      compute.time = seconds(static_cast<double>(whole(0, most_amount)) * 1e-9);
      while (words_.peek().text == "cpu") words_.take(), compute.lane = static_cast<std::uint32_t>(whole(0, 1 << 20));
      return compute;
    }
    const bool sends = word.text == "send";
    if (!sends && word.text != "recv") words_.fail(word, "send, recv, calc, or a label and its requires or irequires");
    const DataSize size = bytes(static_cast<double>(whole(0, most_amount, "b")));
    expect(sends ? "to" : "from");
    const std::int64_t partner = whole(sends ? 0 : -1, last_rank());
    std::int64_t tag = 0;
    for (Word option = words_.peek(); option.text == "tag" || option.text == "cpu" || option.text == "nic";
         option = words_.peek()) {
      words_.take();
      const std::int64_t value = whole(0, most_amount);
      if (option.text == "tag") tag = value;
    }
    if (sends) return RankSend{static_cast<std::uint32_t>(partner), tag, size};
    const auto from = partner < 0 ? std::nullopt : std::optional(static_cast<std::uint32_t>(partner));
    return RankReceive{from, tag, size};
  }

  void finish(Rank& rank, Block& block) {
    std::vector<std::vector<Dependency>> dependencies(block.actions.size());
    const auto find = [&](const Word& label) {
      const auto at = block.labels.find(label.text);
      if (at == block.labels.end()) words_.fail(label, "a label of this rank");
      return at->second;
    };
    for (const Block::Edge& edge : block.edges) {
      dependencies[find(edge.after)].push_back({find(edge.before), edge.on});
    }
    for (std::size_t i = 0; i < block.actions.size(); ++i) {
      rank.add(block.actions[i].first, std::move(block.actions[i].second), dependencies[i]);
    }
  }

  const std::string name_;
  Words words_;
  RankTrace trace_;
};

}  // namespace

RankTrace read_goal(const std::string& name, const std::string& text) { return GoalReader(name, text).read(); }

}  // namespace zettasim::workload
