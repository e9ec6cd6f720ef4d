// Our meter against SimGrid's host_energy plugin, on a case both can do: hosts that are idle or fully busy.
#include <simgrid/plugins/energy.h>
#include <simgrid/s4u.hpp>

#include "support/catch.hpp"
#include "support/machines.hpp"
#include "support/run_numbers.hpp"
#include "support/traces.hpp"

using namespace zettasim;
using namespace zettasim::literals;
using namespace zettasim::test;

namespace {

struct Burst {
  double start_s;
  double flops;
};

// One host a burst, of 40 TFLOP/s, 740 W idle and 1,140 W busy, until the last burst is over.
double plugin_energy_j(const std::vector<Burst>& bursts) {
  return run_in_child([&] {
           namespace sg = simgrid::s4u;
           int count = 2;
           char name[] = "plugin", quiet[] = "--log=root.thresh:error";
           char* arguments[] = {name, quiet, nullptr};
           sg_host_energy_plugin_init();
           sg::Engine engine(&count, arguments);
#if SIMGRID_VERSION >= 40000
           auto* zone = engine.get_netzone_root()->add_netzone_empty("zone");
#else
           auto* zone = sg::create_empty_zone("zone");
#endif
           std::vector<sg::Host*> hosts;
           for (std::size_t i = 0; i < bursts.size(); ++i) {
             const std::string host_name = "host" + std::to_string(i);
#if SIMGRID_VERSION >= 40000
             hosts.push_back(zone->add_host(host_name, 40e12));
#else
             hosts.push_back(zone->create_host(host_name, 40e12));
#endif
             hosts.back()->set_property("wattage_per_state", "740:1140:1140");
             hosts.back()->seal();
           }
           zone->seal();
           for (std::size_t i = 0; i < bursts.size(); ++i) {
             const Burst burst = bursts[i];
             sg::Actor::create("burst", hosts[i], [burst] {
               sg::this_actor::sleep_until(burst.start_s);
               sg::this_actor::execute(burst.flops);
             });
           }
           engine.run();
           double total = 0.0;
           for (auto* host : hosts) total += sg_host_get_consumed_energy(host);
           return std::vector<double>{total};
         })
      .at(0);
}

}  // namespace

// A node at rest: two CPUs and four GPUs of 100 W, four interfaces of 10 W, 100 W base: 740 W. Its GPUs at 40 TFLOP/s
// and 10 pJ/flop draw 400 W more. Switches and storage draw nothing here, as in the plugin's world.
TEST_CASE("idle and busy hosts take the energy that the host energy plugin of SimGrid finds") {
  const std::vector<Burst> bursts = {{0.0, 400e12}, {3.0, 100e12}, {7.5, 1234e12}};
  auto machine = test::machine(fully_connected(), 3);
  machine.network.switch_power = {};
  machine.storage.clear();
  std::vector<TestJob> jobs;
  for (const Burst& burst : bursts)
    jobs.push_back(job(steps(1, {kernel(flops(burst.flops))}), 1, seconds(burst.start_s)));
  const double ours = simulate_in_child(machine, trace(jobs)).meter_j();
  CHECK(ours == Approx(plugin_energy_j(bursts)).epsilon(1e-6));
}
