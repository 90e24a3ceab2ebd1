"""What the table says of reached and missed targets, and of what the machine permits."""

import unittest

from limits import Machine, Shape
from report import Line, Target, Work, table


class Table(unittest.TestCase):
    def test_a_line_has_its_share_of_the_limit_its_ratio_and_its_verdict(self):
        ours = Line("ours", [30.0, 20.0, 25.0], (50.0, "memory"), [("theirs", Target(2.0))])
        work = Work("decode", "tokens/s", [ours, Line("theirs", [10.0, 10.0, 10.0])])
        self.assertEqual(table([work]).splitlines()[2:], [
            "| decode | ours | 25 tokens/s | 50% of 50 (memory) | 2.50x theirs (2.00 to 3.00) | >= 2x | reached |",
            "|  | theirs | 10 tokens/s |  |  |  |  |",
        ])

    def test_a_target_may_be_an_upper_bound(self):
        self.assertEqual(
            [Target(1.0, at_most=True).verdict(0.99), Target(1.0, at_most=True).verdict(1.01), Target(1.0).verdict(0.99)],
            ["reached", "missed", "missed"],
        )

    def test_a_work_that_was_always_disturbed_says_so(self):
        work = Work("decode", "tokens/s", [Line("ours", [], None, [("theirs", Target(2.0))]), Line("theirs", [])])
        self.assertIn("| decode | ours | disturbed in every round |", table([work]))


class Limits(unittest.TestCase):
    # 2 layers, 4 heads of 8 that share 2 keys; 1,000 weights and a head of 100, stored in 600 bytes.
    shape = Shape(2, 4, 2, 8, 1000, 100, 600)

    def test_a_step_reads_all_weights_once_and_everybodys_keys_and_values(self):
        read, operations = self.shape.decode_step(3, 10, "bf16")
        self.assertEqual(read, 1100 * 2 + 3 * (2 * 2 * 2 * 8 * 10) * 2)
        self.assertEqual(operations, 3 * (2 * 1100 + 4 * 2 * 4 * 8 * 10))

    def test_weights_that_stay_quantised_are_read_as_they_are_stored(self):
        self.assertEqual(self.shape.decode_step(1, 0, "Q4_1")[0], 600)

    def test_what_takes_longer_bounds(self):
        machine = Machine(bytes_per_second=100.0, bf16_flops=1000.0, f32_flops=10.0)
        self.assertEqual(machine.seconds(200, 100, "bf16"), (2.0, "memory"))
        self.assertEqual(machine.seconds(200, 100, "f32"), (10.0, "compute"))
