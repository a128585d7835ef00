#!/usr/bin/env bash
# Prints what the changelog on the standard input says about a version: `tests/release_notes.sh 1.2.0 < CHANGELOG.md`.
set -euo pipefail
version=${1:?a version, such as 1.2.0}
notes=$(awk -v heading="## $version" '
  /^## / { inside = ($0 == heading || index($0, heading " ") == 1); next }
  inside { print }
')
if [ -z "${notes//[[:space:]]/}" ]; then
  echo "The changelog has no part \"## $version\"." >&2
  exit 1
fi
printf '%s\n' "$notes"
