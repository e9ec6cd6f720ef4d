// A page to open: figures, charts as inline SVG, no script, nothing fetched. Colours are from Okabe and Ito 2008, which
// people with colour-deficient sight tell apart.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>

#include "sureness.hpp"
#include "zettasim/base/text.hpp"
#include "zettasim/report/outputs.hpp"

namespace zettasim::report {
namespace {

constexpr double width = 900.0, height = 260.0, left = 62.0, bottom = 26.0, top = 10.0;

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

// 1, 2 or 5 times a power of ten, so that `range` has four to ten such steps.
double nice_step(double range) {
  if (range <= 0.0) return 1.0;
  const double power = std::pow(10.0, std::floor(std::log10(range / 4.0)));
  const double lead = range / 4.0 / power;
  return power * (lead >= 5.0 ? 5.0 : lead >= 2.0 ? 2.0 : 1.0);
}

// The plane of a chart: hours to the right, a quantity upwards.
struct Plane {
  double most_x;
  double most_y;
  double x(double value) const { return left + (width - left - 8.0) * value / most_x; }
  double y(double value) const { return height - bottom - (height - bottom - top) * value / most_y; }
};

std::string axes(const Plane& plane, const char* unit) {
  std::string svg;
  const double step_y = nice_step(plane.most_y);
  for (double v = 0.0; v <= plane.most_y * 1.0001; v += step_y) {
    svg += fmt::format(
        "<line class=grid x1={:.1f} x2={:.1f} y1={:.1f} y2={:.1f} /><text class=right x={:.1f} y={:.1f}>{:g} "
        "{}</text>\n",
        left, width - 8.0, plane.y(v), plane.y(v), left - 5.0, plane.y(v) + 4.0, v, unit);
  }
  const double step_x = nice_step(plane.most_x);
  for (double v = 0.0; v <= plane.most_x * 1.0001; v += step_x) {
    svg += fmt::format("<text class=mid x={:.1f} y={:.1f}>{:g} h</text>\n", plane.x(v), height - 8.0, v);
  }
  return svg;
}

std::string open_svg(const char* title) {
  return fmt::format("<svg viewBox=\"0 0 {} {}\" role=img aria-label=\"{}\">\n", width, height, title);
}

struct Band {
  const char* name;
  const char* colour;
  std::vector<Component> components;
};
const std::vector<Band>& bands() {
  static const std::vector<Band> all = {
      {"GPUs", "#0072b2", {Component::gpu}},
      {"GPU memory", "#56b4e9", {Component::gpu_memory}},
      {"CPUs and memory", "#009e73", {Component::cpu, Component::cpu_memory}},
      {"node: links, interfaces, boards", "#f0e442", {Component::node_links, Component::nic, Component::node_base}},
      {"network", "#e69f00", {Component::network}},
      {"storage", "#cc79a7", {Component::storage}},
      {"losses", "#999999", {Component::losses}},
      {"cooling", "#d55e00", {Component::cooling}}};
  return all;
}

// The limit of the budget over the run, in steps where a signal moves it.
std::string budget_points(const Run& run, const Plane& plane, double scale) {
  const auto height_of = [&](Power limit) { return plane.y(in_watts(limit) / scale); };
  double limit_y = height_of(run.summary.budget);
  std::string points = fmt::format("{:.1f},{:.1f}", left, limit_y);
  for (const auto& step : run.machine.facility.budget_signal) {
    if (step.from >= run.record.end) break;
    const double x = plane.x(in_hours(step.from));
    points += fmt::format(" {:.1f},{:.1f}", x, limit_y);
    limit_y = height_of(step.limit);
    points += fmt::format(" {:.1f},{:.1f}", x, limit_y);
  }
  return points + fmt::format(" {:.1f},{:.1f}", width - 8.0, limit_y);
}

std::string power_chart(const Run& run, const std::vector<PowerBin>& bins) {
  double most = in_megawatts(run.summary.budget);
  for (const auto& step : run.machine.facility.budget_signal) most = std::max(most, in_megawatts(step.limit));
  for (const PowerBin& bin : bins) most = std::max(most, in_megawatts(bin.highest));
  const bool kilowatts = most < 1.0;
  const double scale = kilowatts ? 1e3 : 1e6;
  const Plane plane{in_hours(run.record.end), most * 1e6 / scale * 1.05};
  std::string svg = open_svg("facility power over time");
  auto out = std::back_inserter(svg);
  std::vector<double> base(bins.size(), 0.0);
  for (const Band& band : bands()) {
    std::string upper, lower;
    for (std::size_t i = 0; i < bins.size(); ++i) {
      double added = 0.0;
      for (const Component c : band.components) added += in_watts(bins[i].mean[c]) / scale;
      const double from = plane.x(in_hours(bins[i].from)), to = plane.x(in_hours(bins[i].to));
      lower = fmt::format("{:.1f},{:.1f} {:.1f},{:.1f} ", to, plane.y(base[i]), from, plane.y(base[i])) + lower;
      base[i] += added;
      upper += fmt::format("{:.1f},{:.1f} {:.1f},{:.1f} ", from, plane.y(base[i]), to, plane.y(base[i]));
    }
    fmt::format_to(out, "<polygon fill=\"{}\" points=\"{}{}\"/>\n", band.colour, upper, lower);
  }
  svg += axes(plane, kilowatts ? "kW" : "MW");
  fmt::format_to(out, "<polyline class=budget points=\"{}\"/><text x={:.1f} y={:.1f}>budget {}</text></svg>\n",
                 budget_points(run, plane, scale), left + 6.0, plane.y(in_watts(run.summary.budget) / scale) - 4.0,
                 to_text(run.summary.budget));
  svg += "<p class=legend>";
  for (const Band& band : bands())
    fmt::format_to(out, "<span><i style=\"background:{}\"></i>{}</span> ", band.colour, band.name);
  return svg + "</p>\n";
}

std::string nodes_chart(const Run& run, const std::vector<PowerBin>& bins) {
  const Plane plane{in_hours(run.record.end), static_cast<double>(run.machine.node_count) * 1.02};
  std::string svg = open_svg("nodes in use over time");
  std::string points;
  for (const PowerBin& bin : bins) {
    points += fmt::format("{:.1f},{:.1f} {:.1f},{:.1f} ", plane.x(in_hours(bin.from)), plane.y(bin.busy_nodes),
                          plane.x(in_hours(bin.to)), plane.y(bin.busy_nodes));
  }
  return svg +
         fmt::format("<polygon fill=\"#56b4e9\" points=\"{:.1f},{:.1f} {}{:.1f},{:.1f}\"/>\n", plane.x(0.0),
                     plane.y(0.0), points, plane.x(plane.most_x), plane.y(0.0)) +
         axes(plane, "") + "</svg>\n";
}

// What a job's time goes into, with the colour it has in the bars.
struct Activity {
  const char* name;
  const char* colour;
  Duration engine::TimeByActivity::*time;
};
constexpr std::array activities = {Activity{"compute", "#0072b2", &engine::TimeByActivity::kernel},
                                   Activity{"collectives", "#e69f00", &engine::TimeByActivity::collective},
                                   Activity{"neighbours", "#f0e442", &engine::TimeByActivity::neighbours},
                                   Activity{"storage", "#cc79a7", &engine::TimeByActivity::storage},
                                   Activity{"recorded or hosts", "#999999", &engine::TimeByActivity::busy},
                                   Activity{"pipeline idle", "#56b4e9", &engine::TimeByActivity::idle},
                                   Activity{"others' traffic", "#d55e00", &engine::TimeByActivity::sharing},
                                   Activity{"power budget", "#000000", &engine::TimeByActivity::power}};

std::string time_bar(const engine::TimeByActivity& time) {
  const double total = time.sum().si();
  if (total <= 0.0) return "-";
  std::string bar = "<div class=bar>";
  for (const Activity& activity : activities) {
    const double share = 100.0 * (time.*activity.time).si() / total;
    if (share > 0.05) {
      bar += fmt::format("<b style=\"width:{:.2f}%;background:{}\" title=\"{} {:.1f} %\"></b>", share, activity.colour,
                         activity.name, share);
    }
  }
  return bar + "</div>";
}

std::string application_table(const Summary& s) {
  const bool held_back = s.throttled_node_time > Duration();
  std::string html = fmt::format(
      "<table><tr><th>application<th>model<th>jobs<th>mean run<th>node-hours<th>energy{}<th>where the time went</tr>\n",
      held_back ? "<th>slowed" : "");
  auto out = std::back_inserter(html);
  for (const auto& app : s.applications) {
    const auto slowed = held_back ? "<td class=n>" + percent(app.power_slowdown - 1.0) : std::string();
    fmt::format_to(out, "<tr><td>{}<td>{}<td class=n>{}<td class=n>{}<td class=n>{}<td class=n>{}{}<td>{}</tr>\n",
                   escaped(app.name), escaped(app.model), app.jobs, to_text(app.mean_run_time),
                   with_thousands(static_cast<unsigned long long>(std::min(in_hours(app.node_time), 1e18))),
                   to_text(app.energy), slowed, time_bar(app.time));
  }
  html += "</table>\n<p class=legend>";
  for (const Activity& activity : activities) {
    fmt::format_to(out, "<span><i style=\"background:{}\"></i>{}</span> ", activity.colour, activity.name);
  }
  return html + "</p>\n";
}

std::string link_table(const engine::RunRecord& record) {
  if (record.busiest_links.empty()) return "<p>No traffic between nodes.</p>\n";
  std::string html = "<table><tr><th>link<th>bytes<th>use over the run</tr>\n";
  for (const auto& link : record.busiest_links) {
    html += fmt::format("<tr><td>{}<td class=n>{}<td class=n>{}</tr>\n", escaped(link.name), to_text(link.bytes),
                        percent(link.utilisation));
  }
  return html + "</table>\n";
}

// How far below and above the figure as described nine in ten draws lie.
std::string sureness_table(const Run& run) {
  if (!run.sureness || run.sureness->intervals.empty()) return {};
  const Intervals& drawn = *run.sureness;
  std::string html = fmt::format(
      "<h2>How sure the figures are</h2>\n<p>The {} numbers of the machine that carry a range were drawn from it {} "
      "times, and the workload run on each draw (seed {}). It says what follows from the ranges, not how wrong the "
      "models are; <code>zettasim predict</code> tells which number matters most.</p>\n"
      "<table><tr><th>figure<th>as described<th>nine in ten draws are between<th>median<th>off by</tr>\n",
      drawn.numbers, drawn.draws, drawn.seed);
  for (const Interval& i : drawn.intervals) {
    const auto text = [&](double si) { return in_unit(i.figure, si); };
    const auto off = [&](double si) { return i.described > 0.0 ? 100.0 * (si / i.described - 1.0) : 0.0; };
    html += fmt::format(
        "<tr><td>{}<td class=n>{}<td class=n>{} and {}<td class=n>{}<td class=n>{:+.1f} % to {:+.1f} %</tr>\n",
        escaped(i.figure.name), text(i.described), text(i.low), text(i.high), text(i.median), off(i.low), off(i.high));
  }
  return html + "</table>\n";
}

constexpr std::string_view style =
    "body{font:15px/1.45 system-ui,sans-serif;max-width:940px;margin:2em auto;padding:0 1em;color:#222}"
    "h1{font-size:1.5em}h2{font-size:1.15em;margin-top:1.8em}pre{background:#f6f6f6;padding:1em;overflow-x:auto;font-"
    "size:13px}"
    "svg{width:100%;height:auto}svg text{font-size:11px;fill:#444}.right{text-anchor:end}.mid{text-anchor:middle}"
    ".grid{stroke:#ddd;stroke-width:.6}.budget{fill:none;stroke:#c00;stroke-width:1.5;stroke-dasharray:6 4}"
    "table{border-collapse:collapse;width:100%;font-size:13px}th,td{text-align:left;padding:.25em "
    ".6em;border-bottom:1px solid #ddd}"
    ".n{text-align:right;white-space:nowrap}.bar{display:flex;height:12px;min-width:240px}.bar b{display:block}"
    ".legend span{margin-right:1em;font-size:12px;white-space:nowrap}.legend "
    "i{display:inline-block;width:10px;height:10px;margin-right:4px}";

}  // namespace

std::string report_html(const Run& run) {
  const auto bins = bin_power(run.record, 480);
  const std::string title = fmt::format("{} on {}", escaped(run.trace.name), escaped(run.machine.name));
  std::string html = fmt::format(
      "<!doctype html>\n<html lang=en><meta charset=utf-8><meta name=viewport "
      "content=\"width=device-width\"><title>{}</title><style>{}</style>\n",
      title, style);
  html += fmt::format("<h1>{}</h1>\n<pre>{}</pre>\n", title, escaped(screen(run)));
  html += sureness_table(run);
  if (!bins.empty()) {
    html += "<h2>Power at the facility meter</h2>\n" + power_chart(run, bins);
    html += "<h2>Nodes in use</h2>\n" + nodes_chart(run, bins);
  }
  html += "<h2>Applications</h2>\n" + application_table(run.summary);
  html += "<h2>Most used links between nodes</h2>\n" + link_table(run.record);
  html += fmt::format("<p>zettasim {}. Everything that made this page is in report.json beside it.</p>\n</html>\n",
                      escaped(run.version));
  return html;
}

}  // namespace zettasim::report
