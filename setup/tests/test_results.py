"""The closing line of `make test`."""

import contextlib
import io
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import results  # noqa: E402


class ResultsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        root = Path(folder.name)
        self.junit = root / "junit.xml"
        self.vitest = root / "vitest.xml"
        reports = {"rust": self.junit, "web": self.vitest}
        for name, value in (("FOLDER", root / "results"), ("JUNIT", reports)):
            patch = mock.patch.object(results, name, value)
            patch.start()
            self.addCleanup(patch.stop)

    def print_results(self):
        with contextlib.redirect_stdout(io.StringIO()) as output:
            status = results.main(["print"])
        return status, output.getvalue().splitlines()

    def test_the_last_line_adds_up_every_step(self):
        results.write("python", 30, 0, 1)
        self.junit.write_text('<testsuites name="nextest" tests="12" failures="0" errors="0"></testsuites>')
        self.vitest.write_text('<testsuites name="vitest tests" tests="8" failures="0" errors="0" time="1.5"/>')
        expected = ["python: 30 passed, 0 failed, 1 skipped", "rust: 12 passed, 0 failed", "web: 8 passed, 0 failed"]
        self.assertEqual(self.print_results(), (0, [*expected, "total: 50 passed, 0 failed, 1 skipped"]))

    def test_a_failure_in_any_step_fails_the_whole(self):
        results.write("python", 30, 0, 0)
        self.junit.write_text('<testsuites tests="12" failures="1" errors="1"/>')
        status, lines = self.print_results()
        self.assertEqual((status, lines[-1]), (1, "total: 40 passed, 2 failed"))

    def test_no_test_at_all_is_no_success(self):
        self.assertEqual(self.print_results(), (1, ["total: 0 passed, 0 failed"]))

    def test_what_an_earlier_run_counted_is_forgotten(self):
        results.write("python", 30, 0, 0)
        self.junit.write_text('<testsuites tests="12"/>')
        self.assertEqual(results.main(["clear"]), 0)
        self.assertEqual(results.collected(), {})


if __name__ == "__main__":
    unittest.main()
