// zettasim predict, from the outside.
#include <fstream>
#include <nlohmann/json.hpp>

#include "program.hpp"
#include "support/catch.hpp"

using nlohmann::json;
using zettasim::test::call;
using zettasim::test::contains;
using zettasim::test::Scratch;

namespace {

json prediction(const std::string& arguments) {
  const auto outcome = call("predict " + arguments + " --json");
  INFO(outcome.error);
  REQUIRE(outcome.exit_code == 0);
  return json::parse(outcome.out);
}

}  // namespace

TEST_CASE("a prediction's figures follow from each other") {
  const json p = prediction("fugakunext hpl --nodes 64");
  CHECK(p["nodes"] == 64);
  CHECK(p["flops"].get<double>() == Approx(p["flop_count"].get<double>() / p["time_s"].get<double>()));
  CHECK(p["rmax_flops"] == p["flops"]);
  CHECK(p["power_mean_w"].get<double>() == Approx(p["energy_j"].get<double>() / p["time_s"].get<double>()));
  double energy = 0.0, time = 0.0;
  for (const auto& part : p["energy_by_component_j"]) energy += part.get<double>();
  for (const auto& phase : p["phases"]) time += phase["time_s"].get<double>();
  CHECK(energy == Approx(p["energy_j"].get<double>()).epsilon(1e-9));
  CHECK(time == Approx(p["time_s"].get<double>()).epsilon(1e-9));
}

// 64 requests of 256 tokens on each copy; what one waits for: the first token once, a further one 255 times.
TEST_CASE("answers of a language model are told by what their readers wait for", "[llm]") {
  const json p = prediction("monaka-cloud llm-inference output=256 batch=8 --nodes 64");
  const double first = p["time_to_first_token_s"], next = p["time_per_output_token_s"];
  CHECK(first + 255 * next == Approx(p["iteration_time_s"].get<double>()).epsilon(1e-9));
  CHECK(p["tokens_per_s"].get<double>() == Approx(64 * 8 * 256 / p["iteration_time_s"].get<double>()).epsilon(1e-9));
  CHECK(p["samples_per_s"].get<double>() * 256 == Approx(p["tokens_per_s"].get<double>()));
  CHECK(p["tokens_per_joule"].get<double>() > 0.0);
  CHECK(first > next);
}

TEST_CASE("rates of training are those of its steps whatever stands around them", "[llm]") {
  const json p = prediction("selene-like llm-training steps=2 --nodes 8");
  CHECK(p["model_flops_per_gpu"].get<double>() * 64 * p["iteration_time_s"].get<double>() * 2 ==
        Approx(p["flop_count"].get<double>()));
  CHECK(p["tokens_per_s"].get<double>() * p["iteration_time_s"].get<double>() ==
        Approx(p["samples_per_s"].get<double>() * p["iteration_time_s"].get<double>() * 8192));
}

// 11,912 GPUs of 2,978 nodes are 8 x 1,489, a prime; the 11,904 of 2,976 are 64 x 186.
TEST_CASE("a model whose copies do not divide over a machine leaves a few nodes out", "[llm]") {
  CHECK(prediction("lumi-g llm-training")["nodes"] == 2976);
  CHECK(prediction("lumi-g hpl")["nodes"] == 2978);
  CHECK(contains(call("predict lumi-g llm-training --nodes 2978").error, "on 2978 nodes"));
}

TEST_CASE("language models run on machines that describe no storage", "[llm]") {
  CHECK(prediction("dgx-h100 llm-inference")["tokens_per_s"].get<double>() > 0.0);
  CHECK(
      prediction("jedi llm-training layers=8 hidden=4096 heads=32 ffn=14336 --nodes 1")["tokens_per_s"].get<double>() >
      0.0);
}

// A halo of two nodes on one cable shares nothing, so that both resolutions agree.
TEST_CASE("an application is predicted message by message where it is small enough") {
  const double patterns = prediction("two-nodes stencil")["time_s"],
               messages = prediction("two-nodes stencil --network messages")["time_s"];
  CHECK(messages == Approx(patterns).epsilon(1e-9));
  const auto outcome = call("predict fugakunext stencil --network messages");
  CHECK(outcome.exit_code == 2);
  CHECK(contains(outcome.error, "found messages for 3840 nodes, expected at most 2048"));
}

