#!/usr/bin/env bash
# From nothing to a report: installs the packages, builds zettasim, and replays a mixed AI/HPC day on FugakuNEXT.
set -euo pipefail
cd "$(dirname "$0")/.."
echo "1/3  packages"
bash .ci/packages.sh
echo "2/3  building (a few minutes the first time)"
cmake --preset release -DZETTASIM_TESTS=OFF >build-quickstart.log 2>&1 && cmake --build --preset release >>build-quickstart.log 2>&1 ||
  { tail -n 40 build-quickstart.log; echo "the build failed; the whole log is in build-quickstart.log" >&2; exit 1; }
rm -f build-quickstart.log
echo "3/3  a mixed AI/HPC day on FugakuNEXT: zettasim run fugakunext mixed-day --out out"
echo
build/release/bin/zettasim run fugakunext mixed-day --out out
