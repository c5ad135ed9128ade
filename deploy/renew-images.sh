#!/usr/bin/env bash
# Writes the digest that the tag of each base image has now beside the tag, in deploy/Dockerfile and docker-compose.yml.
# A tag moves with each rebuild of its image; a digest does not, so the same commit always gives the same images.
#   bash deploy/renew-images.sh && git diff
# Needs Docker with buildx, and the registries. For another version, change the tag by hand first.
set -euo pipefail
cd "$(dirname "$0")/.."
files=(deploy/Dockerfile docker-compose.yml)

# Images without a tag are built here.
images=$(grep -hE '^(FROM| +image:) ' "${files[@]}" | grep -oE '[a-z0-9][a-z0-9./-]*:[A-Za-z0-9._-]+' | grep -v '^sha256:' | sort -u)
for image in $images; do
  digest=$(docker buildx imagetools inspect "$image" | awk '$1 == "Digest:" { print $2; exit }')
  if [[ ! $digest =~ ^sha256:[0-9a-f]{64}$ ]]; then
    echo "$image: no digest" >&2
    exit 1
  fi
  sed -i -E "s|(^\|[ /])(${image//./\\.})(@sha256:[0-9a-f]{64})?( \|\$)|\1\2@$digest\4|" "${files[@]}"
  echo "$image@$digest"
done
