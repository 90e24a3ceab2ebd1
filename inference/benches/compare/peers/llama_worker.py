#!/usr/bin/env python3
"""A GGUF model in llama.cpp, through its own batched `llama_decode`: the server of llama-cpp-python takes one request at a time."""

import time
from pathlib import Path

import llama_cpp
import numpy

from lines import serve, token_ids

# Room for the longest prompt and its reply.
CONTEXT_TOKENS = 640
BATCH_TOKENS = 512


def has_amx():
    cpu_info = Path("/proc/cpuinfo")
    return cpu_info.exists() and "amx_int8" in cpu_info.read_text()


class Worker:
    def open(self, path, threads, conversations_max):
        llama_cpp.llama_backend_init()
        # Its log is not ours; the callback must outlive the library's use of it.
        self.silence = llama_cpp.llama_log_callback(lambda *_: None)
        llama_cpp.llama_log_set(self.silence, None)
        how = llama_cpp.llama_model_default_params()
        # Its code for AMX ends with a fault as soon as several tokens are computed at once; it then computes in vectors.
        how.use_extra_bufts = not has_amx()
        self.model = llama_cpp.llama_model_load_from_file(path.encode(), how)
        if not self.model:
            raise SystemExit(f"llama.cpp cannot load {path}")
        self.vocabulary = llama_cpp.llama_vocab_n_tokens(llama_cpp.llama_model_get_vocab(self.model))
        settings = llama_cpp.llama_context_default_params()
        settings.n_ctx = CONTEXT_TOKENS * conversations_max
        settings.n_seq_max = conversations_max
        settings.n_batch = settings.n_ubatch = BATCH_TOKENS
        settings.n_threads = settings.n_threads_batch = threads
        self.context = llama_cpp.llama_init_from_model(self.model, settings)
        if not self.context:
            raise SystemExit("llama.cpp cannot make a context")
        self.memory = llama_cpp.llama_get_memory(self.context)
        self.batch = llama_cpp.llama_batch_init(BATCH_TOKENS, 0, 1)
        # Tokens that the cache holds of each conversation.
        self.known = [0] * conversations_max
        self.prefill(8)
        system = llama_cpp.llama_print_system_info().decode()
        return {"model": path, "dtype": "Q4_1", "system": system}

    def decode(self, conversations, prompt, tokens):
        for conversation in range(conversations):
            # The prompt of the round before is still there.
            self.forget(conversation, prompt)
            self.read(conversation, token_ids(conversation, prompt, self.vocabulary)[self.known[conversation]:])
        chosen = [0] * conversations
        seconds = 0.0
        for place in range(prompt, prompt + tokens):
            since = time.perf_counter()
            self.run([(chosen[one], place, one, True) for one in range(conversations)])
            chosen = [self.likeliest(one) for one in range(conversations)]
            seconds += time.perf_counter() - since
        self.known[:conversations] = [prompt + tokens] * conversations
        return {"tokens": tokens * conversations, "seconds": seconds}

    def prefill(self, tokens):
        self.forget(0, 0)
        ids = token_ids(0, tokens, self.vocabulary)
        since = time.perf_counter()
        self.read(0, ids)
        self.likeliest(-1)
        seconds = time.perf_counter() - since
        self.forget(0, 0)
        return {"tokens": tokens, "seconds": seconds}

    def forget(self, conversation, after):
        """Forgets what comes after so many tokens of a conversation."""
        if self.known[conversation] > after:
            llama_cpp.llama_memory_seq_rm(self.memory, conversation, after, -1)
            self.known[conversation] = after

    def read(self, conversation, ids):
        """Computes more tokens of a conversation."""
        for begin in range(0, len(ids), BATCH_TOKENS):
            part = ids[begin : begin + BATCH_TOKENS]
            place = self.known[conversation]
            last = len(part) - 1
            self.run([(token, place + at, conversation, at == last) for at, token in enumerate(part)])
            self.known[conversation] += len(part)

    def run(self, rows):
        batch = self.batch
        batch.n_tokens = len(rows)
        for at, (token, place, conversation, wants_logits) in enumerate(rows):
            batch.token[at] = token
            batch.pos[at] = place
            batch.n_seq_id[at] = 1
            batch.seq_id[at][0] = conversation
            batch.logits[at] = wants_logits
        if llama_cpp.llama_decode(self.context, batch) != 0:
            raise SystemExit("llama_decode failed")

    def likeliest(self, row):
        logits = llama_cpp.llama_get_logits_ith(self.context, row)
        return int(numpy.argmax(numpy.ctypeslib.as_array(logits, shape=(self.vocabulary,))))


if __name__ == "__main__":
    serve(Worker())
