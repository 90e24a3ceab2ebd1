"""Exports of chats as we read them, beside parsers that others wrote: the same people, times and texts, in the same order.

The exports are made here, from a fixed seed: names and words of many languages, messages of several lines, days that follow
each other over months.
"""

import datetime
import io
import json
import logging
import random
import subprocess
import tempfile
import types
import unittest
import zipfile
from pathlib import Path

from own_server import PROGRAM

SEED = 20240301
MESSAGES = 400
PEOPLE = ["Ada", "Bo Öberg", "小白", "Dr. Çelik", "Eve 🐝"]
WORDS = "the ferry leaves at nine 渡轮 九点 开 lamp: oil für immer (again) https://x.example/a?b=c 🌊 - no, later".split()

logging.disable(logging.INFO)


def talk(seed, lines_max=3):
    """Who said what when, oldest first."""
    source = random.Random(seed)
    when = datetime.datetime(2024, 1, 28, 7, 0)
    said = []
    for _ in range(MESSAGES):
        when += datetime.timedelta(minutes=source.randint(1, 700))
        lines = [" ".join(source.choices(WORDS, k=source.randint(1, 9))) for _ in range(source.randint(1, lines_max))]
        said.append((source.choice(PEOPLE), when, "\n".join(lines)))
    return said


def ours(content, ending):
    """What our program reads of an export, as the server has it read."""
    done = subprocess.run([PROGRAM, "extract", "--ending", ending], input=content, capture_output=True, env={}, check=True)
    answer = json.loads(done.stdout)
    if "Ok" not in answer:
        raise AssertionError(answer)
    text = answer["Ok"]["text"].encode()
    said = []
    for each in answer["Ok"]["said"]:
        words = text[each["place"]["start"] : each["place"]["end"]].decode()
        said.append((each["who"], datetime.datetime.fromisoformat(each["when"]), words))
    return answer["Ok"]["kind"], said


def file_of(folder, name, content):
    path = Path(folder) / name
    path.write_bytes(content)
    return str(path)


def flat(said):
    """The same without what parsers do differently on purpose: how they join lines."""
    return [(who, when, " ".join(text.split())) for who, when, text in said]


class ImportersTest(unittest.TestCase):
    maxDiff = 2_000

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def whatsapp(self, written):
        head, said = written
        lines = [head(when) + "Messages and calls are end-to-end encrypted." for _, when, _ in said[:1]]
        lines += [f"{head(when)}{who}: {text}" for who, when, text in said]
        return "\n".join(lines).encode()

    def test_whatsapp_is_read_as_whatstk_reads_it(self):
        from whatstk import WhatsAppChat

        said = talk(SEED)
        for head, form in (
            (lambda when: when.strftime("%d.%m.%y, %H:%M - "), "%d.%m.%y, %H:%M - %name:"),
            (lambda when: when.strftime("%d/%m/%Y, %I:%M %p - "), "%d/%m/%Y, %I:%M %p - %name:"),
            (lambda when: when.strftime("[%Y-%m-%d, %H:%M:%S] "), "[%Y-%m-%d, %H:%M:%S] %name:"),
        ):
            with self.subTest(form=form):
                export = self.whatsapp((head, said))
                kind, read = ours(export, "txt")
                self.assertEqual((kind, read), ("whats_app", said))
                path = file_of(self.folder, "chat.txt", export)
                frame = WhatsAppChat.from_source(path, hformat=form.replace("%I", "%H").replace("%p", "%P") if "%p" in form else form).df
                theirs = [(row.username, row.date.to_pydatetime(), row.message) for row in frame.itertuples()]
                self.assertEqual(flat(theirs), flat(read))

    def test_whatsapp_is_read_as_chat_miner_reads_it(self):
        from chatminer.chatparsers import WhatsAppParser

        said = talk(SEED + 1, lines_max=1)
        for head in (
            lambda when: when.strftime("%d.%m.%y, %H:%M - "),
            lambda when: when.strftime("%m/%d/%y, %H:%M - "),
            lambda when: when.strftime("[%d/%m/%Y, %H:%M:%S] "),
        ):
            export = self.whatsapp((head, said))
            _, read = ours(export, "txt")
            parser = WhatsAppParser(file_of(self.folder, "chat.txt", export))
            parser.parse_file()
            theirs = [(m.author, m.timestamp, m.message) for m in parser.parsed_messages._parsed_messages]
            theirs = [each for each in theirs if each[0] != "System"]
            self.assertEqual(sorted(flat(theirs), key=str), sorted(flat(read), key=str))

    def test_telegram_is_read_as_chat_miner_reads_it(self):
        from chatminer.chatparsers import TelegramJsonParser

        said = talk(SEED + 2)
        messages = []
        for number, (who, when, text) in enumerate(said):
            moment = when.replace(tzinfo=datetime.timezone.utc)
            parts = text if number % 3 else [text[:2], {"type": "bold", "text": text[2:]}]
            common = {"id": number, "date": when.isoformat(), "date_unixtime": str(int(moment.timestamp()))}
            messages.append({**common, "type": "message", "from": who, "from_id": f"user{who}", "text": parts})
        messages.insert(3, {"id": 9_999, "type": "service", "date": "2024-01-28T07:00:00", "actor": "Ada", "action": "pin", "text": ""})
        export = json.dumps({"name": "Ferry", "type": "private_group", "id": 1, "messages": messages}).encode()
        kind, read = ours(export, "json")
        self.assertEqual((kind, read), ("telegram", said))
        parser = TelegramJsonParser(file_of(self.folder, "result.json", export))
        parser.parse_file()
        theirs = [(m.author, m.timestamp, m.message) for m in parser.parsed_messages._parsed_messages]
        # It puts a space between the parts of a text.
        squeezed = lambda said: [(who, when, "".join(text.split())) for who, when, text in said]  # noqa: E731
        self.assertEqual(squeezed(theirs), squeezed(read))

    def test_slack_is_read_as_slack_export_viewer_reads_it(self):
        from slackviewer.reader import Reader

        said = talk(SEED + 3)
        users = [
            {"id": f"U{number}", "name": f"user{number}", "profile": {"display_name": name, "real_name": name}}
            for number, name in enumerate(PEOPLE)
        ]
        days = {}
        for number, (who, when, text) in enumerate(said):
            seconds = int(when.replace(tzinfo=datetime.timezone.utc).timestamp())
            message = {"type": "message", "user": f"U{PEOPLE.index(who)}", "text": text, "ts": f"{seconds}.{number:06}"}
            days.setdefault(when.date().isoformat(), []).append(message)
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as parts:
            parts.writestr("users.json", json.dumps(users))
            parts.writestr("channels.json", json.dumps([{"id": "C1", "name": "ferry", "members": []}]))
            for day, messages in days.items():
                parts.writestr(f"ferry/{day}.json", json.dumps(messages))
        kind, read = ours(archive.getvalue(), "zip")
        self.assertEqual((kind, read), ("slack", said))
        path = file_of(self.folder, "export.zip", archive.getvalue())
        config = types.SimpleNamespace(
            archive=path, since=None, hide_channels=[], filter_user=None, show_dms=False, thread_note=False,
            skip_channel_member_change=False, debug=False,
        )
        messages = Reader(config).compile_channels()["ferry"]
        theirs = []
        for message in messages:
            seconds = float(message._message["ts"].split(".")[0])
            when = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).replace(tzinfo=None)
            theirs.append((message.username, when, message._message["text"]))
        self.assertEqual(theirs, read)


if __name__ == "__main__":
    unittest.main()
