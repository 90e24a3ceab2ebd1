#!/usr/bin/env bash
# Installs what ours is measured beside into a folder of its own, once for each version of the lists: several GB, and some
# minutes to build llama.cpp for this processor. `install.sh FOLDER gpu` leaves llama.cpp out.
set -euo pipefail

folder=$1 kind=${2:-cpu}
here=$(cd "$(dirname "$0")" && pwd)
lists=("$here/requirements.txt")
if [ "$kind" = cpu ]; then lists+=("$here/requirements-native.txt"); fi

wanted=$(cat "${lists[@]}" "$0" | sha256sum)
if [ "$(cat "$folder/stamp" 2>/dev/null)" = "$wanted" ]; then exit; fi

echo "installing what is measured beside ours into $folder"
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet --disable-pip-version-check --requirement "${lists[0]}"
if [ "$kind" = cpu ]; then
    # The wheel of PyPI is source; built here it uses whatever this processor has.
    CMAKE_ARGS="-DGGML_NATIVE=ON -DLLAVA_BUILD=OFF -DMTMD_BUILD=OFF" "$folder/bin/pip" install --quiet \
        --disable-pip-version-check --no-binary llama-cpp-python --requirement "${lists[1]}"
fi
printf '%s\n' "$wanted" >"$folder/stamp"
