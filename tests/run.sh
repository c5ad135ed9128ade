#!/usr/bin/env bash
# Builds everything and runs all tests. The last line says how many passed and failed; the exit code is 0 only if all of it
# went well. A phase that breaks, or a project that ran no test, counts as one failure.
set -uo pipefail
cd "$(dirname "$0")/.."

export PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1
# No build server may outlive the run.
export MSBUILDDISABLENODEREUSE=1

passed=0 failed=0 skipped=0
policy_is_ours=
results=$(mktemp -d)
program=$(mktemp -d)
trap 'rm -rf "$results" "$program"; allow_service_starts' EXIT

finish() {
  local skips=""
  ((skipped == 0)) || skips=", $skipped skipped"
  echo "$passed passed, $failed failed$skips"
  ((failed == 0)) && exit 0
  exit 1
}

# Runs a phase, tells how long it took, and gives its exit code.
phase() {
  local name=$1 start=$SECONDS code=0
  shift
  echo "== $name"
  "$@" || code=$?
  echo "== $name: $((SECONDS - start)) s$( ((code == 0)) || echo ", FAILED")"
  return $code
}

fail() {
  failed=$((failed + 1))
}

has_rabbitmq() { [[ -x /usr/lib/rabbitmq/bin/rabbitmq-server ]]; }
has_postgres() { compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null; }
# As the tests themselves judge.
has_docker() { command -v docker >/dev/null && timeout 10 docker version >/dev/null 2>&1; }

as_root() {
  if ((EUID == 0)); then "$@"; else sudo -n "$@"; fi
}

# Debian starts a server on its default port as soon as it is installed, unless this policy forbids it.
forbid_service_starts() {
  [[ -e /usr/sbin/policy-rc.d ]] && return
  printf '#!/bin/sh\nexit 101\n' | as_root tee /usr/sbin/policy-rc.d >/dev/null
  as_root chmod +x /usr/sbin/policy-rc.d
  policy_is_ours=yes
}

allow_service_starts() {
  [[ -z $policy_is_ours ]] || as_root rm -f /usr/sbin/policy-rc.d
  policy_is_ours=
}

