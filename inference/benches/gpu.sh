#!/usr/bin/env bash
# Measures ours beside transformers on the first CUDA device, in one call: installs what it needs from the package registries,
# makes a Llama with random weights, and prints one table. It has not been run yet.
#
#   inference/benches/gpu.sh [BILLIONS OF WEIGHTS, 1 or 8]
#
# Needs an NVIDIA driver, Rust and Python 3.10 or newer, 30 GB of disk, and for 8 billion weights 80 GB of the device's memory.
set -euo pipefail
cd "$(dirname "$0")/../.."

if ! command -v nvidia-smi >/dev/null || ! nvidia-smi --list-gpus | grep -q GPU; then
    echo "gpu.sh: this machine has no NVIDIA GPU, or no driver for it (nvidia-smi lists none): nothing was measured" >&2
    exit 1
fi
command -v cargo >/dev/null || { echo "gpu.sh: cargo is missing; rustup.rs has it" >&2; exit 1; }

billions=${1:-1}
peers=$PWD/.cache/peers-gpu
make setup
inference/benches/compare/peers/install.sh "$peers" gpu
# The same release of libtorch, with its CUDA part.
cuda_library=$(echo "$peers"/lib/python3*/site-packages/torch/lib/libtorch_cuda.so)
llama=$PWD/.cache/models/random-llama-${billions}b
[ -f "$llama/config.json" ] || "$peers/bin/python" inference/benches/compare/peers/random_llama.py "$billions" "$llama"
nvidia-smi --query-gpu=name,memory.total,driver_version --format=csv,noheader
exec "$peers/bin/python" inference/benches/compare/gpu.py --cuda-library "$cuda_library" --random-llama "$llama" \
    --out target/bench/gpu.json
