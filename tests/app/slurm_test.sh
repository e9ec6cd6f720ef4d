#!/usr/bin/env bash
# A sweep as a job array of a real Slurm on this machine: the same table as a sweep without it, also when tasks of the
# array are cancelled in the middle. Skipped by name (exit 4) where Slurm is not installed or does not start.
# usage: slurm_test.sh ZETTASIM SOURCE_DIR
set -euo pipefail
zettasim=$1
cd "$2"
for program in munged slurmctld slurmd sbatch squeue scancel; do
  command -v $program >/dev/null || { echo "skipped: $program is not installed"; exit 4; }
done
folder=$(mktemp -d "${TMPDIR:-/tmp}/zettasim-slurm-XXXXXX")
end() {
  for pid in slurmd slurmctld munged; do
    [ ! -f "$folder/$pid.pid" ] || kill "$(cat "$folder/$pid.pid")" 2>/dev/null || true
  done
  sleep 1
  rm -rf "$folder"
}
trap end EXIT
fail() { echo "FAILED: $1"; tail -n 20 "$folder"/log/* "$folder"/*/shards/*.log 2>/dev/null || true; exit 1; }

mkdir -p "$folder/state" "$folder/spool" "$folder/log"
dd if=/dev/urandom of="$folder/munge.key" bs=1 count=1024 2>/dev/null
chmod 400 "$folder/munge.key"
host=$(hostname -s)
# Ports of this process, so that two tests and a real Slurm do not meet.
port=$((20000 + $$ % 20000))
cat >"$folder/slurm.conf" <<CONF
ClusterName=zettasim
SlurmctldHost=$host(127.0.0.1)
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
AuthType=auth/munge
AuthInfo=socket=$folder/munge.socket
CredType=cred/munge
SlurmctldPort=$port
SlurmdPort=$((port + 1))
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/log/slurmctld
SlurmdLogFile=$folder/log/slurmd
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerType=sched/builtin
MinJobAge=2
ReturnToService=2
MailProg=/bin/true
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=local Nodes=$host Default=YES MaxTime=INFINITE State=UP
CONF
export SLURM_CONF=$folder/slurm.conf
chmod 755 "$folder"
munged --force --key-file="$folder/munge.key" --socket="$folder/munge.socket" --pid-file="$folder/munged.pid" \
  --log-file="$folder/log/munged" --seed-file="$folder/seed" || { echo "skipped: munged does not start here"; exit 4; }
slurmctld -c && slurmd || { echo "skipped: Slurm does not start here"; exit 4; }
for _ in $(seq 30); do
  sinfo --noheader --format=%t 2>/dev/null | grep -q idle && break
  sleep 1
done
sinfo --noheader --format=%t 2>/dev/null | grep -q idle || { echo "skipped: Slurm's node does not come up here"; exit 4; }

cat >"$folder/s.json" <<'SWEEP'
{"format": "zettasim-sweep", "version": 1, "name": "array", "runs": {"day": ["run", "two-nodes", "two-jobs"]},
 "parameters": [{"name": "pue", "platform": "/facility/pue", "from": 1.0, "to": 1.5, "steps": 60},
                {"name": "link", "platform": "/network/link/bandwidth", "from": "10 GB/s", "to": "100 GB/s", "steps": 10}],
 "metrics": {"time": {"run": "day", "at": "/time_s", "unit": "s"}}}
SWEEP
slurm() { "$zettasim" sweep "$folder/s.json" --launcher slurm --shards 4 --jobs 1 --out "$folder/$1" "${@:2}"; }
csv() { "$zettasim" sweep export "$folder/$1"; }

"$zettasim" sweep "$folder/s.json" --out "$folder/here" >/dev/null
slurm array >"$folder/said" || fail "the array: $(cat "$folder/said")"
grep -q "600 of 600 points have a row" "$folder/said" || fail "the array is not whole: $(cat "$folder/said")"
cmp <(csv here) <(csv array) || fail "the array's table is another than that of a sweep here"
echo "an array of four tasks gives the table of a sweep without Slurm"

slurm cut >"$folder/said" 2>&1 &
launcher=$!
for _ in $(seq 100); do
  [ -f "$folder/cut/slurm-job" ] && [ -f "$folder/cut/shards/1-of-4/sweep.sqlite" ] && break
  sleep 0.1
done
scancel --signal=KILL --full "$(cat "$folder/cut/slurm-job")" || true
scancel "$(cat "$folder/cut/slurm-job")"
wait $launcher && fail "a cancelled array was called whole: $(cat "$folder/said")"
grep -q "points are missing" "$folder/said" || fail "what is missing is not told: $(cat "$folder/said")"
first=$(cat "$folder/cut/slurm-job")
slurm cut --resume >"$folder/said" || fail "the second array: $(cat "$folder/said")"
[ "$(cat "$folder/cut/slurm-job")" != "$first" ] || fail "nothing was submitted again"
cmp <(csv here) <(csv cut) || fail "the table of an array that was cut is another"
last=$(cat "$folder/cut/slurm-job")
slurm cut --resume >"$folder/said" || fail "a whole array: $(cat "$folder/said")"
[ "$(cat "$folder/cut/slurm-job")" = "$last" ] || fail "an array was submitted with nothing missing"
echo "an array that was cancelled submits only what is missing and ends with the same table"
