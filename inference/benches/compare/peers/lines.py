"""The worker's side of the comparison: orders come as lines of JSON, and each is answered by one line."""

import json
import os
import sys


def serve(worker):
    """Follows orders until the input ends: `{"op": NAME, ...}` calls the method of that name."""
    # What libraries print must not get between the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        order = json.loads(line)
        answer = getattr(worker, order.pop("op"))(**order)
        print(json.dumps(answer or {}), file=answers, flush=True)


def token_ids(conversation, count, vocabulary):
    """Tokens of a prompt: which ones they are changes nothing about the time that they take."""
    return [100 + (conversation * 7919 + place * 131) % (vocabulary - 200) for place in range(count)]
