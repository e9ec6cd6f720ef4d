// See chosen_application.hpp.
#include "app/chosen_application.hpp"

#include <fmt/format.h>

#include <algorithm>

#include <nlohmann/json.hpp>

#include "zettasim/base/document.hpp"
#include "zettasim/engine/simulate.hpp"

namespace zettasim::app {
namespace {

std::string json_text(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// As JSON where it is some, else as a text.
std::string value_text(const std::string& text) { return nlohmann::json::accept(text) ? text : json_text(text); }

std::pair<std::string, std::string> split_parameter(const std::string& application, const std::string& parameter) {
  const auto equals = parameter.find('=');
  if (equals == std::string::npos || equals == 0) {
    throw InputError(application, fmt::format("found \"{}\", expected a parameter such as block=512", parameter));
  }
  return {parameter.substr(0, equals), parameter.substr(equals + 1)};
}

}  // namespace

workload::Application chosen_application(const std::string& name, const std::vector<std::string>& parameters) {
  if (!name.ends_with(".json")) {
    std::string text = fmt::format("{{\"model\": {}", json_text(name));
    for (const std::string& parameter : parameters) {
      const auto [key, value] = split_parameter(name, parameter);
      text += fmt::format(", {}: {}", json_text(key), value_text(value));
    }
    auto document = Document::parse(name, text + "}");
    auto application = workload::read_application(name, document.root());
    document.finish();
    return application;
  }
  auto document = Document::load(name);
  for (const std::string& parameter : parameters) {
    const auto [key, value] = split_parameter(name, parameter);
    document.set("/" + key, value);
  }
  auto application = workload::read_application(name, document.root());
  document.finish();
  return application;
}

std::vector<Problem> misfits_of(const platform::Machine& machine, const workload::Application& application,
                                std::int64_t nodes) {
  workload::Trace trace;
  trace.file = application.name;
  trace.applications = {application};
  trace.jobs.emplace_back().nodes = nodes;
  return engine::find_misfits(machine, trace);
}

std::int64_t usual_nodes(const platform::Machine& machine, const workload::Application& application) {
  const std::int64_t all = machine.node_count;
  const std::int64_t most_left_out = std::min<std::int64_t>(all / 20, 256);  // each is tried in turn
  for (std::int64_t nodes = all; nodes >= all - most_left_out; --nodes) {
    if (misfits_of(machine, application, nodes).empty()) return nodes;
  }
  return all;
}

}  // namespace zettasim::app
