#!/usr/bin/env python3
"""Holds the product's retrieval beside bm25s, rank-bm25 and sentence-transformers, on the pieces that it cut.

`make bench-retrieval` prepares what this needs.
"""

import argparse
import json
import logging
import os
import re
import shutil
import subprocess
import time
from pathlib import Path

import bm25s
import jieba
import numpy
import Stemmer
import torch
from rank_bm25 import BM25Okapi
from sentence_transformers import SentenceTransformer

from threshold import threshold_table

ROOT = Path(__file__).resolve().parents[2]
RANKED = 100
LANGUAGES = {"en": "English", "zh": "Chinese"}


def main():
    options = arguments()
    jieba.setLogLevel(logging.WARNING)
    threads = max(1, len(os.sched_getaffinity(0)) - 1)
    torch.set_num_threads(threads)
    print(f"{threads} thread(s); {options.model.name}")
    for language in options.languages:
        corpus, out = options.corpus / language, options.out / options.model.name / language
        if not options.again:
            shutil.rmtree(out, ignore_errors=True)
        out.mkdir(parents=True, exist_ok=True)
        subprocess.run([options.ours, corpus, options.model, options.program, out], check=True)
        measured = json.loads((out / "measured.json").read_text())
        pieces = [json.loads(line) for line in (out / "pieces.jsonl").read_text().splitlines()]
        print(f"\n## {LANGUAGES[language]}\n")
        print(f"{measured['pages']} pages, {measured['pieces']} pieces, {len(measured['questions'])} questions\n")
        ranks = {name: [asked["ranks"][key] for asked in measured["questions"]] for name, key in OURS.items()}
        references(pieces, measured["questions"], ranks)
        found, seconds = sentence_transformers(options.model, pieces, measured, options.quick)
        if found:
            ranks["sentence-transformers"] = found
        print(quality_table(ranks))
        print(speed_table(measured, seconds))
        print(many_table(measured["many"]))
        if language in LEFT_OUT_WHOLE:
            print(threshold_table(measured["relevance"]))


# In the Chinese corpus other documents are about Debian, too: there is no subject that can be left out.
LEFT_OUT_WHOLE = {"en"}
OURS = {"dense, ours": "dense", "BM25, ours": "bm25", "fused, ours": "fused"}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("languages", nargs="*", default=list(LANGUAGES), metavar="LANGUAGE", help=", ".join(LANGUAGES))
    parser.add_argument("--corpus", type=Path, default=ROOT / ".cache/retrieval")
    parser.add_argument("--model", type=Path, default=ROOT / ".cache/models/all-minilm-l6-v2")
    parser.add_argument("--ours", type=Path, default=ROOT / "target/release/examples/retrieval")
    parser.add_argument("--program", type=Path, default=ROOT / "target/release/digital-twin")
    parser.add_argument("--out", type=Path, default=ROOT / "target/bench/retrieval")
    parser.add_argument("--again", action="store_true", help="search what was taken in before")
    parser.add_argument("--quick", action="store_true", help="of sentence-transformers the time alone")
    return parser.parse_args()


def references(pieces, questions, ranks):
    """What others' BM25 finds, on the words of the usual libraries: stems of Snowball, Chinese by jieba."""
    stemmer = Stemmer.Stemmer("english")
    texts = [words(piece["text"], stemmer) for piece in pieces]
    asked = [words(question["question"], stemmer) for question in questions]
    index = bm25s.BM25()
    index.index(texts, show_progress=False)
    found, _ = index.retrieve(asked, k=RANKED, show_progress=False)
    ranks["bm25s"] = [rank(places, pieces, question) for places, question in zip(found, questions)]
    okapi = BM25Okapi(texts)
    ranks["rank-bm25"] = [
        rank(numpy.argsort(-okapi.get_scores(one), kind="stable")[:RANKED], pieces, question)
        for one, question in zip(asked, questions)
    ]


def words(text, stemmer):
    found = []
    for run in re.findall(r"[\u3400-\u9fff]+|[^\W\u3400-\u9fff]+", text.lower()):
        found += jieba.cut_for_search(run) if run[0] >= "\u3400" else stemmer.stemWords([run])
    return found


def sentence_transformers(path, pieces, measured, for_time_alone):
    """What the same model finds in sentence-transformers, and the seconds that the pieces take in it which were timed of ours."""
    model = SentenceTransformer(str(path), device="cpu", model_kwargs={"dtype": torch.float32})
    prompts = {"query": "", "passage": "", **model.prompts}
    model.encode(["warm"])
    texts = [piece["text"] for piece in pieces]
    encode = lambda texts, form: model.encode(texts, batch_size=32, normalize_embeddings=True, prompt=prompts[form] or None)  # noqa: E731
    since = time.perf_counter()
    vectors = encode(texts[: measured["timed"]], "passage")
    seconds = time.perf_counter() - since
    if for_time_alone:
        return None, seconds
    rest = texts[measured["timed"] :]
    if rest:
        vectors = numpy.concatenate([vectors, encode(rest, "passage")])
    questions = measured["questions"]
    asked = encode([question["question"] for question in questions], "query")
    found = numpy.argsort(-(asked @ vectors.T), axis=1, kind="stable")[:, :RANKED]
    return [rank(places, pieces, question) for places, question in zip(found, questions)], seconds


def rank(places, pieces, question):
    """Where in a ranking the answer stands, from 1."""
    for place, piece in enumerate(places, 1):
        piece = pieces[int(piece)]
        is_there = piece["document"] == question["document"]
        if is_there and piece["section"].split(" › ")[-1] == question["section"]:
            return place
    return None


def quality_table(ranks):
    lines = ["| found by | recall@5 | MRR |", "|---|---|---|"]
    for name, found in ranks.items():
        recall = sum(1 for place in found if place and place <= 5) / len(found)
        reciprocal = sum(1 / place for place in found if place) / len(found)
        lines.append(f"| {name} | {recall:.3f} | {reciprocal:.3f} |")
    return "\n".join(lines) + "\n"


def speed_table(measured, seconds):
    ours = measured["timed"] / measured["embedding_seconds"]
    theirs = measured["timed"] / seconds
    lines = [
        f"of {measured['timed']} pieces embedded a second: ours ({measured['forward']}) {ours:.1f}, "
        f"sentence-transformers (f32) {theirs:.1f}: {ours / theirs:.2f} x"
    ]
    if measured["taken_in_seconds"]:
        rate = measured["pieces"] / measured["taken_in_seconds"]
        lines.append(f"pieces taken in a second, that is read, cut, embedded and kept: {rate:.1f}")
    return "\n".join(lines) + "\n"


def many_table(many):
    return (
        f"{many['passages']} passages: search p50 {many['search_ms']['p50']:.1f} ms, p99 {many['search_ms']['p99']:.1f} ms; "
        f"bytes a passage: vector {many['vector_bytes']:.0f}, words {many['word_bytes']:.0f}, text {many['text_bytes']:.0f}; "
        f"index built in {many['index_seconds']:.1f} s\n"
    )


if __name__ == "__main__":
    main()
