#!/usr/bin/env bash
# Whether the same commit gives the same bytes, built in two places whose paths differ in length. Usage: reproducible.sh ARCHITECTURE
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for place in one another/place/with/a/longer/path; do
  git clone --quiet . "$folder/$place"
  # A target folder that the environment names would be the same for both.
  (cd "$folder/$place" && env -u CARGO_TARGET_DIR make --silent package ARGS="--parameter-overrides Architecture=$1" >&2)
done
one=$folder/one/.aws-sam/build another=$folder/another/place/with/a/longer/path/.aws-sam/build
for function in Auth Account Files Send Info; do
  cmp "$one/$function/bootstrap" "$another/$function/bootstrap"
  (cd "$one" && sha256sum "$function/bootstrap")
done
echo "The same commit gives the same bytes."
