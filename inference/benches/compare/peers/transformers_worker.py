#!/usr/bin/env python3
"""A language model in transformers, measured from outside its `generate`."""

import time
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, StoppingCriteria
from transformers.utils import logging

from lines import serve, token_ids


class Stamps(StoppingCriteria):
    """Notes when each token of a reply is there."""

    def __init__(self, wait):
        self.wait = wait
        self.times = []

    def __call__(self, input_ids, scores, **_):
        self.wait()
        self.times.append(time.perf_counter())
        return torch.zeros(input_ids.shape[0], dtype=torch.bool, device=input_ids.device)


class Worker:
    def open(self, path, dtype, threads=None, device="cpu"):
        logging.set_verbosity_error()
        if threads:
            torch.set_num_threads(threads)
        path = Path(path)
        source = {"gguf_file": path.name} if path.is_file() else {}
        folder = path.parent if path.is_file() else path
        self.device = device
        self.model = AutoModelForCausalLM.from_pretrained(
            folder, dtype={"f32": torch.float32, "bf16": torch.bfloat16}[dtype], **source
        ).to(device)
        self.model.eval()
        # Every reply is as long as was asked for.
        self.model.generation_config.eos_token_id = None
        self.model.generation_config.pad_token_id = 0
        self.prefill(8)
        return {"model": path.name, "dtype": dtype, "device": device}

    def decode(self, conversations, prompt, tokens):
        stamps = Stamps(self.wait)
        self.model.generate(
            self.prompts(conversations, prompt),
            do_sample=False,
            max_new_tokens=tokens,
            stopping_criteria=[stamps],
        )
        steps = len(stamps.times) - 1
        return {"tokens": steps * conversations, "seconds": stamps.times[-1] - stamps.times[0]}

    @torch.inference_mode()
    def prefill(self, tokens):
        prompt = self.prompts(1, tokens)
        self.wait()
        since = time.perf_counter()
        self.model(prompt, use_cache=True, logits_to_keep=1)
        self.wait()
        return {"tokens": tokens, "seconds": time.perf_counter() - since}

    def limits(self):
        """What the device can do: bytes it reads and bf16 operations of a matrix product, each in a second."""
        memory = torch.ones(1 << 29, dtype=torch.int32, device=self.device)
        left, right = (torch.randn(8192, 8192, dtype=torch.bfloat16, device=self.device) for _ in range(2))
        return {
            "bytes_per_second": memory.nbytes / self.fastest(lambda: memory.sum(dtype=torch.int32)),
            "bf16_flops": 2 * 8192**3 / self.fastest(lambda: left @ right),
        }

    def fastest(self, kernel):
        times = []
        for _ in range(6):
            self.wait()
            since = time.perf_counter()
            kernel()
            self.wait()
            times.append(time.perf_counter() - since)
        return min(times)

    def prompts(self, conversations, prompt):
        vocabulary = self.model.config.vocab_size
        rows = [token_ids(conversation, prompt, vocabulary) for conversation in range(conversations)]
        return torch.tensor(rows, device=self.device)

    def wait(self):
        """Until the device has done what it was told."""
        if self.device != "cpu":
            torch.cuda.synchronize()


if __name__ == "__main__":
    serve(Worker())
