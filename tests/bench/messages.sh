#!/bin/sh
# A ring all-reduce message by message against SMPI's replay of the same messages, one after the other on this machine.
#   tests/bench/messages.sh BUILD [RANKS]     RANKS: 1024, which is 2.1 million messages and takes about half a minute
# Both simulate every message of 2 (p-1) rounds; SMPI with all factors one and synchronous sends. Needs smpirun
# (Debian: libsimgrid-dev).
set -eu
build=$1
ranks=${2:-1024}
command -v smpirun >/dev/null || { echo "skipped: smpirun is not installed"; exit 4; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$build/bin/bench_messages" "$ranks" --traces "$folder" >"$folder/command"
"$build/bin/bench_messages" "$ranks"
start=$(date +%s.%N)
sh "$folder/command" >"$folder/output" || { tail -5 "$folder/output"; exit 1; }
end=$(date +%s.%N)
grep -o 'Simulation time .*' "$folder/output"
echo "smpirun wall $(echo "$end $start" | awk '{ printf "%.2f", $1 - $2 }') s"
