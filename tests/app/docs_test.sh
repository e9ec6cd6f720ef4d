#!/usr/bin/env bash
# Runs every command that README.md and docs/*.md show in a ```sh block: docs_test.sh PROGRAM SOURCE_DIR.
# Each block runs in a copy of the library's folders, so that what it writes is gone afterwards.
set -euo pipefail
program=$(realpath "$1")
source=$(realpath "$2")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cp -r "$source/platforms" "$source/workloads" "$scratch/"
cd "$scratch"
PATH="$(dirname "$program"):$PATH"
ran=0
while IFS=$'\t' read -r file command; do
  case "$command" in
    "" | "#"* | "bash "*) continue ;;
  esac
  if ! bash -c "$command" >command.log 2>&1 </dev/null; then
    echo "$file shows a command that fails: $command"
    cat command.log
    exit 1
  fi
  ran=$((ran + 1))
done < <(awk '/^```/ { inside = ($0 == "```sh"); next } inside { print FILENAME "\t" $0 }' "$source"/README.md "$source"/docs/*.md)
echo "$ran commands of the documents ran"
[ "$ran" -ge 10 ]
