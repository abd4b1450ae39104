#!/usr/bin/env bash
# Goes to the images that VERSION in .env.prod names, or back: migrations first, then one instance after the other.
set -euo pipefail
cd "$(dirname "$0")/../.."
compose=(docker compose --file docker-compose.prod.yml --env-file .env.prod)
services=(sequencer user-service order-service)
for service in "${services[@]}"; do
  "${compose[@]}" run --rm --no-deps "migrate-$service"
done
containers=$("${compose[@]}" config --services)
for service in "${services[@]}"; do
  # By itself: none at all ends this.
  instances=$(grep -E "^$service-[0-9]+$" <<<"$containers" | sort -V)
  for instance in $instances; do
    "${compose[@]}" up --detach --wait --no-deps --no-build "$instance"
    # Until HAProxy has seen it twice.
    sleep 2
    echo "$instance is replaced"
  done
done
