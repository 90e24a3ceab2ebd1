#!/usr/bin/env python3
"""Measures ours beside transformers on a CUDA device; `inference/benches/gpu.sh` prepares what this needs."""

import argparse
import json
import sys
from pathlib import Path

from compare import ROOT, built
from limits import Machine, Shape
from pit import PEERS, say
from report import Line, Work, table
from rounds import Watch, take_turns
from worker import Worker

CONVERSATIONS = (1, 16, 64, 256)
PROMPT, REPLY = 224, 64
PREFILL = 512
ROUNDS = 3
# Keys and values of the most conversations with one more reply each.
CACHE_TOKENS = max(CONVERSATIONS) * (PROMPT + 512)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cuda-library", type=Path, required=True, help="libtorch_cuda.so of the same release")
    parser.add_argument("--random-llama", type=Path, required=True, help="a folder that random_llama.py has written")
    parser.add_argument("--ours", help="the program of benches/compare; built if absent")
    parser.add_argument("--out", type=Path, help="where all figures go, as JSON")
    options = parser.parse_args()
    options.ours = options.ours or built()
    small = ROOT / ".cache/models/smollm2-135m-instruct.gguf"
    works = []
    for path, shape in [(small, Shape.of_gguf(small)), (options.random_llama, Shape.of_folder(options.random_llama))]:
        works += measured(path, shape, options)
    print(table(works))
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(json.dumps([work.data() for work in works], indent=2) + "\n")


def measured(path, shape, options):
    """All works of one model, which is loaded once by each."""
    cache_bytes = CACHE_TOKENS * shape.cache_bytes_of_token(2)
    ours = Worker("ours", [options.ours, "--worker"], {
        "op": "open", "path": str(path), "dtype": "bf16", "device": "cuda:0", "cuda_library": str(options.cuda_library),
        "running_max": max(CONVERSATIONS), "cache_bytes_max": cache_bytes,
    })
    transformers = Worker("transformers", [sys.executable, str(PEERS / "transformers_worker.py")], {
        "op": "open", "path": str(path), "dtype": "bf16", "device": "cuda:0",
    })
    workers = {"ours": ours, "transformers bf16": transformers}
    machine = Machine(**transformers.ask("limits"))
    watch = Watch(lambda: [worker.pid for worker in workers.values()])
    works = []

    def work(name, most, **order):
        say(f"{path.name}: {name}")
        turns = {who: (lambda worker=worker: worker.rate(what="tokens", **order)) for who, worker in workers.items()}
        for turn in turns.values():
            turn()
        figures = take_turns(turns, ROUNDS, watch, say)
        against = {"ours": [("transformers bf16", None)]}
        lines = [Line(who, found, most, against.get(who, [])) for who, found in figures.items()]
        works.append(Work(f"{path.name}: {name}", "tokens/s", lines))

    for conversations in CONVERSATIONS:
        step = shape.decode_step(conversations, PROMPT + REPLY // 2, "bf16")
        seconds, bound = machine.seconds(*step, "bf16")
        order = {"op": "decode", "conversations": conversations, "prompt": PROMPT, "tokens": REPLY}
        work(f"decode, batch {conversations}", (conversations / seconds, bound), **order)
    seconds, bound = machine.seconds(*shape.prefill(PREFILL, "bf16"), "bf16")
    work(f"prefill, {PREFILL} tokens", (PREFILL / seconds, bound), op="prefill", tokens=PREFILL)
    for worker in workers.values():
        worker.close()
    return works


if __name__ == "__main__":
    main()
