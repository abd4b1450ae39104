#!/usr/bin/env bash
# Prints the part of CHANGELOG.md for a version: release-notes.sh 1.2.0
set -euo pipefail
awk -v version="$1" '
  /^## / { inside = ($2 == version); found = found || inside; next }
  inside { print }
  END { exit found ? 0 : 1 }
' "$(dirname "$0")/../../../CHANGELOG.md" || { echo "CHANGELOG.md has no part for $1" >&2; exit 1; }
