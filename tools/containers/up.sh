#!/usr/bin/env bash
# Starts the containers from the images that are there, waits until all are healthy, and says where everything is.
set -euo pipefail
compose=(docker compose)

tools/containers/secrets.sh

# Grafana is worth a try, and not worth failing for.
if docker image inspect "$("${compose[@]}" --profile monitoring config --images grafana)" >/dev/null 2>&1 ||
  "${compose[@]}" --profile monitoring pull --quiet grafana >/dev/null 2>&1; then
  compose+=(--profile monitoring)
else
  echo '! Grafana cannot be had from its registry: all else starts without it.'
fi

[[ -z ${ALERTS:-} ]] || compose+=(--profile alerts)

# Jaeger keeps in memory what the services send it.
if [[ -n ${TRACING:-} ]]; then
  export OTEL_EXPORTER_OTLP_ENDPOINT=${OTEL_EXPORTER_OTLP_ENDPOINT:-http://jaeger:4318}
  compose+=(--profile tracing)
fi

if ! "${compose[@]}" up --detach --wait --wait-timeout 120 --no-build --remove-orphans; then
  "${compose[@]}" ps --all
  echo '✗ Not everything is healthy. What it says: make logs SERVICE=<name>' >&2
  exit 1
fi

address() { # name, container, port, path, scheme
  local published
  published=$("${compose[@]}" port "$2" "$3" 2>/dev/null) &&
    printf '  %-14s %slocalhost:%s%s\n' "$1" "${5-http://}" "${published##*:}" "${4:-}"
}
echo
echo 'Ordinal runs. make docker-down stops it and keeps the data.'
echo
while read -r name port; do
  # Docker must not read the rest of the list.
  address "$name" "$name" "$port" /docs </dev/null
done < <(sed -n 's/^ *"name": "\(.*\)",$/\1/p; s/^ *"port": \([0-9]*\),$/\1/p' services.json | paste - -)
address gRPC order-service 50052 ' (orders)' ''
address gRPC sequencer 50053 " (the sequencer's)" ''
address Prometheus prometheus 9090
address Grafana grafana 3000 || true
address Jaeger jaeger 16686 || true
address Alertmanager alertmanager 9093 || true
