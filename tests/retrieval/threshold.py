"""Which questions the corpus answers, told by how relevant the best passage looks."""

THRESHOLDS = [number / 100 for number in range(10, 105, 5)]


def best(found):
    """The relevance of the best of the first passages, and whether there is any."""
    return max((relevance for *_, relevance in found), default=float("-inf"))


def threshold_table(asked):
    """Of questions with and without an answer, the shares that a threshold takes for answered."""
    known = [best(question["known"]) for question in asked]
    unknown = [best(question["unknown"]) for question in asked]
    lines = ["| relevance at least | of questions with an answer | of questions without |", "|---|---|---|"]
    for threshold in THRESHOLDS:
        shares = [sum(score >= threshold for score in scores) / len(scores) for scores in (known, unknown)]
        lines.append(f"| {threshold:.2f} | {shares[0]:.3f} | {shares[1]:.3f} |")
    return "\n".join(lines) + "\n"
