"""What the Autobahn runner makes of the suite's verdicts and of servers that misbehave."""

import contextlib
import io
import os
import sys
import unittest
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parent))

import run  # noqa: E402


def verdict(behavior, close="OK"):
    return {"behavior": behavior, "behaviorClose": close}


class AutobahnTest(unittest.TestCase):
    def test_failed_cases_and_wrong_closes_are_bad_and_come_in_order(self):
        index = {
            "10.1.1": verdict("FAILED"),
            "2.1": verdict("OK", "WRONG CODE"),
            "6.4.1": verdict("NON-STRICT"),
            "7.1.6": verdict("INFORMATIONAL", "INFORMATIONAL"),
            "1.1.1": verdict("UNIMPLEMENTED"),
        }
        expected = {
            "1.1.1": "behavior UNIMPLEMENTED, close OK",
            "2.1": "behavior OK, close WRONG CODE",
            "10.1.1": "behavior FAILED, close OK",
        }
        self.assertEqual(list(run.bad_cases(index).items()), list(expected.items()))

    def test_the_summary_counts_cases_failures_and_kinds(self):
        index = {"1.1": verdict("OK"), "1.2": verdict("OK"), "1.3": verdict("NON-STRICT"), "1.4": verdict("FAILED")}
        self.assertEqual(run.summary(index), "autobahn: 4 cases, 1 failed, 1 non-strict, 2 ok")

    def test_a_server_that_prints_something_else_is_refused(self):
        with self.assertRaisesRegex(run.AutobahnFailure, "printed 'hello' instead of"):
            with run.echo_server([sys.executable, "-c", "print('hello')"], os.devnull):
                self.fail("the server was taken for good")

    def test_a_server_that_ends_during_the_run_is_a_failure(self):
        program = "print('listening on 127.0.0.1:1', flush=True); raise SystemExit(3)"
        with self.assertRaisesRegex(run.AutobahnFailure, "ended during the run with status 3"):
            with run.echo_server([sys.executable, "-c", program], os.devnull) as (address, server):
                self.assertEqual(address, "127.0.0.1:1")
                server.wait(30)

    def test_without_python_2_7_the_step_is_skipped_and_says_so(self):
        with contextlib.ExitStack() as patches:
            patches.enter_context(mock.patch.object(sys, "argv", ["run.py", "server"]))
            patches.enter_context(mock.patch.object(run, "find_python", return_value=None))
            noted = patches.enter_context(mock.patch.object(run, "note_results"))
            output = patches.enter_context(contextlib.redirect_stdout(io.StringIO()))
            self.assertEqual(run.main(), 0)
        self.assertEqual(output.getvalue(), "autobahn skipped: no Python 2.7\n")
        noted.assert_called_once_with(0, 0, run.CASES_SHORT)


if __name__ == "__main__":
    unittest.main()
