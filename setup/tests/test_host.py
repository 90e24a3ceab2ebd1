"""Which platform of the lock a machine is."""

import sys
import unittest
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import host  # noqa: E402
from failure import SetupFailure  # noqa: E402


def name_of(system, machine, libc=("glibc", "2.36")):
    with mock.patch("platform.system", return_value=system), mock.patch(
        "platform.machine", return_value=machine
    ), mock.patch("platform.libc_ver", return_value=libc):
        return host.platform_name()


class HostTest(unittest.TestCase):
    def test_each_spelling_of_a_machine_has_one_name(self):
        machines = [("Linux", "x86_64"), ("Linux", "AMD64"), ("Linux", "aarch64"), ("Linux", "arm64"), ("Darwin", "arm64")]
        names = [name_of(*machine) for machine in machines]
        expected = ["linux-x86_64", "linux-x86_64", "linux-aarch64", "linux-aarch64", "macos-arm64"]
        self.assertEqual(names, expected)

    def test_musl_and_an_old_glibc_are_refused_with_the_reason(self):
        with self.assertRaisesRegex(SetupFailure, "with glibc only"):
            name_of("Linux", "x86_64", libc=("", ""))
        with self.assertRaisesRegex(SetupFailure, "glibc 2.28 or newer and this system has 2.17"):
            name_of("Linux", "x86_64", libc=("glibc", "2.17"))


if __name__ == "__main__":
    unittest.main()