TEST_CASE("predictions are the same bytes each time") {
  CHECK(call("predict frontier stencil --json").out == call("predict frontier stencil --json").out);
}

TEST_CASE("an application of one's own is predicted from its file") {
  const Scratch scratch;
  const auto file = scratch / "mine.json";
  std::ofstream(file) << R"({"program": {"step": [{"busy": {"time": "2 s"}}], "steps": 5}})";
  CHECK(prediction("two-nodes '" + file.string() + "'")["time_s"].get<double>() == Approx(10.0));
}

TEST_CASE("all wrong parameters of a prediction are named at once") {
  const auto outcome = call("predict frontier hpl block=x foo=1");
  CHECK(outcome.exit_code == 2);
  CHECK(contains(outcome.error, "hpl#/block: found \"x\""));
  CHECK(contains(outcome.error, "hpl#: unknown key \"foo\""));
}

TEST_CASE("machines stand side by side with what each is predicted to do") {
  const auto outcome = call("compare fugakunext frontier --app hpl,stencil --json");
  REQUIRE(outcome.exit_code == 0);
  const json rows = json::parse(outcome.out)["rows"];
  REQUIRE(rows.size() == 4);
  CHECK(rows[0]["application"] == "hpl");
  CHECK(rows[1]["platform"] == "Frontier");
  CHECK(rows[3]["application"] == "stencil");
  CHECK(rows[1]["flops"] == prediction("frontier hpl")["flops"]);
  CHECK(rows[1]["power_mean_w"] == prediction("frontier hpl")["power_mean_w"]);
}

TEST_CASE("a machine that cannot run an application says why beside those that can") {
  const auto outcome = call("compare cloudmatrix-384 frontier --app hpl");
  CHECK(outcome.exit_code == 0);
  CHECK(contains(outcome.out, "has no rate for it"));
}

TEST_CASE("unknown models and node counts and words without a value are refused") {
  for (const char* arguments : {"frontier hpll", "frontier hpl --nodes 0", "frontier hpl --nodes 99999999",
                                "frontier hpl n", "frontier no-such-file.json", "frontier hpl =3"}) {
    INFO(arguments);
    CHECK(call(std::string("predict ") + arguments).exit_code == 2);
  }
}

// An H100 at 500 W instead of 700 W runs HPL at lower clocks: slower, but with less energy. At 200 W it rests between
// kernels at its lowest clock, and the node's other parts draw power for longer. A device whose file lists no clocks
// takes as much energy above idle as before.
TEST_CASE("a lower limit of the GPUs takes speed and energy down the clock states") {
  const auto with_limit = [](const std::string& machine, const std::string& limit) {
    return prediction(machine + " hpl --set '/node/gpus/device/limit=\"" + limit + "\"'");
  };
  const json rated = with_limit("dgx-h100", "700 W"), capped = with_limit("dgx-h100", "500 W"),
             crawling = with_limit("dgx-h100", "200 W");
  CHECK(rated["phases"] == prediction("dgx-h100 hpl")["phases"]);
  CHECK(capped["time_s"].get<double>() > 1.05 * rated["time_s"].get<double>());
  CHECK(capped["energy_j"].get<double>() < 0.97 * rated["energy_j"].get<double>());
  CHECK(crawling["energy_j"].get<double>() > rated["energy_j"].get<double>());
  CHECK(with_limit("lumi-g", "400 W")["energy_j"].get<double>() > prediction("lumi-g hpl")["energy_j"].get<double>());
}

// NVIDIA's HPL is delivered with panels of 1,024 columns, AMD's with 512 (lu_block of the devices).
TEST_CASE("hpl takes panels as wide as the vendor of the devices delivers it with") {
  const auto [machine, own, other] = GENERATE(
      table<std::string, std::string, std::string>({{"dgx-a100", "1024", "512"}, {"frontier", "512", "1024"}}));
  const std::string line = "predict " + machine + " hpl n=102400 --nodes 1";
  const std::string unsaid = call(line).out;
  CHECK(contains(unsaid, "FLOPS"));
  CHECK(unsaid == call(line + " block=" + own).out);
  CHECK(unsaid != call(line + " block=" + other).out);
}
