"""How fast a machine could be at most: what must be read through its memory, what must be multiplied at its peak."""

import json
from dataclasses import dataclass

BYTES = {"f32": 4, "bf16": 2}


@dataclass
class Machine:
    """What the kernels gave in this run."""

    bytes_per_second: float
    bf16_flops: float
    f32_flops: float = float("nan")

    def seconds(self, read_bytes, operations, dtype):
        """At least so long, and what it is that takes so long."""
        peak = self.f32_flops if dtype == "f32" else self.bf16_flops
        memory, compute = read_bytes / self.bytes_per_second, operations / peak
        return max(memory, compute), "memory" if memory > compute else "compute"


@dataclass
class Shape:
    """What a language model consists of."""

    layers: int
    heads: int
    key_heads: int
    head_size: int
    # Weights that every token is multiplied with, and those of the head, which only a token that is chosen needs.
    body_weights: int
    head_weights: int
    # As its file holds them, head included; a table of embeddings that is not the head is left out.
    stored_bytes: int

    @staticmethod
    def of_gguf(path):
        from gguf import GGUFReader

        reader = GGUFReader(path)
        name = reader.fields["general.architecture"].contents()

        def setting(key):
            return int(reader.fields[f"{name}.{key}"].contents())

        tensors = {tensor.name: tensor for tensor in reader.tensors}
        head = tensors.get("output.weight") or tensors["token_embd.weight"]
        body = [tensor for key, tensor in tensors.items() if key not in ("token_embd.weight", "output.weight")]
        heads = setting("attention.head_count")
        return Shape(
            layers=setting("block_count"),
            heads=heads,
            key_heads=setting("attention.head_count_kv"),
            head_size=setting("embedding_length") // heads,
            body_weights=sum(int(tensor.n_elements) for tensor in body),
            head_weights=int(head.n_elements),
            stored_bytes=sum(int(tensor.n_bytes) for tensor in [*body, head]),
        )

    @staticmethod
    def of_folder(folder):
        config = json.loads((folder / "config.json").read_text())
        hidden, layers, heads = config["hidden_size"], config["num_hidden_layers"], config["num_attention_heads"]
        key_heads, head_size = config["num_key_value_heads"], config.get("head_dim") or hidden // heads
        attention = hidden * head_size * 2 * (heads + key_heads)
        body = layers * (attention + 3 * hidden * config["intermediate_size"])
        head = hidden * config["vocab_size"]
        return Shape(layers, heads, key_heads, head_size, body, head, 2 * (body + head))

    def decode_step(self, conversations, context, dtype):
        """Bytes and operations of a step in which each conversation writes one token."""
        width = BYTES.get(dtype)
        weights = self.body_weights + self.head_weights
        weight_bytes = weights * width if width else self.stored_bytes
        cache_bytes = context * self.cache_bytes_of_token(width or 2)
        attention = 4 * self.layers * self.heads * self.head_size * context
        return weight_bytes + conversations * cache_bytes, conversations * (2 * weights + attention)

    def cache_bytes_of_token(self, width):
        """Bytes of the keys and values of one token, of numbers of so many bytes."""
        return 2 * self.layers * self.key_heads * self.head_size * width

    def prefill(self, tokens, dtype):
        """Bytes and operations of a prompt whose last token alone is followed by another."""
        width = BYTES.get(dtype)
        weight_bytes = (self.body_weights + self.head_weights) * width if width else self.stored_bytes
        attention = 2 * self.layers * self.heads * self.head_size * tokens * tokens
        return weight_bytes, 2 * (self.body_weights * tokens + self.head_weights) + attention


def sentence_operations(folder, token_counts):
    """Operations that texts of so many tokens take in a BERT."""
    config = json.loads((folder / "config.json").read_text())
    hidden, layers = config["hidden_size"], config["num_hidden_layers"]
    weights = layers * (4 * hidden * hidden + 2 * hidden * config["intermediate_size"])
    return sum(2 * weights * tokens + 4 * layers * hidden * tokens * tokens for tokens in token_counts)
