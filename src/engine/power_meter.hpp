// From the watts of parts to the facility meter, and the exact integral over time. Power is constant between events.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/power_ramp.hpp"
#include "zettasim/base/quantity.hpp"
#include "zettasim/base/vocabulary.hpp"
#include "zettasim/engine/run_record.hpp"
#include "zettasim/platform/machine.hpp"

namespace zettasim::engine {

// What is drawn inside of nodes, behind their supplies. Network and storage pass the distribution and the cooling only.
template <class Q>
Q inside_nodes(const PerComponent<Q>& amount) {
  return amount.sum() - amount[Component::network] - amount[Component::storage] - amount[Component::losses] -
         amount[Component::cooling];
}

// What nodes draw at rest, and what conversion and cooling add. All of it is linear, so that the parts of a machine can
// be accounted for one by one and still sum to the meter. Cooling is that of the run's first hour until told otherwise.
class PowerModel {
 public:
  PowerModel(const platform::Machine& machine, std::size_t switch_count);

  // `nodes` nodes at rest, before conversion.
  PerComponent<Power> nodes_at_rest(double nodes) const { return rest_ * nodes; }
  Power network_at_rest() const { return network_at_rest_; }
  Power storage_at_rest() const { return storage_at_rest_; }
  // All of `nodes` nodes, network and storage at rest, at the facility.
  PerComponent<Power> facility_at_rest(double nodes) const;
  // The same power with the losses of `nodes` nodes' supplies, of distribution, and cooling.
  PerComponent<Power> at_facility(PerComponent<Power> power, double nodes) const;
  // What `nodes` nodes may draw inside above rest so that together they take no more than `limit` at their inlets.
  Power inside_room(Power limit, double nodes) const;
  const std::optional<platform::Grid>& grid() const { return grid_; }
  // `power` drawn by main devices for nothing but drawing it.
  PerComponent<Power> burning(Power power) const;
  // The most that those of `nodes` nodes can burn beside work that draws `above_rest`.
  Power most_burning(double nodes, const PerComponent<Power>& above_rest) const;
  double pue() const { return pue_; }
  // From now on; who integrates has to be up to date before.
  void set_pue(double pue) { pue_ = pue; }

 private:
  PerComponent<Power> rest_;  // one node
  Power network_at_rest_;
  Power storage_at_rest_;       // shared tiers; those in nodes are part of rest_
  double supply_factor_ = 1.0;  // node input power = supply_factor_ * output + supply_fixed_
  Power supply_fixed_;
  double distribution_efficiency_ = 1.0;
  double pue_ = 1.0;
  std::optional<platform::Grid> grid_;
  Component burner_ = Component::cpu;  // the main devices
  Component burner_memory_ = Component::cpu_memory;
  Power burner_range_;  // of those of one node, from rest to their limit
};

// The facility meter. Times must not decrease.
class PowerMeter {
 public:
  // `ramp`, where there is one, is told what the meter shows.
  PowerMeter(const PowerModel& model, std::int64_t node_count, RampControl* ramp = nullptr);

  void change_job_power(Duration now, const PerComponent<Power>& before, const PerComponent<Power>& after);
  void change_busy_nodes(Duration now, std::int64_t by);
  void bring_up_to(Duration now) { integrate(now); }
  // From here on jobs are held back by the ramp, or not.
  void hold_back(Duration now, bool held_back);
  // Main devices burn what is missing to `lowest`, as far as they can; tells whether they have to.
  bool burn_up_to(Duration now, Power lowest);
  // Around a change of the model's PUE: what was drawn before is accounted for, what is drawn after is noted.
  void close_accounts(Duration now);
  void note_cooling(Duration now);
  // Brings the integral up to `now` and hands the results over.
  void finish(Duration now, RunRecord& record);

 private:
  void integrate(Duration now);
  void integrate_ramp(Duration step, Duration now);
  void note_step(Duration now);
  PerComponent<Power> facility_power() const;

  const PowerModel& model_;
  std::int64_t node_count_;
  std::int64_t busy_nodes_ = 0;
  PerComponent<Power> above_rest_;  // of all running jobs, before conversion
  PerComponent<Power> now_power_;   // at the facility
  Power burn_;                      // before conversion
  bool held_back_ = false;
  RampControl* ramp_;
  Duration since_;
  PerComponent<Energy> energy_;
  PerComponent<Energy> burned_;
  RampRecord ramp_record_;
  Energy total_;
  GridCost grid_cost_;
  PerComponent<Energy> idle_;  // of idle nodes, and of network and storage at rest, up to accounted_
  PerComponent<Energy> infrastructure_;
  Duration accounted_;
  Duration idle_node_time_;  // since then
  Duration node_time_;
  std::vector<PowerStep> steps_;
};

}  // namespace zettasim::engine
