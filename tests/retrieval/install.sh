#!/usr/bin/env bash
# Fetches the corpora of the retrieval benchmark and what ours is held beside into CACHE/retrieval, once for each version of them.
set -euo pipefail

cache=$1
here=$(cd "$(dirname "$0")" && pwd)
folder=$cache/retrieval

wanted=$(cat "$here/requirements.txt" "$here/corpus.py" "$0" | sha256sum)
if [ "$(cat "$folder/stamp" 2>/dev/null)" = "$wanted" ]; then exit; fi

mkdir -p "$folder"
rm -rf "$folder/peers"
# The larger packages are those of the comparison of engines.
"$cache/peers/bin/pip" install --quiet --disable-pip-version-check --no-deps --target "$folder/peers" \
    --requirement "$here/requirements.txt"
python3 "$here/corpus.py" "$folder"
printf '%s\n' "$wanted" >"$folder/stamp"
