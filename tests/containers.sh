#!/usr/bin/env bash
# Runs on a Docker engine what the other tests only read: builds the images, runs docker-compose.yml with the simulator, and then
# the integration tests on containers. Each line says what was seen; the exit code is 0 only if all of it went well.
#   bash tests/containers.sh [--stand-ins] [--compose-only]
# --stand-ins: the base images are made of Debian's packages, where no registry can be reached; needs root and debootstrap.
# Works on a copy under a project name of its own, and removes what it made. The ports of docker-compose.yml must be free.
set -uo pipefail
cd "$(dirname "$0")/.."

stand_ins='' compose_only=''
for argument; do
  case $argument in
    --stand-ins) stand_ins=yes ;;
    --compose-only) compose_only=yes ;;
    *) echo "Unknown: $argument" >&2 && exit 2 ;;
  esac
done

passed=0 failed=0
export COMPOSE_PROJECT_NAME=imageworker-trial
work=$(mktemp -d)
log=$work/log

finish() {
  [[ ! -e $work/copy/.env ]] || (cd "$work/copy" && docker compose down --volumes --timeout 5 --rmi local >>"$log" 2>&1)
  docker image rm imageworker-trial imageworker-trial-simulator >/dev/null 2>&1
  rm -rf "$work"
  echo "$passed passed, $failed failed"
  ((failed == 0 && passed > 0)) || exit 1
}
trap finish EXIT
trap 'exit 1' INT TERM

# Says what is seen, and how long it took; shows what a check that failed has written.
check() {
  local name=$1 start=$SECONDS
  shift
  if "$@" >"$log" 2>&1; then
    passed=$((passed + 1))
    echo "ok: $name ($((SECONDS - start)) s)"
  else
    failed=$((failed + 1))
    echo "FAILED: $name ($((SECONDS - start)) s)"
    tail -40 "$log" | sed 's/^/    /'
    return 1
  fi
}

# Waits until a command succeeds.
until_true() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    ((SECONDS < end)) || return 1
    sleep 1
  done
}

secret() { sed -n "s/^$1=//p" .env; }

# Tracked files alone, as a clone has them. A stand-in has no digest.
copy() {
  mkdir "$work/copy"
  git ls-files -z --cached --others --exclude-standard | tar --null --files-from=- -c | tar -x -C "$work/copy"
  sed -i -E 's/^( +image: )imageworker/\1imageworker-trial/' "$work/copy/docker-compose.yml"
  [[ -z $stand_ins ]] || sed -i -E 's/@sha256:[0-9a-f]{64}//' "$work/copy/deploy/Dockerfile" "$work/copy/docker-compose.yml"
}

# Each container that runs on is healthy, and there are so many workers.
all_healthy() {
  local states
  states=$(docker compose ps --all --format '{{.Service}} {{.State}} {{.Health}} {{.ExitCode}}')
  echo "$states"
  [[ $(grep -c '^worker running healthy' <<<"$states") == "$1" ]] &&
    ! grep -vE '^[a-z-]+ running healthy|^migrate exited +0$' <<<"$states"
}

send() {
  docker compose exec -T worker dotnet ImageWorker.dll send "$@" >"$work/event" || { cat "$work/event"; return 1; }
  cat "$work/event"
  grep -q '"cost"' "$work/event" && ! grep -q '"reason"' "$work/event"
}

picture_opens() {
  local url
  url=$(grep -oE 'http://[^"]+\.png' "$work/event" | head -1)
  echo "$url"
  curl --silent --show-error --fail --output "$work/picture" "$url" && head -c 4 "$work/picture" | grep -q PNG
}

metric() {
  curl --silent --show-error --fail --header "Authorization: Bearer $(secret OPERATIONS_KEY)" http://127.0.0.1:8080/metrics |
    grep "^$1" | grep -oE '[^ ]+$' | sort -rn | head -1 | grep -qx "$2"
}

