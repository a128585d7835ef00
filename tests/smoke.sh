#!/usr/bin/env bash
# Asks a running service a few questions that need no account: `tests/smoke.sh https://api.example.org/users/api`.
set -euo pipefail
api=${1:?the address of the API, without a slash at its end}

# The answer to a request has this status and holds this text.
expect() {
  local status=$1 text=$2 answer
  shift 2
  # A new version may have to start, and a stack that was just made may not be known to the DNS yet.
  answer=$(curl --silent --show-error --max-time 30 --retry 5 --retry-connrefused --write-out '\n%{http_code}' "$@")
  if [ "${answer##*$'\n'}" != "$status" ] || [[ "$answer" != *"$text"* ]]; then
    printf 'Expected %s with %s, but %s is answered:\n%s\n' "$status" "$text" "${*: -1}" "$answer" >&2
    exit 1
  fi
}

expect 200 '"Major":1' "$api/info"
expect 200 '"ok":true' "$api/health"
expect 200 '"keys":[{' "$api/.well-known/jwks.json"
expect 401 '"ok":false' "$api/user"
expect 401 '"ok":false' "$api/files"
expect 200 'No matching username and password pair was found!' --header 'Content-Type: application/json' \
  --data '{"email": "nobody@example.org", "password": "smoke without a fire"}' "$api/auth"
expect 401 '"ok":false' --header 'Content-Type: application/json' --data '{"title": "x", "message": "x"}' "$api/send"
echo "$api answers."
