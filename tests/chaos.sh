#!/usr/bin/env bash
# Breaks everything while requests run, then counts: see docs/reliability.md. Takes the options of the chaos command,
# for instance --commands 10000 --replicas 3 --kills 50 --broker-restarts 5 --database-restarts 5 --outage 60,
# or --older last, which has the last release's workers beside this version's.
set -euo pipefail
cd "$(dirname "$0")/.."
exec dotnet run --project tests/ImageWorker.Benchmarks -- chaos "$@"