servers() {
  if [[ -n ${ConnectionStrings__RabbitMq:-} && -n ${ConnectionStrings__Postgres:-} ]]; then
    echo "Both are named by connection strings."
    return
  fi
  if has_docker; then
    echo "Docker runs them."
    return
  fi
  local packages=()
  has_rabbitmq || packages+=(rabbitmq-server)
  has_postgres || packages+=(postgresql)
  if ((${#packages[@]} == 0)); then
    echo "Both are installed."
    return
  fi
  if ! command -v apt-get >/dev/null || ! as_root true 2>/dev/null; then
    echo "Missing: ${packages[*]}. Install this, start Docker, set ConnectionStrings__RabbitMq and" \
      "ConnectionStrings__Postgres, or run this as root on Debian."
    return 1
  fi
  install_packages "${packages[@]}"
}

install_packages() {
  echo "Installing $*."
  forbid_service_starts
  local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120)
  as_root "${apt[@]}" update && as_root "${apt[@]}" install -y --no-install-recommends "$@" >/dev/null
  local code=$?
  allow_service_starts
  return $code
}

# Without it the tests through a pooler are skipped.
pooler() {
  if [[ -x /usr/sbin/pgbouncer ]]; then
    echo "PgBouncer is installed."
  elif command -v apt-get >/dev/null && as_root true 2>/dev/null; then
    install_packages pgbouncer
  else
    echo "No PgBouncer, so nothing is tested through it. It is in Debian's package pgbouncer."
  fi
}

# Without it the tests of wrong clocks are skipped.
clocks() {
  if compgen -G '/usr/lib/*-linux-gnu/faketime/libfaketimeMT.so.1' >/dev/null; then
    echo "libfaketime is installed."
  elif command -v apt-get >/dev/null && as_root true 2>/dev/null; then
    install_packages faketime
  else
    echo "No libfaketime, so no clock is set. It is in Debian's package faketime."
  fi
}

# Without them the tests of the alert rules, and of who is told of an alert, are skipped.
alerts() {
  if command -v promtool >/dev/null && command -v prometheus-alertmanager >/dev/null; then
    echo "promtool and Alertmanager are installed."
  elif command -v apt-get >/dev/null && as_root true 2>/dev/null; then
    install_packages prometheus prometheus-alertmanager
  else
    echo "promtool or Alertmanager is missing: they are in Debian's packages prometheus and prometheus-alertmanager."
  fi
}

# Without it the tests of the console's pages are skipped.
browser() {
  if [[ -x /usr/bin/chromium ]]; then
    echo "Chromium is installed."
  elif command -v apt-get >/dev/null && as_root true 2>/dev/null; then
    install_packages chromium
  else
    echo "No Chromium, so no page is looked at. It is in Debian's package chromium."
  fi
}

# Without them the examples of their languages, the check of the AsyncAPI document and that of the pages are skipped.
languages() {
  local packages=()
  [[ -d /usr/lib/python3/dist-packages/pika ]] || packages+=(python3-pika)
  command -v npm >/dev/null || packages+=(nodejs npm)
  if ((${#packages[@]} > 0)) && command -v apt-get >/dev/null && as_root true 2>/dev/null; then
    install_packages "${packages[@]}"
  fi
  local folder
  for folder in docs/examples docs/contracts tests/ImageWorker.IntegrationTests/Console; do
    npm install --prefix "$folder" --no-package-lock --no-audit --no-fund --ignore-scripts --silent ||
      echo "The packages of $folder could not be installed, so what needs them is skipped."
  done
}

# One number of a result file; 0 when the run broke off before it wrote that.
total() {
  local number
  number=$(grep -om1 '<assembly [^>]*>' "$1" | grep -o " $2=\"[0-9]*\"" | tr -dc '0-9')
  echo "${number:-0}"
}

# Seconds it may take, its name, and options. A test that hangs is named.
tests() {
  local seconds=$1 project=$2 file="$results/$2.xml" code=0
  shift 2
  timeout --foreground "$seconds" dotnet "tests/$project/bin/Debug/net10.0/$project.dll" -noColor -longRunning 180 \
    -result-xml "$file" "$@" || code=$?
  if [[ ! -s $file ]]; then
    echo "$project ended with code $code and without a result."
    fail
    return 1
  fi
  local project_failed=$(($(total "$file" failed) + $(total "$file" errors)))
  local project_passed
  project_passed=$(total "$file" passed)
  passed=$((passed + project_passed))
  failed=$((failed + project_failed))
  skipped=$((skipped + $(total "$file" skipped)))
  if ((project_failed == 0 && (code != 0 || project_passed == 0))); then
    echo "$project ended with code $code after $project_passed passed tests."
    fail
    return 1
  fi
  return $((project_failed > 0))
}

# The same worker, compiled ahead of time: the tests start hundreds of it.
publish() {
  dotnet publish src/ImageWorker -c Debug --use-current-runtime --no-self-contained -p:RunAnalyzers=false -nologo -v q -o "$program" &&
    export IMAGEWORKER_TESTS_PROGRAM=$program/ImageWorker.dll
}

# The short form of what docs/reliability.md tells of; the seed fixes what is broken. A silence takes minutes to get over.
chaos() {
  timeout --foreground 900 dotnet tests/ImageWorker.Benchmarks/bin/Debug/net10.0/ImageWorker.Benchmarks.dll chaos \
    --seed 20261123 --commands 120 --kills 4 --seconds 30 --silences 0
}

phase "Servers" servers || { fail; finish; }
phase "Pooler" pooler || fail
phase "Clocks" clocks || fail
phase "Alerts" alerts || fail
phase "Browser" browser || fail
phase "Languages" languages || fail
phase "Tools" dotnet tool restore || { fail; finish; }
phase "Restore" dotnet restore ImageWorker.sln --locked-mode || { fail; finish; }
phase "Format" dotnet csharpier check . || fail
phase "Build" dotnet build ImageWorker.sln --no-restore -nologo || { fail; finish; }
phase "Unit tests" tests 600 ImageWorker.Tests
phase "Program" publish || fail
# They wait for servers more than they compute.
phase "Integration tests" tests 3600 ImageWorker.IntegrationTests -maxThreads 4
if phase "Chaos" chaos; then passed=$((passed + 1)); else fail; fi
finish
