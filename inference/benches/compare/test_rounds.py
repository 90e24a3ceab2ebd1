"""What a round is worth when somebody disturbs it."""

import unittest

from rounds import DISTURBED_MAX, FOREIGN_MAX, median, ratios, take_turns


class Rounds(unittest.TestCase):
    def setUp(self):
        self.turns = []

    def contestant(self, name, figures):
        """A contestant whose turns give these figures, one after the other."""
        left = list(figures)

        def turn():
            self.turns.append(name)
            return left.pop(0)

        return turn

    def quiet(self, turn):
        return turn(), FOREIGN_MAX

    def test_contestants_alternate(self):
        contestants = {"ours": self.contestant("ours", [1, 2]), "theirs": self.contestant("theirs", [3, 4])}
        figures = take_turns(contestants, 2, self.quiet)
        self.assertEqual((figures, self.turns), ({"ours": [1, 2], "theirs": [3, 4]}, ["ours", "theirs"] * 2))

    def test_a_disturbed_turn_is_taken_again(self):
        shares = iter([0.5, 0.0])
        figures = take_turns({"ours": self.contestant("ours", [1, 2])}, 1, lambda turn: (turn(), next(shares)))
        self.assertEqual(figures, {"ours": [2]})

    def test_a_round_that_is_disturbed_to_the_end_counts_for_nobody(self):
        contestants = {"ours": self.contestant("ours", [1, 1]), "theirs": self.contestant("theirs", range(9))}
        calls = []

        def watch(turn):
            figure = turn()
            calls.append(self.turns[-1])
            in_first_round = calls.count("ours") == 1
            return figure, 1.0 if self.turns[-1] == "theirs" and in_first_round else 0.0

        figures = take_turns(contestants, 2, watch)
        self.assertEqual(figures, {"ours": [1], "theirs": [DISTURBED_MAX]})

    def test_ratios_are_those_of_each_round(self):
        self.assertEqual(ratios([4, 9, 2], [2, 3, 2]), [1, 2, 3])

    def test_the_median_of_an_even_number_is_the_mean_of_the_middle(self):
        self.assertEqual((median([3, 1, 2]), median([4, 1, 2, 3])), (2, 2.5))
