"""The disaster drill in short, and what runs backups on a schedule: its units, its script with a real rclone, and other people's tools."""

import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

import drill
from programs import NODE, ROOT, free_port, run, wait_until
from test_deploy import EXPOSURE_MAX

BACKUP = ROOT / "deploy" / "backup"
TOOL_SECONDS_MAX = 120


def tool(*command, **more):
    return subprocess.run([str(word) for word in command], capture_output=True, timeout=TOOL_SECONDS_MAX, check=False, **more)


class DrillTest(unittest.TestCase):
    """Each raises an error that says what is not as it was."""

    def test_everything_is_lost_and_comes_back_on_sqlite(self):
        self.told(drill.drill())

    def test_everything_is_lost_and_comes_back_on_postgres(self):
        self.told(drill.drill(postgres=os.environ["TEST_POSTGRES_URL"]))

    def test_everything_is_lost_and_comes_back_with_files_in_a_bucket(self):
        self.told(drill.drill(s3=True))

    def told(self, report):
        self.assertGreater(report["sent_during_backup"], 0, report)
        self.assertGreater(report["files"], 0, report)
        self.assertGreaterEqual(report["found"], 200 - drill.ROOMS * drill.CURSOR, report)


class ScheduleTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.place = drill.Installation(self.folder, NODE)
        self.place.run("migrate")

    def test_systemd_has_nothing_to_say_about_the_units(self):
        units = sorted(BACKUP.glob("*.service")) + sorted(BACKUP.glob("*.timer"))
        self.assertEqual(len(units), 2)
        for unit in units:
            text = unit.read_text(encoding="utf-8")
            # The script is not installed here.
            text = text.replace("/usr/local/share/digital-twin/backup/", f"{BACKUP}/")
            (self.folder / unit.name).write_text(text, encoding="utf-8")
        verified = tool("systemd-analyze", "verify", "--man=no", *(self.folder / unit.name for unit in units))
        self.assertEqual((verified.returncode, verified.stdout + verified.stderr), (0, b""))
        threshold = f"--threshold={EXPOSURE_MAX}"
        exposed = tool("systemd-analyze", "security", "--offline=true", threshold, self.folder / "digital-twin-backup.service")
        self.assertEqual(exposed.returncode, 0, exposed.stdout.decode())

    def test_the_line_of_cron_takes_a_backup_with_both_files_of_settings(self):
        lines = [line for line in (BACKUP / "digital-twin.cron").read_text(encoding="utf-8").splitlines() if line[:1].isdigit()]
        self.assertEqual(len(lines), 1)
        *fields, command = lines[0].split(None, 6)
        self.assertEqual(fields, ["15", "3", "*", "*", "*", "digital-twin"])
        self.assertNotIn("%", command, "cron takes it for the end of the line")
        known = (BACKUP / "backup.env").read_text(encoding="utf-8")
        for name in ("DATA_DIR", "TWIN_BACKUP_DIR", "TWIN_BACKUP_RECIPIENTS"):
            known, count = re.subn(f"^#?{name}=.*", f"{name}={self.place.settings[name]}", known, flags=re.MULTILINE)
            self.assertEqual(count, 1, name)
        (self.folder / "backup.env").write_text(known, encoding="utf-8")
        (self.folder / "digital-twin.env").write_text("DATA_DIR=/nowhere\n", encoding="utf-8")
        here = command.replace("/etc/digital-twin/", f"{self.folder}/").replace("/usr/local/share/digital-twin/backup/", f"{BACKUP}/")
        done = tool("sh", "-c", here, env={"PATH": self.path_with_the_program()})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(list((self.folder / "backups").glob("*.age"))), 1)

    def path_with_the_program(self):
        programs = self.folder / "bin"
        programs.mkdir()
        (programs / "digital-twin").symlink_to(NODE)
        return f"{programs}:{self.place.settings['PATH']}"

    def test_the_script_takes_a_backup_and_rclone_copies_it_elsewhere(self):
        remote = self.folder / "remote"
        remote.mkdir()
        port = free_port()
        serving = subprocess.Popen(["rclone", "serve", "webdav", "--addr", f"127.0.0.1:{port}", str(remote)], stderr=subprocess.DEVNULL)
        self.addCleanup(serving.wait)
        self.addCleanup(serving.terminate)
        config = self.folder / "rclone.conf"
        config.write_text(f"[away]\ntype = webdav\nurl = http://127.0.0.1:{port}\nvendor = other\n", encoding="utf-8")
        settings = {**self.place.settings, "RCLONE_TARGET": "away:", "RCLONE_CONFIG": str(config), "PATH": self.path_with_the_program()}
        ready = lambda: tool("rclone", "lsf", "away:", env=settings).returncode == 0  # noqa: E731
        wait_until(ready, TOOL_SECONDS_MAX, "rclone's start")
        (self.folder / "backups").mkdir()
        (self.folder / "backups" / "notes.txt").write_text("not a backup", encoding="utf-8")
        for number in (1, 2):
            done = tool(BACKUP / "backup.sh", env=settings)
            self.assertEqual(done.returncode, 0, done.stderr)
            copied = sorted(path.name for path in remote.iterdir())
            self.assertEqual(len(copied), number, copied)
        # All of one day but the newest are thinned out here, never there.
        here = sorted(path.name for path in (self.folder / "backups").glob("*.age"))
        self.assertEqual(here, copied[-1:])
        self.assertEqual((remote / here[0]).read_bytes(), (self.folder / "backups" / here[0]).read_bytes())
        old = "digital-twin-20200101T030000.000Z-abcdef.tar.zst.age"
        (self.folder / "backups" / old).write_bytes(b"an archive of another week")
        forged = tool("rclone", "rcat", f"away:{old}", input=b"forged", env=settings)
        self.assertEqual(forged.returncode, 0, forged.stderr)
        done = tool(BACKUP / "backup.sh", env=settings)
        self.assertNotEqual(done.returncode, 0, "what lies there is not written over")
        self.assertEqual((remote / old).read_bytes(), b"forged")

    def test_what_keeps_rclone_from_copying_is_named_and_the_archive_stays(self):
        settings = {**self.place.settings, "RCLONE_TARGET": "nowhere:folder", "RCLONE_CONFIG": str(self.folder / "rclone.conf"), "PATH": self.path_with_the_program()}
        done = tool(BACKUP / "backup.sh", env=settings)
        self.assertEqual(done.returncode, 1, done.stderr)
        (archive,) = (self.folder / "backups").glob("*.age")
        for part in (f"{archive} was written and is not copied", "rclone could not copy to nowhere:folder", 'Failed to create file system for "nowhere:folder"'):
            self.assertIn(part, done.stderr.decode())
        bare = {**settings, "PATH": str(self.folder / "programs")}
        done = tool(NODE, "backup", "--copy-to", "nowhere:folder", env=bare)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("rclone is not installed, or not in PATH", done.stderr.decode())

    def test_age_zstd_and_tar_open_a_backup(self):
        told, _, _ = self.place.back_up()
        opened = f"age --decrypt --identity {self.place.identity} {told['path']} | zstd --decompress --stdout | tar --extract --directory {self.folder}"
        done = tool("bash", "-o", "pipefail", "-c", opened)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("V0001__foundation", (self.folder / "about.json").read_text(encoding="utf-8"))
        self.assertTrue((self.folder / "manifest.json").exists())

    def test_a_full_disk_is_named_and_nothing_is_left_on_it(self):
        small = self.folder / "small"
        small.mkdir()
        mounted = tool("mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", small)
        self.assertEqual(mounted.returncode, 0, mounted.stderr)
        self.addCleanup(run, "umount", small)
        self.place.run("seed")
        done = tool(NODE, "backup", env={**self.place.settings, "TWIN_BACKUP_DIR": str(small)}, cwd=ROOT)
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"there is no room for the backup in {small}", done.stderr.decode())
        self.assertEqual([path.name for path in small.iterdir()], [".lock"])


if __name__ == "__main__":
    unittest.main()
