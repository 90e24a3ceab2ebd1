#!/usr/bin/env python3
"""Writes a Llama with random weights, as large as those that people run, and the tokenizer of the default model."""

import shutil
import sys
from pathlib import Path

import torch
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

GGUF = Path(__file__).resolve().parents[4] / ".cache/models/smollm2-135m-instruct.gguf"
# The shapes of Llama 3.2 1B and Llama 3.1 8B.
SHAPES = {
    "1": dict(hidden_size=2048, num_hidden_layers=16, intermediate_size=8192, head_dim=64),
    "8": dict(hidden_size=4096, num_hidden_layers=32, intermediate_size=14336, head_dim=128),
}


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in SHAPES:
        raise SystemExit(f"random_llama.py BILLIONS FOLDER; BILLIONS is {' or '.join(SHAPES)}")
    billions, folder = sys.argv[1], Path(sys.argv[2])
    tokenizer = AutoTokenizer.from_pretrained(GGUF.parent, gguf_file=GGUF.name)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        num_attention_heads=32,
        num_key_value_heads=8,
        max_position_embeddings=8192,
        tie_word_embeddings=False,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        **SHAPES[billions],
    )
    torch.manual_seed(1)
    torch.set_default_dtype(torch.bfloat16)
    model = LlamaForCausalLM(config)
    # Complete or not there.
    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    model.save_pretrained(part, max_shard_size="4GB")
    tokenizer.save_pretrained(part)
    part.rename(folder)
    print(f"{sum(weights.numel() for weights in model.parameters()) / 1e9:.2f} billion random weights in {folder}")


if __name__ == "__main__":
    main()
