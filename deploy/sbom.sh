#!/usr/bin/env bash
# Lists the packages that the worker and the ZPK simulator are made of: a CycloneDX SBOM of each, as JSON.
#   bash deploy/sbom.sh [FOLDER]      into artifacts/sbom by default
# What is used to build only is there too, with the scope "excluded".
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${1:-artifacts/sbom}
version=$(git describe --tags --always --dirty)

dotnet tool restore
for project in ImageWorker ImageWorker.ZpkSimulator; do
  dotnet restore "src/$project" --locked-mode
  dotnet dotnet-CycloneDX "src/$project/$project.csproj" --disable-package-restore --output-format Json \
    --set-name "$project" --set-version "$version" --output "$folder" --filename "$project.cdx.json"
done
