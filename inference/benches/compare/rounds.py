"""Rounds in which everybody takes a turn, on a machine that nobody else may disturb."""

import os
from pathlib import Path

# The share of all processors that other programs may use during a turn.
FOREIGN_MAX = 0.08
# Turns of one round that are thrown away before the round is given up.
DISTURBED_MAX = 4


def take_turns(contestants, rounds, watch, say=lambda text: None):
    """The figures of each contestant, one for each round in which nobody was disturbed.

    `contestants` are functions by name. They alternate, so that a machine that changes its speed changes it for all; a round
    that is given up gives no figure to anyone.
    """
    figures = {name: [] for name in contestants}
    for number in range(rounds):
        found = {}
        for name, turn in contestants.items():
            found[name] = undisturbed(turn, watch)
            say(f"  round {number + 1}, {name}: {'disturbed' if found[name] is None else format(found[name], '.4g')}")
            if found[name] is None:
                break
        else:
            for name, figure in found.items():
                figures[name].append(figure)
    return figures


def undisturbed(turn, watch):
    """The figure of the first turn that nobody disturbed; `None` if there was none."""
    for _ in range(DISTURBED_MAX):
        figure, foreign = watch(turn)
        if foreign <= FOREIGN_MAX:
            return figure
    return None


def ratios(ours, theirs):
    """How many times theirs ours is, round by round, in order."""
    return sorted(one / other for one, other in zip(ours, theirs))


def median(figures):
    """The middle one, or the mean of the two middle ones."""
    ordered = sorted(figures)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


class Watch:
    """Measures which share of the processors others used while a turn was taken."""

    def __init__(self, pids):
        # A function: processes come and go.
        self.pids = pids

    def __call__(self, turn):
        if not Path("/proc/stat").exists():
            return turn(), 0.0
        before_all, before_busy = machine_ticks()
        before_ours = self.our_ticks()
        figure = turn()
        ours = self.our_ticks() - before_ours
        after_all, after_busy = machine_ticks()
        foreign = (after_busy - before_busy) - ours
        return figure, foreign / max(after_all - before_all, 1)

    def our_ticks(self):
        return sum(process_ticks(pid) for pid in [os.getpid(), *self.pids()])


def machine_ticks():
    """Ticks of all processors so far: all of them, and those in which one was busy or taken by another machine."""
    fields = [int(field) for field in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    user, nice, system, idle, waiting, interrupt, soft_interrupt, stolen = fields
    return sum(fields), user + nice + system + interrupt + soft_interrupt + stolen


def process_ticks(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])
