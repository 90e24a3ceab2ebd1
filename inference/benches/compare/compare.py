#!/usr/bin/env python3
"""Measures ours beside llama.cpp, transformers and sentence-transformers, in rounds that alternate, and prints one table.

`make bench-inference` prepares what this needs. A work alone: `make bench-inference WORK=prefill`.
"""

import argparse
import json
import os
import subprocess
import time
from pathlib import Path

from pit import Pit
from report import table
from works import WORKS, multiplies_bf16

ROOT = Path(__file__).resolve().parents[3]


def main():
    options = arguments()
    began = time.monotonic()
    pit = Pit(options)
    try:
        works = [work for name in options.works for work in WORKS[name](pit)]
        print(heading(pit))
        print(table(works))
        seconds = time.monotonic() - began
        print(f"\n{seconds:.0f} s. Rounds in which others used the processors for more than 8 % were thrown away.")
    finally:
        pit.close()
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        data = {"machine": vars(pit.machine()), "works": [work.data() for work in works]}
        options.out.write_text(json.dumps(data, indent=2) + "\n")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("works", nargs="*", default=list(WORKS), metavar="WORK", help=", ".join(WORKS))
    parser.add_argument("--ours", help="the program of benches/compare; built if absent")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", help="of ours: a number, or auto for what it chooses; all cores if absent")
    parser.add_argument("--out", type=Path, help="where all figures go, as JSON")
    parser.add_argument("--model", type=Path, default=ROOT / ".cache/models/smollm2-135m-instruct.gguf")
    parser.add_argument("--sentence-model", type=Path, default=ROOT / ".cache/models/all-minilm-l6-v2")
    options = parser.parse_args()
    unknown = [name for name in options.works if name not in WORKS]
    if unknown:
        parser.error(f"no work {', '.join(unknown)}; known are {', '.join(WORKS)}")
    options.cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    options.ours = options.ours or built()
    options.threads = threads(options.threads, options.cores)
    return options


def threads(wished, cores):
    """The threads of ours; `None` leaves them to the engine."""
    if wished is None:
        return cores
    return None if wished == "auto" else int(wished)


def built():
    """Builds our side and gives its program."""
    command = "cargo bench --locked --workspace --bench compare --no-run --message-format json-render-diagnostics"
    messages = subprocess.run(command.split(), cwd=ROOT, stdout=subprocess.PIPE, check=True, text=True).stdout
    programs = [json.loads(line).get("executable") for line in messages.splitlines()]
    return [program for program in programs if program][-1]


def heading(pit):
    """What was measured on."""
    machine, about, options = pit.machine(), pit.ours().about, pit.options
    ours = options.threads or "as many as it chooses"
    bf16 = "with" if multiplies_bf16() else "without"
    return (
        f"{about['model']} ({about['quantisation']}) and {options.sentence_model.name}; ours: {about.get('forward', about['dtype'])}, threads: "
        f"{ours}; the others: {options.cores}. A processor {bf16} AVX512-BF16; "
        f"memory {machine.bytes_per_second / 1e9:.1f} GB/s, "
        f"peak {machine.bf16_flops / 1e9:.0f} GFLOP/s in bf16 and {machine.f32_flops / 1e9:.0f} in f32. "
        f"Medians of {options.rounds} rounds.\n"
    )


if __name__ == "__main__":
    main()
