#!/usr/bin/env bash
# Says in a line what is missing of Docker.
set -u
fail() { echo "✗ $1 (make run needs no Docker.)" >&2; exit 1; }
type -P docker >/dev/null || fail 'Docker is not installed: see https://docs.docker.com/get-docker.'
docker compose version >/dev/null 2>&1 || fail 'Docker Compose is missing: see https://docs.docker.com/compose/install.'
said=$(docker version --format '{{.Server.Version}}' 2>&1) || fail "The Docker engine does not answer: ${said##*$'\n'}"
