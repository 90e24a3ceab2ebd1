#!/usr/bin/env python3
"""A sentence model in sentence-transformers."""

import time

import torch
from sentence_transformers import SentenceTransformer

from lines import serve


class Worker:
    def open_embedder(self, path, dtype, threads):
        torch.set_num_threads(threads)
        dtype = {"f32": torch.float32, "bf16": torch.bfloat16}[dtype]
        self.model = SentenceTransformer(path, device="cpu", model_kwargs={"dtype": dtype})
        self.model.encode(["warm"])

    def embed(self, texts, together):
        since = time.perf_counter()
        if together:
            self.model.encode(texts, batch_size=32, normalize_embeddings=True)
        else:
            for text in texts:
                self.model.encode(text, normalize_embeddings=True)
        return {"texts": len(texts), "seconds": time.perf_counter() - since}


if __name__ == "__main__":
    serve(Worker())
