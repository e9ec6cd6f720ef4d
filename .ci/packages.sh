#!/usr/bin/env bash
# Installs the Debian packages zettasim needs, if any is missing, and those named as arguments. Sourced or run by docs/quickstart.sh and tests/run.sh.
set -euo pipefail
packages=(g++ cmake ninja-build pkg-config libsimgrid-dev libboost-dev libboost-graph-dev libboost-iostreams-dev
  libfmt-dev nlohmann-json3-dev libcli11-dev libprotozero-dev libsqlite3-dev
  libnlopt-dev libnlopt-cxx-dev catch2 "$@")
missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q '^install ok installed' || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
  echo "packages: all there"
  exit 0
fi
command -v apt-get >/dev/null || { echo "packages: this is not Debian; install the equivalents of: ${missing[*]}" >&2; exit 1; }
root=()
[ "$(id -u)" -eq 0 ] || root=(sudo)
echo "packages: installing ${missing[*]}"
"${root[@]}" apt-get update -qq
"${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
