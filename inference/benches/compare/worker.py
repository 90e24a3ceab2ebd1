"""A process with a loaded model, ours or another's, that follows orders."""

import json
import os
import subprocess


class Worker:
    def __init__(self, name, command, opening):
        self.name = name
        quiet = {**os.environ, "TQDM_DISABLE": "1"}
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=quiet)
        self.about = self.ask(**opening)

    @property
    def pid(self):
        return self.process.pid

    def ask(self, op, **fields):
        """Gives an order and waits for the answer."""
        try:
            self.process.stdin.write(json.dumps({"op": op, **fields}) + "\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            raise SystemExit(f"{self.name} ended with {self.process.wait()} at {op}; its last words are above")
        return json.loads(answer)

    def rate(self, op, what, **fields):
        """What it did a second: `what` names the count in its answer."""
        answer = self.ask(op, **fields)
        return answer[what] / answer["seconds"]

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
