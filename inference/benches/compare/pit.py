"""Everybody who takes part, opened when first needed and kept, and what was measured of the machine."""

import sys
from pathlib import Path

from limits import Machine
from rounds import Watch, take_turns
from worker import Worker

PEERS = Path(__file__).resolve().parent / "peers"


class Pit:
    def __init__(self, options):
        self.options = options
        self.workers = {}
        # Others that are measured beside and are no foreigners.
        self.others = []
        self.watch = Watch(lambda: [worker.pid for worker in self.workers.values()] + self.others)
        self.known_machine = None

    def ours(self, dtype="auto"):
        return self.opened(f"ours {dtype}", [self.options.ours, "--worker"], {
            "op": "open", "path": str(self.options.model), "dtype": dtype, "threads": self.options.threads,
        })

    def our_embedder(self, dtype):
        return self.opened(f"our embedder {dtype}", [self.options.ours, "--worker"], {
            "op": "open_embedder", "path": str(self.options.sentence_model), "dtype": dtype,
            "threads": self.options.threads,
        })

    def llama(self):
        return self.opened("llama.cpp", self.python("llama_worker.py"), {
            "op": "open", "path": str(self.options.model), "threads": self.options.cores, "conversations_max": 16,
        })

    def transformers(self, dtype):
        return self.opened(f"transformers {dtype}", self.python("transformers_worker.py"), {
            "op": "open", "path": str(self.options.model), "dtype": dtype, "threads": self.options.cores,
        })

    def sentence_transformers(self, dtype):
        return self.opened(f"sentence-transformers {dtype}", self.python("sentence_worker.py"), {
            "op": "open_embedder", "path": str(self.options.sentence_model), "dtype": dtype,
            "threads": self.options.cores,
        })

    def machine(self):
        """What the kernels give, measured once in this run."""
        if self.known_machine is None:
            limits = self.ours().ask("limits", threads=self.options.cores)
            self.known_machine = Machine(**limits)
        return self.known_machine

    def rounds(self, contestants):
        """Warms everybody up, and lets them take turns."""
        for turn in contestants.values():
            turn()
        return self.cold_rounds(contestants)

    def cold_rounds(self, contestants):
        """Lets them take turns at once."""
        return take_turns(contestants, self.options.rounds, self.watch, say)

    def opened(self, name, command, opening):
        if name not in self.workers:
            say(f"opening {name}")
            self.workers[name] = Worker(name, command, opening)
        return self.workers[name]

    def python(self, worker):
        return [sys.executable, str(PEERS / worker)]

    def close(self):
        for worker in self.workers.values():
            worker.close()
        self.workers = {}


def say(text):
    print(text, file=sys.stderr, flush=True)
