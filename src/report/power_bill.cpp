#include "zettasim/report/power_bill.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "shown.hpp"
#include "zettasim/base/text.hpp"

namespace zettasim::report {
namespace {

using nlohmann::ordered_json;

// What computes, communicates and stores, before conversion and cooling.
Power equipment(const PowerBill& bill) {
  return bill.power.sum() - bill.power[Component::losses] - bill.power[Component::cooling];
}

std::string line(const PowerBill& bill, std::string_view name, Power power) {
  return fmt::format("  {:<18}{:>12}{:>12}{:>9}\n", name, to_text(power),
                     to_text(power / static_cast<double>(bill.machine.node_count)), percent(power / bill.power.sum()));
}

std::string component_line(const PowerBill& bill, Component component) {
  return line(bill, name_of(component), bill.power[component]);
}

std::string budget_line(const PowerBill& bill) {
  const Power total = bill.power.sum(), budget = bill.machine.facility.budget;
  const bool fits = total <= budget;
  return fmt::format("  {:<18}{:>12}, {} of it used, {} {}\n", "budget", to_text(budget), percent(total / budget),
                     to_text(fits ? budget - total : total - budget), fits ? "left" : "too much");
}

double pue(const PowerBill& bill) { return bill.power.sum() / (bill.power.sum() - bill.power[Component::cooling]); }

std::string cooling_line(const PowerBill& bill) {
  const auto& cooling = bill.machine.facility.cooling;
  if (!cooling) return {};
  return fmt::format("  {:<18}{:>12}, {} at {:.3g} degC outside\n", "PUE", fmt::format("{:.3f}", pue(bill)),
                     name_of(cooling->kind), in_celsius(cooling->outside.front()));
}

}  // namespace

std::string power_bill_screen(const PowerBill& bill) {
  const auto nodes = static_cast<unsigned long long>(bill.machine.node_count);
  std::string text = fmt::format("{}, {}: {} nodes", bill.machine.name, bill.load, with_thousands(nodes));
  if (bill.time) text += fmt::format(", the mean over {}", to_text(*bill.time));
  text += fmt::format("\n\n  {:<18}{:>12}{:>12}{:>9}\n", "component", "machine", "per node", "share");
  for (const Component c : all_components) {
    if (c != Component::losses && c != Component::cooling) text += component_line(bill, c);
  }
  text += line(bill, "equipment", equipment(bill));
  text += component_line(bill, Component::losses) + component_line(bill, Component::cooling);
  return text + line(bill, "facility", bill.power.sum()) + "\n" + cooling_line(bill) + budget_line(bill);
}

std::string power_bills_screen(const std::vector<PowerBill>& bills) {
  constexpr std::size_t column = 18;
  std::string text = fmt::format("{}, {}\n\n  {:<12}", bills.front().machine.name, bills.front().load, "");
  for (const PowerBill& bill : bills) text += fmt::format("{:>{}}", shown(bill.variant, column - 2), column);
  const auto add_line = [&](std::string_view name, auto&& value_of) {
    text += fmt::format("\n  {:<12}", name);
    for (const PowerBill& bill : bills) text += fmt::format("{:>{}}", value_of(bill), column);
  };
  for (const Component c : all_components) {
    add_line(name_of(c), [&](const PowerBill& bill) { return to_text(bill.power[c]); });
  }
  add_line("facility", [](const PowerBill& bill) { return to_text(bill.power.sum()); });
  add_line("of budget", [](const PowerBill& bill) { return percent(bill.power.sum() / bill.machine.facility.budget); });
  if (std::ranges::any_of(bills, [](const PowerBill& bill) { return bill.machine.facility.cooling.has_value(); })) {
    add_line("PUE", [](const PowerBill& bill) { return fmt::format("{:.3f}", pue(bill)); });
    add_line("cooled by", [](const PowerBill& bill) {
      const auto& cooling = bill.machine.facility.cooling;
      return cooling ? std::string(name_of(cooling->kind)) : std::string("fixed");
    });
    add_line("outside", [](const PowerBill& bill) {
      const auto& cooling = bill.machine.facility.cooling;
      return cooling ? fmt::format("{:.3g} degC", in_celsius(cooling->outside.front())) : std::string("-");
    });
  }
  if (bills.front().time) {
    add_line("time", [](const PowerBill& bill) { return to_text(bill.time.value_or(Duration())); });
  }
  return text + "\n";
}

namespace {

ordered_json bill_value(const PowerBill& bill) {
  const Power total = bill.power.sum(), budget = bill.machine.facility.budget;
  ordered_json result = {{"format", "zettasim-power"}, {"version", bill.version},
                         {"command", bill.command},    {"platform", bill.machine.name},
                         {"load", bill.load},          {"nodes", bill.machine.node_count}};
  if (bill.time) result["time_s"] = bill.time->si();
  for (const Component c : all_components) result["components_w"][std::string(name_of(c))] = bill.power[c].si();
  result["equipment_w"] = equipment(bill).si();
  result["facility_w"] = total.si();
  if (const auto& cooling = bill.machine.facility.cooling) {
    result["pue"] = pue(bill);
    result["cooling"] = {{"kind", name_of(cooling->kind)}, {"outside_degc", in_celsius(cooling->outside.front())}};
  }
  result["budget_w"] = budget.si();
  result["share_of_budget"] = total / budget;
  result["headroom_w"] = (budget - total).si();
  return result;
}

std::string written(const ordered_json& value) {
  return value.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string power_bill_json(const PowerBill& bill) { return written(bill_value(bill)); }

std::string power_bills_json(const std::vector<PowerBill>& bills) {
  ordered_json list = ordered_json::array();
  for (const PowerBill& bill : bills) {
    list.push_back(bill_value(bill));
    list.back()["variant"] = bill.variant;
  }
  return written({{"bills", list}});
}

}  // namespace zettasim::report
