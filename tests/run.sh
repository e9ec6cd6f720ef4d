#!/usr/bin/env bash
# Installs the packages, builds with warnings as errors, and runs all tests (docs: tests/README.md).
# Further arguments go to ctest: `bash tests/run.sh -LE slow` leaves the slow ones out.
set -euo pipefail
cd "$(dirname "$0")/.."
echo "1/3  packages"
bash .ci/packages.sh
bash .ci/packages.sh munge slurm-client slurmctld slurmd || echo "packages: without Slurm, whose test will be skipped"
echo "2/3  building"
cmake --preset ci -DZETTASIM_TESTS=ON
cmake --build --preset ci
echo "3/3  tests"
ctest --preset ci "$@"
