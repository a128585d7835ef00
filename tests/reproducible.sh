#!/usr/bin/env bash
# Whether the same commit gives the same bytes, built in two places whose paths differ in length.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for place in one another/place/with/a/longer/path; do
  git clone --quiet . "$folder/$place"
  # A target folder that the environment names would be the same for both.
  (cd "$folder/$place" && env -u CARGO_TARGET_DIR make --silent release >&2)
done
for function in auth account files send info; do
  cmp "$folder/one/target/release/$function" "$folder/another/place/with/a/longer/path/target/release/$function"
  sha256sum "$folder/one/target/release/$function" | sed "s|$folder/one/target/release/||"
done
echo "The same commit gives the same bytes."
