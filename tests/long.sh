#!/usr/bin/env bash
# The tests that take too long for tests/run.sh: see docs/reliability.md. Takes the options of the tests' own runner, for
# instance -class '*SilentNetworkTests'.
set -euo pipefail
cd "$(dirname "$0")/.."
dotnet build tests/ImageWorker.IntegrationTests -nologo -v q
exec dotnet tests/ImageWorker.IntegrationTests/bin/Debug/net10.0/ImageWorker.IntegrationTests.dll -noColor -explicit only "$@"