key_is_asked_for() { [[ $(curl --silent --output /dev/null --write-out '%{http_code}' http://127.0.0.1:8080/) == 401 ]]; }

prometheus() { curl --silent --show-error --fail "http://127.0.0.1:9090/api/v1/$1" | tee /dev/stderr | grep -q "$2"; }

workers_scraped() {
  prometheus 'query?query=sum(up%7Bjob%3D%22imageworker%22%7D)' "\"$1\"\\]"
}

no_library_is_missed() { ! docker compose logs worker migrate simulator | grep -iE 'gssapi|cannot load|no such file'; }

worker_changes_no_table() {
  docker compose exec -T -e PGPASSWORD="$(secret WORKER_PASSWORD)" postgres psql -h 127.0.0.1 -U imageworker_worker imageworker \
    -c 'CREATE TABLE mine (id int)' >"$work/refused" 2>&1
  grep 'permission denied' "$work/refused"
}

told_by_alertmanager() {
  curl --silent --show-error --fail --json '[{"labels": {"alertname": "Trial"}}]' http://127.0.0.1:9093/api/v2/alerts &&
    curl --silent --fail http://127.0.0.1:9093/api/v2/alerts | grep -q '"name":"operators"'
}

restart_all() { docker compose restart --timeout 60; }

kill_servers() { docker compose kill rabbitmq postgres simulator && docker compose up --detach; }

# The simulator takes another key than before; the old one is refused, the new one arrives without a restart.
replace_key_at_zpk() {
  printf 'services:\n  simulator:\n    environment:\n      ZPKSIM_Credentials__simulator: rotated\n' >docker-compose.override.yml
  docker compose up --detach --no-deps simulator
  docker compose exec -T worker dotnet ImageWorker.dll send "after a new key [seconds 1]" >"$work/rotated" 2>&1 &
  sender=$!
  until_true 120 metric imageworker_zpk_credentials_refused 1
}

replace_key_file() {
  echo rotated >.secrets/zpk/new && chmod 644 .secrets/zpk/new && mv .secrets/zpk/new .secrets/zpk/api-key
  wait "$sender" || { cat "$work/rotated"; return 1; }
  grep '"cost"' "$work/rotated" && ! grep '"reason"' "$work/rotated"
}

scale() { docker compose up --detach --no-recreate --scale worker=3 worker; }

integration_tests() {
  dotnet build tests/ImageWorker.IntegrationTests -nologo -v q -p:RunAnalyzersDuringBuild=false &&
    env -u ConnectionStrings__RabbitMq -u ConnectionStrings__Postgres -u COMPOSE_PROJECT_NAME \
      TESTCONTAINERS_RYUK_DISABLED="${stand_ins:+true}" \
      dotnet tests/ImageWorker.IntegrationTests/bin/Debug/net10.0/ImageWorker.IntegrationTests.dll -noColor -longRunning 180
}

# Without an engine that they can talk to they take servers that are installed.
on_containers() {
  local image
  for image in rabbitmq postgres; do
    docker events --since "$began" --until "$(date +%s)" --filter event=start --format '{{.From}}' | grep -m1 "^$image:" || return 1
  done
}

check "Compose is there" docker compose version || exit 1
check "a Docker engine answers" docker version || exit 1
[[ -z $stand_ins ]] || check "stand-ins for the base images are there" bash tests/stand-ins/build.sh || exit 1
check "the files are copied" copy || exit 1
pushd "$work/copy" >/dev/null
check "deploy/new-env.sh makes .env" bash deploy/new-env.sh || exit 1
check "the images are built" docker compose build || exit 1
check "everything is started" docker compose up --detach || exit 1
check "everything gets healthy, with two workers" until_true 240 all_healthy 2 || { docker compose logs --tail 20; exit 1; }
check "send ends with ImagesReady" send "a red fox [seconds 1]" --count 2
check "the picture opens on this machine" picture_opens
check "no library is missed" no_library_is_missed
check "the operations page asks for its key" key_is_asked_for
check "metrics are behind the one port" metric imageworker_zpk_credentials_refused 0
check "Prometheus scrapes two workers" until_true 90 workers_scraped 2
check "Prometheus knows the Alertmanager" until_true 60 prometheus alertmanagers '"activeAlertmanagers":\[{'
check "the Alertmanager can read its file" docker compose exec -T alertmanager amtool check-config /etc/alertmanager/alertmanager.yml
check "the Alertmanager takes an alert for the receiver" told_by_alertmanager
check "a worker changes no table" worker_changes_no_table
check "everything is restarted" restart_all
check "everything is healthy again" until_true 240 all_healthy 2
check "send ends with ImagesReady after the restart" send "a second fox [seconds 1]"
check "broker, database and simulator are killed and come back" kill_servers
check "everything is healthy once more" until_true 240 all_healthy 2
check "send ends with ImagesReady after the crash" send "a third fox [seconds 1]"
check "a key that ZPK no longer takes is told of" replace_key_at_zpk
check "a new key, put there by rename, reaches the workers" replace_key_file
check "a third worker is started" scale
check "three workers get healthy" until_true 120 all_healthy 3
check "Prometheus scrapes three workers" until_true 90 workers_scraped 3
check "send ends with ImagesReady beside three workers" send "a fourth fox [seconds 1]"
popd >/dev/null
if [[ -z $compose_only ]]; then
  (cd "$work/copy" && docker compose down --volumes --timeout 5 >/dev/null 2>&1)
  began=$(date +%s)
  check "the integration tests pass" integration_tests
  grep 'Total:' "$log"
  check "they ran on containers" on_containers
fi
