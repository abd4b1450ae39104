#!/usr/bin/env bash
# Shows the answer of each service to a path, and fails if one has none or a bad one.
set -u
failed=0
ask() { # name, port, path
  printf '%-14s ' "$1"
  curl --silent --show-error --fail-with-body --max-time 5 "http://localhost:$2$3" || failed=1
  echo
}
ask user-service "${USER_SERVICE_PORT:-8081}" "$1"
ask order-service "${ORDER_SERVICE_PORT:-8082}" "$1"
ask sequencer "${SEQUENCER_PORT:-8083}" "$1"
exit $failed
