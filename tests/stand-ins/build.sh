#!/usr/bin/env bash
# Builds a stand-in for each image that deploy/Dockerfile, docker-compose.yml and the tests name, from Debian's packages and this
# machine's .NET SDK, under the same names and tags. Needs root and debootstrap. An image that is there already is kept.
#   bash tests/stand-ins/build.sh
set -euo pipefail
cd "$(dirname "$0")"
root=../..

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

has() { [[ -n $(docker image ls --quiet "$1") ]]; }

if ! has stand-in-debian; then
  debootstrap --variant=minbase trixie "$work/debian" >"$work/log" || { tail -20 "$work/log" >&2; exit 1; }
  tar -C "$work/debian" -c . | docker import - stand-in-debian >/dev/null
fi
has stand-in-dotnet || tar -C "$(dirname "$(readlink -f "$(command -v dotnet)")")" -c . | docker import - stand-in-dotnet >/dev/null

cp Dockerfile ./*.sh ./*.conf /etc/ssl/certs/ca-certificates.crt "$work"

# The target for an image's name, and the ports of one that is silent.
build() {
  case $1 in
    */dotnet/sdk:*) docker build --quiet --target sdk --tag "$1" "$work" ;;
    */dotnet/aspnet:*) docker build --quiet --target chiseled --tag "$1" "$work" ;;
    rabbitmq:*) docker build --quiet --target rabbitmq --tag "$1" "$work" ;;
    postgres:*) docker build --quiet --target postgres --tag "$1" "$work" ;;
    prom/prometheus:*) docker build --quiet --target prometheus --tag "$1" "$work" ;;
    prom/alertmanager:*) docker build --quiet --target alertmanager --tag "$1" "$work" ;;
    nginxinc/nginx-unprivileged:*) docker build --quiet --target nginx --tag "$1" "$work" ;;
    jaegertracing/*) silent "$1" 13133 16686 4317 4318 ;;
    grafana/*) silent "$1" 3000 ;;
    */aspire-dashboard:*) silent "$1" 18888 18889 18890 ;;
    *) echo "No stand-in for $1" >&2 && exit 1 ;;
  esac
}

silent() {
  printf 'FROM stand-in-silent\nENV PORTS="%s"\n' "${*:2}" >"$work/Silent"
  docker build --quiet --target silent --tag stand-in-silent "$work"
  docker build --quiet --file "$work/Silent" --tag "$1" "$work"
}

images=$(
  grep -hE '^(FROM| +image:) ' $root/deploy/Dockerfile $root/docker-compose.yml | grep -oE '[a-z0-9][a-z0-9./-]*:[A-Za-z0-9._-]+' | grep -v '^sha256:'
  grep -rhoE '"(rabbitmq|postgres):[0-9][^"]*"' $root/tests/ImageWorker.IntegrationTests --include='*.cs' | tr -d '"'
)
for image in $(sort -u <<<"$images"); do
  echo "stand-in for $image"
  build "$image" >/dev/null
done
