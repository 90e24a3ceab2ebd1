"""The works: who does what, and what ours is to reach beside the others."""

import itertools
import random
import signal
import subprocess
import sys
from pathlib import Path

from limits import Shape, sentence_operations
from report import Line, Target, Work
from rounds import median

# Tokens of the context of a decode, on average.
CONTEXT = 256
# Tokens of a reply: many at once show in fewer steps what one shows.
REPLIES = {1: 64, 16: 32}
CANCELS = 100
TEXTS = 128
# What one text at a time is measured with.
SINGLE_TEXTS = 64
WORDS = "harbour barometer granary the rehearses of seven otter lantern and winter copper a maps"
NATIVE_BF16 = "avx512_bf16"


def multiplies_bf16():
    """Whether this processor does what the targets were set for."""
    cpu_info = Path("/proc/cpuinfo")
    return cpu_info.exists() and NATIVE_BF16 in cpu_info.read_text()


def target(times):
    return Target(times) if multiplies_bf16() else None


def transformers_target(times):
    """Without bf16 in the processor ours is to be no slower than transformers."""
    return Target(times if multiplies_bf16() else 1.0)


def decode(pit, conversations, llama_times, transformers_times):
    order = decode_order(conversations)
    shape = Shape.of_gguf(pit.options.model)

    def limit(dtype):
        step = shape.decode_step(conversations, CONTEXT, dtype)
        seconds, bound = pit.machine().seconds(*step, dtype)
        return conversations / seconds, bound

    against = [
        ("llama.cpp", target(llama_times)),
        ("transformers bf16", transformers_target(transformers_times)),
        ("transformers f32", None),
    ]
    plural = "" if conversations == 1 else "s"
    name = f"decode, {conversations} conversation{plural}, context {CONTEXT}"
    return [language_work(pit, name, order, limit, against)]


def decode_order(conversations):
    reply = REPLIES[conversations]
    prompt = CONTEXT - reply // 2
    return {"op": "decode", "what": "tokens", "conversations": conversations, "prompt": prompt, "tokens": reply}


def prefill(pit):
    order = {"op": "prefill", "what": "tokens", "tokens": 512}
    shape = Shape.of_gguf(pit.options.model)

    def limit(dtype):
        seconds, bound = pit.machine().seconds(*shape.prefill(512, dtype), dtype)
        return 512 / seconds, bound

    against = [
        ("llama.cpp", target(3.5)),
        ("transformers bf16", transformers_target(1.2)),
        ("transformers f32", None),
    ]
    return [language_work(pit, "prefill, 512 tokens", order, limit, against)]


def language_work(pit, name, order, limit, against):
    workers = {
        "ours": pit.ours(),
        "llama.cpp": pit.llama(),
        "transformers bf16": pit.transformers("bf16"),
        "transformers f32": pit.transformers("f32"),
    }
    figures = pit.rounds({who: (lambda worker=worker: worker.rate(**order)) for who, worker in workers.items()})
    lines = []
    for who, worker in workers.items():
        # The fused forward keeps the weights as they are stored.
        dtype = "stored" if worker.about.get("forward", "").startswith("fused") else worker.about["dtype"]
        lines.append(Line(who, figures[who], limit(dtype), against if who == "ours" else []))
    return Work(name, "tokens/s", lines)


def job(pit):
    ours = pit.ours()
    order = {"op": "job", "what": "tokens", "conversations": 16, "prompt": 256, "tokens": 64}
    shared, one_by_one = "together, 192 prompt tokens shared", "one after the other"
    figures = pit.cold_rounds({
        "together": lambda: ours.rate(**order, shared=0, together=True),
        shared: lambda: ours.rate(**order, shared=192, together=True),
        one_by_one: lambda: ours.rate(**order, shared=0, together=False),
    })
    times = {"together": 1.8, shared: 3.5}
    lines = [
        Line(name, found, None, [(one_by_one, Target(times[name]))] if name in times else [])
        for name, found in figures.items()
    ]
    return [Work("16 conversations, prompt 256, 64 new tokens each, whole job", "new tokens/s", lines)]


def busy(pit):
    """What another program that never rests leaves of the speed of one conversation."""
    ours = pit.ours()

    def turn():
        return ours.rate(**decode_order(1))

    def beside_another():
        other.send_signal(signal.SIGCONT)
        try:
            return turn()
        finally:
            other.send_signal(signal.SIGSTOP)

    other = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    other.send_signal(signal.SIGSTOP)
    pit.others.append(other.pid)
    try:
        figures = pit.rounds({"beside a busy process": beside_another, "idle machine": turn})
    finally:
        pit.others.remove(other.pid)
        other.kill()
        other.wait()
    against = {"beside a busy process": [("idle machine", Target(0.5))]}
    lines = [Line(name, found, None, against.get(name, [])) for name, found in figures.items()]
    return [Work("decode, 1 conversation, what another busy process leaves", "tokens/s", lines)]


def embeddings(pit):
    texts = sentences(TEXTS)
    works = []
    for together, name, times in [(True, "embeddings, batches of 32", 1.0), (False, "embeddings, one text at a time", 2.0)]:
        chosen = texts if together else texts[:SINGLE_TEXTS]
        for dtype in ("f32", "bf16"):
            workers = {"ours": pit.our_embedder(dtype), "sentence-transformers": pit.sentence_transformers(dtype)}
            figures = pit.rounds({
                who: (lambda worker=worker: worker.rate("embed", "texts", texts=chosen, together=together))
                for who, worker in workers.items()
            })
            limit = embedding_limit(pit, chosen, dtype)
            against = [("sentence-transformers", Target(times))]
            lines = [Line(who, found, limit, against if who == "ours" else []) for who, found in figures.items()]
            works.append(Work(f"{name}, {dtype}", "texts/s", lines))
    return works


def embedding_limit(pit, texts, dtype):
    from tokenizers import Tokenizer

    folder = pit.options.sentence_model
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    counts = [len(encoded.ids) for encoded in tokenizer.encode_batch(texts)]
    seconds, bound = pit.machine().seconds(0, sentence_operations(folder, counts), dtype)
    return len(texts) / seconds, bound


def sentences(count):
    """Texts of 10 to 40 words, the same each time."""
    chooser = random.Random(1)
    words = WORDS.split()
    return [" ".join(chooser.choices(words, k=chooser.randint(10, 40))) for _ in range(count)]


def cancel(pit):
    ours = pit.ours()
    seeds = itertools.count(1)
    slowest_ms = []

    def turn():
        answer = ours.ask("cancel", cancels=CANCELS, seed=next(seeds))
        slowest_ms.append(answer["p99_ms"])
        return answer["p99_steps"]

    figures = pit.cold_rounds({"ours": turn})["ours"]
    one_step = Line("a step", [1.0] * len(figures))
    lines = [Line("ours", figures, None, [("a step", Target(1.0, at_most=True))]), one_step]
    name = f"cancel to free under full load, 99th percentile (median {median(slowest_ms):.0f} ms)"
    return [Work(name, "steps", lines)]


WORKS = {
    "decode-1": lambda pit: decode(pit, 1, 1.4, 5.0),
    "decode-16": lambda pit: decode(pit, 16, 2.2, 3.5),
    "prefill": prefill,
    "job": job,
    "busy": busy,
    "embeddings": embeddings,
    "cancel": cancel,
}
