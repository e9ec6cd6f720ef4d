#!/usr/bin/env bash
# Times what docs/performance.md promises, as whole processes: bench/run.sh [PROGRAM]. Needs GNU time. Each figure is the median of five
# runs after one that is not counted; the two sizes of the growth test are timed in turn, so that a machine whose speed drifts
# still gives an honest ratio.
set -euo pipefail
cd "$(dirname "$0")/../.."
program=${1:-build/release/bin/zettasim}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

once() { /usr/bin/time -f '%e %M' -o "$scratch/time" "$@" >/dev/null && cat "$scratch/time"; }
median() { sort -g | awk '{ a[NR] = $1 } END { print a[int((NR + 1) / 2)] }'; }

measure() { # name, bound, command...
  local name=$1 bound=$2
  shift 2
  once "$@" >/dev/null
  for _ in 1 2 3 4 5; do once "$@"; done >"$scratch/runs"
  printf '%-58s %8.3f s %8.0f MB   (goal: %s)\n' "$name" "$(cut -d' ' -f1 "$scratch/runs" | median)" \
    "$(awk '{ print $2 / 1024 }' "$scratch/runs" | median)" "$bound"
}

measure "a mixed day on FugakuNEXT, 600 jobs" "under 5 s" "$program" run fugakunext mixed-day --uncertainty 0
measure "the same with its intervals, 17 runs more, two at a time" "under 5 s" "$program" run fugakunext mixed-day --jobs 2
measure "check Fugaku, 158,976 nodes" "under 1 s, 500 MB" "$program" platform check fugaku

# The same load in jobs per day: 1,000 jobs in one day, 10,000 in ten.
"$program" workload generate "$scratch/1000.json" --platform fugakunext --jobs 1000 --span '1 day' --seed 1 >/dev/null
"$program" workload generate "$scratch/10000.json" --platform fugakunext --jobs 10000 --span '10 days' --seed 1 >/dev/null
for _ in 1 2 3; do
  once "$program" run fugakunext "$scratch/1000.json" --uncertainty 0 >>"$scratch/small"
  once "$program" run fugakunext "$scratch/10000.json" --uncertainty 0 >>"$scratch/large"
done
small=$(cut -d' ' -f1 "$scratch/small" | median)
large=$(cut -d' ' -f1 "$scratch/large" | median)
awk -v s="$small" -v l="$large" 'BEGIN {
  goal = 10 * log(10000) / log(1000)
  printf "%-58s %8.3f s and %.3f s: %.1f times   (goal: at most %.1f, N log N)\n", "1,000 and 10,000 jobs", s, l, l / s, goal }'

theta=${ZETTASIM_SHARED:-../shared}/data/swf/theta_2023.swf.gz
if [ -e "$theta" ]; then
  measure "the Theta log, 8,401 jobs in 132 days" "under 30 s" "$program" run fugakunext "$theta" --mix science --uncertainty 0
else
  echo "the Theta log: not on this machine"
fi

# Sweeps: points a second of a prediction on FugakuNEXT, and what a point costs beside its run, seen on a machine of two
# nodes whose own prediction takes a millisecond.
sweep_rate() { # runs: what a sweep of 400 points prints as its rate
  echo '{"format": "zettasim-sweep", "version": 1, "name": "rate", "runs": {"p": ["predict", '"$1"']},
    "parameters": [{"name": "pue", "platform": "/facility/pue", "from": 1.01, "to": 1.5, "steps": 400}],
    "metrics": {"flops": {"run": "p", "at": "/flops"}}}' >"$scratch/rate.json"
  for _ in 1 2 3; do
    rm -rf "$scratch/rate.sweep"
    "$program" sweep "$scratch/rate.json" --jobs 2 --out "$scratch/rate.sweep" | sed -n 's/.*(\([0-9.e+]*\) a second).*/\1/p'
  done | median
}
rate=$(sweep_rate '"fugakunext", "hpl"')
awk -v r="$rate" 'BEGIN { printf "%-58s %8.0f a second                   (goal: 50)\n", "a sweep of HPL on FugakuNEXT, two at a time", r }'
rate=$(sweep_rate '"two-nodes", "stream"')
awk -v r="$rate" 'BEGIN { printf "%-58s %8.1f ms                         (goal: under 10 ms)\n", "a point of a sweep beside its run", 2000 / r }'
