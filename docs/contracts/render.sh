#!/usr/bin/env bash
# Makes a page that shows asyncapi.json, which needs nothing from elsewhere: FOLDER/index.html.
#   bash docs/contracts/render.sh FOLDER
set -euo pipefail
[[ $# == 1 ]] || { echo "Name the folder to write to." >&2; exit 2; }
contracts=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
page=$(cd "$1" && pwd)
packages=$(mktemp -d)
trap 'rm -rf "$packages"' EXIT

npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$packages" @asyncapi/react-component@3.2.1
component="$packages/node_modules/@asyncapi/react-component"
cp "$component/browser/standalone/index.js" "$page/asyncapi.js"
cp "$component/styles/default.min.css" "$page/asyncapi.css"
cp "$contracts/asyncapi.json" "$page/"
{
  echo '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>ImageWorker: messages</title>'
  echo '<link rel="stylesheet" href="asyncapi.css"></head><body><div id="page"></div><script src="asyncapi.js"></script>'
  # "<" would end the script if a text held it.
  printf '<script>AsyncApiStandalone.render({ schema: %s }, document.getElementById("page"));</script></body></html>\n' \
    "$(sed 's/</\\u003c/g' "$contracts/asyncapi.json")"
} >"$page/index.html"
echo "$page/index.html"
