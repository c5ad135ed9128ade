#!/usr/bin/env bash
# Makes .env for docker-compose.yml: .env.example with a new random password for each name that needs one; and .secrets, for
# what containers read as files.
set -euo pipefail
cd "$(dirname "$0")/.."
umask 077

if [[ -e .env ]]; then
  echo ".env is there already and is kept. The volumes were made with its passwords." >&2
  exit 1
fi

secret() { od -An -tx1 -N24 /dev/urandom | tr -d ' \n'; }

while IFS= read -r line; do
  case $line in
    *_PASSWORD= | *_KEY=) echo "$line$(secret)" ;;
    *) echo "$line" ;;
  esac
done <.env.example >.env.new
mv .env.new .env

# The worker's user, 1654, reads these; of this machine's users nobody else gets past the outer folder.
mkdir -p .secrets/zpk .secrets/alerts
chmod 700 .secrets
chmod 755 .secrets/*
[[ -e .secrets/zpk/api-key ]] || echo simulator >.secrets/zpk/api-key
chmod 644 .secrets/zpk/api-key
echo "Made .env with new passwords. Next: docker compose up --build --detach"
