#!/usr/bin/env bash
# Dependence goes one way: no folder includes one that comes after it in the flow, and SimGrid is known to the engine only.
# architecture_test.sh SOURCE_DIR. The table is the one of docs/architecture.md.
set -euo pipefail
cd "$1"
declare -A may=(
  [base]="base"
  [platform]="base platform"
  [topology]="base platform topology"
  [workload]="base workload"
  [cost]="base platform topology cost"
  [engine]="base platform topology workload cost engine"
  [report]="base platform topology workload cost engine report"
  [study]="base platform topology workload cost engine report study"
  [app]="base platform topology workload cost engine report study app"
)
failed=0
for folder in "${!may[@]}"; do
  while IFS=: read -r file included; do
    [ -n "$file" ] || continue
    case " ${may[$folder]} " in
      *" $included "*) ;;
      *) echo "$file includes $included, which $folder may not" && failed=1 ;;
    esac
  done < <(grep -rHoE '#include "(zettasim/)?(base|platform|topology|workload|cost|engine|report|study|app)/' "src/$folder" "include/zettasim/$folder" 2>/dev/null |
    sed -E 's|:#include "(zettasim/)?([a-z]+)/|:\2|')
done
if grep -rlE '#include *[<"]simgrid' src include | grep -v '^src/engine/'; then
  echo "SimGrid is included outside src/engine" && failed=1
fi
if grep -rl '#include <nlohmann/json.hpp>' include; then
  echo "a public header includes the whole of nlohmann/json" && failed=1
fi
[ "$failed" -eq 0 ] && echo "every include goes with the flow"
exit "$failed"
