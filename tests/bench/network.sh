#!/usr/bin/env bash
# What a communication phase costs: bench/network.sh [BUILD]. Whole processes in CPU time, the least of three runs; then how the cost
# grows with the ranks (bench_network).
set -euo pipefail
build=$(realpath "${1:-build/release}")
cd "$(dirname "$0")/../.."
TIMEFORMAT='%U %S'

least() { # of three runs of the program, in seconds
  for _ in 1 2 3; do { time "$build/bin/zettasim" "$@" >/dev/null; } 2>&1; done |
    awk '{ t = $1 + $2; if (NR == 1 || t < least) least = t } END { printf "%.3f", least }'
}

measure() { # name, goal, arguments of the program
  local name=$1 goal=$2
  shift 2
  printf '%-60s %7s s   (goal: under %s s)\n' "$name" "$(least "$@")" "$goal"
}

measure "1 MiB all-reduce on 16,384 GPUs of Frontier, hierarchical" 0.1 collective frontier --size 1MiB --ranks 16384
measure "the same on 158,976 nodes of Fugaku" 1 collective fugaku --size 1MiB
measure "ring of 1,024 ranks" 0.05 collective fugaku --ranks 1024 --size 1MiB --algorithm ring
if [ ! -x "$build/bin/bench_network" ]; then
  echo "growth with ranks: not built; cmake --preset dev && ninja -C build/dev bench_network zettasim, then bench/network.sh build/dev"
  exit 0
fi
"$build/bin/bench_network"
