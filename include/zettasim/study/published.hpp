// Published measurements of machines that exist, a table for each kind, and how far predictions are from them.
// The format is docs/formats-study.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "zettasim/base/document.hpp"
#include "zettasim/study/evaluate.hpp"

namespace zettasim::study {

// How a figure is known.
enum class Standing {
  found,    // read where `source` says
  derived,  // computed from what was read there
  recalled  // from memory, to be looked up
};

struct PublishedRun {
  std::string name;
  std::vector<std::string> command;  // that predicts it
  std::string needs;                 // a file of other people among the words of the command; empty: none
  double measured = 0.0;             // in SI
  Standing standing = Standing::found;
  std::string source;
};

// An error that was wished for, if any, and the one that a table may not exceed. Where the first is not reached, the
// second is what was reached, rounded up.
struct Bound {
  std::optional<double> goal;
  double bound = 0.0;
};

// What other people say of their own model.
struct Peer {
  std::string name;
  double mean_error = 0.0;
  std::string of;
  std::string source;
};

struct PublishedTable {
  std::string name;
  std::string title;
  std::string pointer;  // into the JSON that the commands print
  std::string unit;
  Bound mean;
  Bound worst;
  std::vector<Peer> peers;
  std::vector<PublishedRun> runs;
  Limits limits;
};

// Throws InputError with all problems of the file. `name` is that of the table.
PublishedTable read_published(const std::string& name, Document document);

struct Comparison {
  const PublishedRun* run = nullptr;  // outlived by the table
  std::optional<double> predicted;
  std::string problem;    // why there is no prediction
  bool left_out = false;  // the file it needs is not here
  double error() const { return *predicted / run->measured - 1.0; }
};

struct ValidatedTable {
  const PublishedTable* table = nullptr;
  std::vector<Comparison> rows;
  double mean_error = 0.0;            // of absolute relative errors
  const Comparison* worst = nullptr;  // none where all rows are left out
  double worst_error() const;
  bool holds() const;  // within both bounds, and every row predicted or left out
};

// Predicts all runs in child processes, so many at a time; equal commands once. Files that runs need are looked for in
// `data`. Results are the same for any number of workers.
std::vector<ValidatedTable> validate(const std::vector<PublishedTable>& tables, const Program& program,
                                     const std::filesystem::path& data, std::size_t workers);

std::string validation_text(const std::vector<ValidatedTable>& tables);
std::string validation_json(const std::vector<ValidatedTable>& tables, const std::string& version);

}  // namespace zettasim::study
