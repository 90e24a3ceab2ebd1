"""The table: what each did, how far that is from what the machine permits, and how ours stands to the others."""

from dataclasses import dataclass, field

from rounds import median, ratios


@dataclass
class Target:
    """At least so many times what another does, or at most."""

    times: float
    at_most: bool = False

    def verdict(self, ratio):
        reached = ratio <= self.times if self.at_most else ratio >= self.times
        return "reached" if reached else "missed"

    def __str__(self):
        return f"{'<=' if self.at_most else '>='} {self.times:g}x"


@dataclass
class Line:
    """One contestant of a work."""

    name: str
    figures: list
    # What the machine permits in the same unit, and what bounds it; none if there is no such limit.
    limit: tuple = None
    # Which contestant this one is held against, by name, and what the ratio should be.
    against: list = field(default_factory=list)


@dataclass
class Work:
    name: str
    unit: str
    lines: list

    def rows(self):
        for at, line in enumerate(self.lines):
            yield [self.name if at == 0 else "", line.name, *self.cells(line)]

    def cells(self, line):
        if not line.figures:
            return ["disturbed in every round", "", "", "", ""]
        figure = median(line.figures)
        limit = ""
        if line.limit:
            most, bound = line.limit
            limit = f"{figure / most:.0%} of {most:.4g} ({bound})"
        cells = [f"{figure:.4g} {self.unit}", limit, "", "", ""]
        for other, target in line.against:
            theirs = next(one for one in self.lines if one.name == other)
            times = ratios(line.figures, theirs.figures)
            ratio = median(times)
            said = f"{ratio:.2f}x {other} ({times[0]:.2f} to {times[-1]:.2f})"
            added = [said, str(target or "–"), target.verdict(ratio) if target else ""]
            cells[2:] = [f"{one}<br>{two}" if one else two for one, two in zip(cells[2:], added)]
        return cells

    def data(self):
        lines = [{"name": line.name, "figures": line.figures, "limit": line.limit} for line in self.lines]
        return {"work": self.name, "unit": self.unit, "lines": lines}


HEADER = ["work", "who", "median", "of what the machine permits", "ours to the other (range of rounds)", "target", ""]


def table(works):
    """All works as a table in Markdown."""
    rows = [HEADER, ["---"] * len(HEADER), *(row for work in works for row in work.rows())]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
