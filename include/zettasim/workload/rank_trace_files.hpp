// Rank traces in and out: which files they are made of, and which format those have.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "zettasim/workload/rank_trace.hpp"

namespace zettasim::workload {

struct RankFile {
  std::string name;  // for messages
  std::string text;
};

// Whether `path` is a rank trace by its kind and name: a folder, an archive (.tar, also .gz or .zst, .tgz), .goal, .et,
// or .txt (also .gz or .zst); of .json by its contents: a PyTorch profile.
bool is_rank_trace(const std::filesystem::path& path);

// Reads a rank trace and checks it: a folder or an archive with a file per rank, an index of such files, or one file of
// all ranks. Throws InputError with the problems found.
RankTrace read_rank_trace(const std::filesystem::path& path);

// Whether a text is a PyTorch profile, by its beginning: such files are named .json, as other things are.
bool is_kineto(const std::string& text);

// The files that such a trace is made of, as texts.
std::vector<RankFile> files_of_rank_trace(const std::filesystem::path& path);

// The readers of each format, without the check between ranks. Files of one rank each, or of all; a schedule is one
// file; those of Chakra end in their rank ("name.3.et").
RankTrace read_time_independent(const std::string& name, const std::vector<RankFile>& files);
RankTrace read_goal(const std::string& name, const std::string& text);
RankTrace read_kineto(const RankFile& file);  // a PyTorch profile of one rank
RankTrace read_chakra(const std::string& name, const std::vector<RankFile>& files);

struct WrittenTrace {
  std::string text;
  std::vector<TraceNote> notes;  // what the format could not say, where it is only precision
};

// The trace in another format, one text of all ranks. Throws InputError, naming rank and action, where meaning would be
// lost: collectives and any tag in GOAL; actions side by side, and collectives of part of the ranks, in a
// time-independent trace. Flops become times for GOAL by `flop_rate`, and are refused without.
WrittenTrace write_goal(const RankTrace& trace, std::optional<FlopRate> flop_rate);
WrittenTrace write_time_independent(const RankTrace& trace);

}  // namespace zettasim::workload
