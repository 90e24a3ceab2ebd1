"""The disaster drill: people write and upload, a backup is taken meanwhile, the server is killed, everything it kept is destroyed, the
backup is put back, and people go on.

`make drill` runs it with the release build and prints what each step took, `make test-ops` a short form (test_backup.py).
"""

import argparse
import asyncio
import contextlib
import hashlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from base64 import b64encode
from dataclasses import dataclass, field
from pathlib import Path

import load
from programs import NODE, ROOT, Program, free_port, run

ROOMS, WRITERS_OF_A_ROOM = 4, 2
# One message in so many has a file.
ATTACHED_EVERY = 10
CURSOR = 5


@dataclass
class Kept:
    """What people know of what they sent: room -> seq -> (text, the attachment's bytes or None, when it was acknowledged)."""

    acked: dict = field(default_factory=dict)

    def note(self, room, seq, text, content):
        self.acked.setdefault(room, {})[seq] = (text, content, time.time())

    def count(self, before=float("inf")):
        return sum(at < before for room in self.acked.values() for _, _, at in room.values())


class Installation:
    """A node with its data folder and its database, all of which can be lost; backups and their key lie elsewhere."""

    def __init__(self, folder, program, postgres=None, s3=False):
        self.folder, self.program, self.postgres, self.bucket = folder, program, postgres, None
        self.data = folder / "data"
        self.name = f"drill_{uuid.uuid4().hex}"
        inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LD_LIBRARY_PATH") if name in os.environ}
        self.settings = {
            **inherited,
            "DATA_DIR": str(self.data),
            "TWIN_BACKUP_DIR": str(folder / "backups"),
            "TWIN_ENGINE": "scripted",
            "LOG_LEVEL": "warn",
            "TWIN_SENDS_PER_MINUTE": "1000000",
            **{f"TWIN_QUOTA_{name}": "1000000/second" for name in ("LOGIN_IP", "REGISTER_IP", "WRITES")},
        }
        if postgres:
            url = urllib.parse.urlsplit(postgres)
            place = {"HOST": url.hostname, "PORT": str(url.port), "USER": url.username, "PASSWORD": url.password or "", "NAME": self.name}
            self.settings |= {f"DB_{key}": value for key, value in place.items()}
            self.sql(f"CREATE DATABASE {self.name}")
        if s3:
            name = self.name.replace("_", "-")
            self.bucket = Path(os.environ["TEST_S3_FOLDER"], name)
            self.bucket.mkdir()
            self.settings |= {f"S3_{key}": os.environ[f"TEST_S3_{key}"] for key in ("ENDPOINT", "ACCESS_KEY_ID", "SECRET_ACCESS_KEY")}
            self.settings["S3_BUCKET"] = name
        self.identity = folder / "identity"
        self.settings["TWIN_BACKUP_RECIPIENTS"] = self.run("backup", "keygen", self.identity).strip()

    def sql(self, statement):
        programs = os.environ.get("TEST_POSTGRES_PROGRAMS", "")
        run(Path(programs, "psql") if programs else "psql", "--no-psqlrc", "--quiet", self.postgres, "--command", statement)

    def run(self, *command):
        return run(self.program, *command, env=self.settings, cwd=ROOT)

    def start(self):
        port = free_port()
        return Program("node", [self.program, "serve", "--migrate"], self.folder, port, "/readyz", {**self.settings, "PORT": str(port)})

    def back_up(self):
        """Takes a backup and tries it out; gives what it says of itself, the seconds that it took, and the most memory it had."""
        with tempfile.TemporaryFile() as complaints:
            begun = time.monotonic()
            command = [self.program, "backup", "--verify", "--json"]
            process = subprocess.Popen(command, env=self.settings, cwd=ROOT, stdout=subprocess.PIPE, stderr=complaints)
            told = process.stdout.read()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            process.stdout.close()
            if process.returncode != 0:
                complaints.seek(0)
                raise AssertionError(f"the backup failed:\n{complaints.read().decode()}")
        return json.loads(told), time.monotonic() - begun, usage.ru_maxrss * 1024

    def destroy(self):
        """Takes away the data folder with everything in it, the database, and what is in the bucket."""
        shutil.rmtree(self.data)
        if self.bucket:
            shutil.rmtree(self.bucket)
            self.bucket.mkdir()
        if self.postgres:
            self.sql(f"DROP DATABASE {self.name} WITH (FORCE)")
            self.sql(f"CREATE DATABASE {self.name}")

    def end(self):
        if self.postgres:
            self.sql(f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")


class Drill:
    def __init__(self, installation, messages, seconds):
        self.installation, self.messages, self.seconds = installation, messages, seconds
        self.kept, self.report = Kept(), {}

    def run(self):
        asyncio.run(self.lose_everything())
        self.bring_it_back()
        asyncio.run(self.go_on())
        return self.report

    async def lose_everything(self):
        node = self.installation.start()
        with contextlib.ExitStack() as cleanup:
            cleanup.callback(node.stop)
            people = [load.person(node.url, f"Person {number}") for number in range(ROOMS * WRITERS_OF_A_ROOM)]
            self.rooms = []
            for number in range(ROOMS):
                members = people[number * WRITERS_OF_A_ROOM : (number + 1) * WRITERS_OF_A_ROOM]
                made = load.http(node.url, "/api/v1/conversations", {"members": [each["id"] for each in members[1:]]}, members[0]["token"])
                self.rooms.append((load.done(made)["id"], members))
            started = time.time()
            writing = [asyncio.create_task(self.write(node.url, room, person)) for room, members in self.rooms for person in members]
            await self.until(lambda: self.kept.count() >= self.messages, writing)
            begun = time.time()
            self.backup, self.report["backup_seconds"], self.report["backup_memory_bytes"] = await asyncio.to_thread(self.installation.back_up)
            self.report["sent_during_backup"] = self.kept.count() - self.kept.count(begun)
            self.report["sent_a_second_before"] = self.kept.count(begun) / (begun - started)
            self.report["sent_a_second_during"] = self.report["sent_during_backup"] / self.report["backup_seconds"]
            ended = time.monotonic() + self.seconds
            await self.until(lambda: time.monotonic() >= ended, writing)
            node.process.send_signal(signal.SIGKILL)
            node.process.wait()
            killed = time.time()
            await asyncio.gather(*writing)
        self.before = begun
        self.report["acknowledged"] = self.kept.count()
        self.report["rpo_seconds"] = killed - self.backup["about"]["taken_at"] / 1000
        self.report["archive_bytes"] = self.backup["size_bytes"]
        self.report["rows"] = sum(table["rows"] for table in self.backup["manifest"]["tables"])
        self.report["files"] = self.backup["manifest"]["files"]["count"]
        self.installation.destroy()

    async def until(self, ready, writing):
        while not ready():
            ended = [task for task in writing if task.done()]
            if ended:
                await asyncio.gather(*ended)
                raise AssertionError("a writer has ended early")
            await asyncio.sleep(0.02)

    async def write(self, url, room, person):
        """Writes until the server is gone; each message waits for the acknowledgement of the one before."""
        with contextlib.suppress(load.websockets.ConnectionClosed, ConnectionError, urllib.error.URLError):
            async with load.follower(url, person["token"], room) as one:
                for number in range(sys.maxsize):
                    content, attachments = None, []
                    if number % ATTACHED_EVERY == 0:
                        content = f"A file of {person['id']}, {number}. ".encode() * 400
                        uploaded = await asyncio.to_thread(load.upload, url, "/api/v1/attachments", person["token"], content)
                        attachments = [load.done(uploaded)["id"]]
                    text = f"{person['id']} {number}"
                    await one.say("send", conversation_id=room, client_id=str(uuid.uuid4()), text=text, attachments=attachments)
                    frame = await one.until("ack", "error")
                    if frame["op"] == "error":
                        raise AssertionError(f"refused: {frame}")
                    self.kept.note(room, frame["seq"], text, content)

    def bring_it_back(self):
        archive = Path(self.backup["path"])
        self.refuse_what_is_damaged(archive)
        begun = time.monotonic()
        self.installation.run("restore", archive, "--identity", self.installation.identity)
        self.report["restore_seconds"] = time.monotonic() - begun
        self.compare()
        starting = time.monotonic()
        self.node = self.installation.start()
        self.report["start_seconds"] = time.monotonic() - starting
        self.report["rto_seconds"] = self.report["restore_seconds"] + self.report["start_seconds"]

    def refuse_what_is_damaged(self, archive):
        """One bit in the middle of the archive is another: nothing of it is put back."""
        damaged = archive.with_name("damaged")
        content = bytearray(archive.read_bytes())
        content[len(content) // 2] ^= 1
        damaged.write_bytes(content)
        command = [self.installation.program, "restore", damaged, "--identity", self.installation.identity]
        refused = subprocess.run(command, env=self.installation.settings, cwd=ROOT, capture_output=True, text=True, check=False)
        damaged.unlink()
        if refused.returncode != 1 or "the archive is damaged" not in refused.stderr or self.installation.data.exists():
            raise AssertionError(f"a damaged archive was not refused: {refused}")

    def compare(self):
        """What was put back is what the manifest says: by another backup of it and, on SQLite, by our own reading of its rows."""
        expected = self.backup["manifest"]
        again, _, _ = self.installation.back_up()
        if again["manifest"]["tables"] != expected["tables"] or again["manifest"]["files"]["bytes"] != expected["files"]["bytes"]:
            raise AssertionError(f"restored: {again['manifest']}\nbacked up: {expected}")
        if not self.installation.postgres:
            # The other backup has a row by now.
            read = {name: found for name, found in sums(self.installation.data / "digital-twin.sqlite").items() if name != "backups"}
            wanted = {table["name"]: (table["rows"], table["sha256"]) for table in expected["tables"] if table["name"] != "backups"}
            if read != wanted:
                raise AssertionError(f"restored: {read}\nbacked up: {wanted}")

    async def go_on(self):
        """People come back with the tokens that they have: nothing is missing that was acknowledged before the backup began."""
        try:
            for room, members in self.rooms:
                await self.come_back(room, members[0])
        finally:
            self.node.stop()
        self.report["lost_since_backup"] = self.report["acknowledged"] - self.report["found"]

    async def come_back(self, room, person):
        acked, found = self.kept.acked[room], {}
        async with load.client(self.node.url) as one:
            await one.say("resume", token=person["token"], cursors=[{"conversation_id": room, "after_seq": CURSOR}])
            while (frame := await one.until("message", "resumed", "reset"))["op"] == "message":
                found[frame["seq"]] = frame
            if frame["op"] != "resumed":
                raise AssertionError(f"the conversation cannot be continued: {frame}")
            last = max(found)
            if sorted(found) != list(range(CURSOR + 1, last + 1)):
                raise AssertionError(f"the log has gaps: {sorted(found)}")
            for seq, (text, content, at) in acked.items():
                if seq <= CURSOR:
                    continue
                if seq not in found:
                    if at < self.before:
                        raise AssertionError(f"{room} {seq} was acknowledged before the backup began and is lost")
                    continue
                message = found[seq]
                if message["text"] != text:
                    raise AssertionError(f"{seq} says {message['text']!r}, not {text!r}")
                if content is not None:
                    self.check_file(message["attachments"][0]["id"], person, content)
            await load.send(one, room, "And on we go.")
            acknowledged = await one.until("ack")
            if acknowledged["seq"] != last + 1:
                raise AssertionError(f"{acknowledged} follows {last}")
        self.report["found"] = self.report.get("found", 0) + sum(seq <= last for seq in acked)
        async with load.client(self.node.url) as ahead:
            await ahead.say("resume", token=person["token"], cursors=[{"conversation_id": room, "after_seq": last + 100}])
            await ahead.until("reset")

    def check_file(self, attachment, person, content):
        request = urllib.request.Request(f"{self.node.url}/api/v1/attachments/{attachment}", headers={"Authorization": f"Bearer {person['token']}"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            if answer.read() != content:
                raise AssertionError(f"{attachment} is another file")


def sums(path):
    """Table -> how many rows, and the SHA-256 of their lines, as docs/BACKUP.md describes them."""
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        named = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!' AND name <> 'refinery_schema_history'"
        return {name: sum_of(database, name) for (name,) in database.execute(named).fetchall()}


def sum_of(database, table):
    columns = sorted((name, key) for _, name, _, _, _, key in database.execute(f'PRAGMA table_info("{table}")'))
    names = [f'"{name}"' for name, _ in columns]
    keys = [f'"{name}"' for name, key in sorted(columns, key=lambda column: column[1]) if key]
    order = ", ".join(keys or [f"{name} NULLS FIRST" for name in names])
    rows, digest = 0, hashlib.sha256()
    for row in database.execute(f'SELECT {", ".join(names)} FROM "{table}" ORDER BY {order}'):
        values = [b64encode(value).decode() if isinstance(value, bytes) else value for value in row]
        digest.update(json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
        rows += 1
    return rows, digest.hexdigest()


def drill(program=NODE, postgres=None, s3=False, messages=200, seconds=0.2):
    with tempfile.TemporaryDirectory(prefix="digital-twin-drill-") as folder:
        installation = Installation(Path(folder), program, postgres, s3)
        try:
            return Drill(installation, messages, seconds).run()
        finally:
            installation.end()


def main(arguments=None):
    parser = argparse.ArgumentParser(description="The disaster drill, on SQLite and on the PostgreSQL of TEST_POSTGRES_URL, the latter also with files in S3.")
    parser.add_argument("--messages", type=int, default=20_000, help="messages that are there when the backup begins")
    parser.add_argument("--seconds", type=float, default=5, help="how long people go on behind it")
    parser.add_argument("--program", type=lambda text: Path(text).resolve(), default=NODE)
    options = parser.parse_args(arguments)
    postgres = os.environ["TEST_POSTGRES_URL"]
    for name, *place in (("SQLite", None, False), ("PostgreSQL", postgres, False), ("PostgreSQL and S3", postgres, True)):
        report = drill(options.program, *place, options.messages, options.seconds)
        print(name)
        for key, value in report.items():
            print(f"  {key:22} {value:,.2f}" if isinstance(value, float) else f"  {key:22} {value:,}", flush=True)


if __name__ == "__main__":
    main()
