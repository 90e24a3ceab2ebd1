"""docs/asyncapi.json is valid AsyncAPI, and its schemas tell the golden frames of protocol/fixtures from others.

Needs the packages in requirements-asyncapi.txt and requirements.txt, Node and npm.
"""

import copy
import json
import subprocess
import tempfile
import unittest
from pathlib import Path

import msgpack
from jsonschema import Draft7Validator, FormatChecker

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "asyncapi.json"
PARSER = ROOT / "tests" / "javascript" / "asyncapi"

# What is wrong with these is gone once they are read: the second of two equal keys, half a character.
BEYOND_SCHEMAS = {"a field twice", "a lone surrogate", "the same attachment twice"}

# Our document is for tools that know the first version 3 too.
EXPECTED = {"asyncapi-latest-version"}


def fixtures(name):
    return json.loads((ROOT / "protocol" / "fixtures" / name).read_text(encoding="utf-8"))


def title(op):
    return "".join(word.capitalize() for word in op.split("_"))


def found_by_the_parser(path):
    """The codes of what the official parser finds."""
    found = subprocess.run(
        ["node", "validate.js", path], cwd=PARSER, capture_output=True, encoding="utf-8", timeout=60, check=False
    )
    if found.returncode != 0:
        raise AssertionError(found.stdout + found.stderr)
    return [json.loads(line) for line in found.stdout.splitlines()]


class AsyncApiTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.document = json.loads(DOCUMENT.read_text(encoding="utf-8"))
        command = ["npm", "ci", "--silent", "--no-audit", "--no-fund"]
        installed = subprocess.run(command, cwd=PARSER, capture_output=True, encoding="utf-8", check=False)
        if installed.returncode != 0:
            raise AssertionError(installed.stdout + installed.stderr)

    def validator(self, side, op):
        name = side + title(op)
        self.assertIn(name, self.document["components"]["schemas"])
        schema = {"$ref": f"#/components/schemas/{name}", "components": self.document["components"]}
        return Draft7Validator(schema, format_checker=FormatChecker())

    def golden(self):
        """Every golden frame, as (side, op, what it is called, the frame in both encodings)."""
        for side, file in (("Client", "client_frames.json"), ("Server", "server_frames.json")):
            for fixture in fixtures(file):
                both = [json.loads(fixture["json"]), msgpack.unpackb(bytes.fromhex(fixture["msgpack"]))]
                yield side, fixture["op"], fixture["name"], both

    def test_the_official_parser_finds_nothing_wrong(self):
        found = found_by_the_parser(DOCUMENT)
        self.assertEqual([one for one in found if one["code"] not in EXPECTED], [])

    def test_the_official_parser_finds_what_is_wrong(self):
        def another_action(document):
            document["operations"]["jsonClientSend"]["action"] = "publish"

        def a_frame_that_is_not_there(document):
            document["operations"]["jsonClientSend"]["messages"][0]["$ref"] += "Twice"

        def a_schema_of_an_unknown_type(document):
            document["components"]["schemas"]["ClientSend"]["properties"]["text"]["type"] = "text"

        for breaks in (another_action, a_frame_that_is_not_there, a_schema_of_an_unknown_type):
            document = copy.deepcopy(self.document)
            breaks(document)
            with self.subTest(breaks.__name__), tempfile.TemporaryDirectory() as folder:
                broken = Path(folder) / "asyncapi.json"
                broken.write_text(json.dumps(document), encoding="utf-8")
                codes = {one["code"] for one in found_by_the_parser(broken)}
                self.assertNotEqual(codes - EXPECTED, set())

    def test_every_golden_frame_of_both_encodings_keeps_to_its_schema(self):
        for side, op, name, encodings in self.golden():
            for frame in encodings:
                with self.subTest(f"{side}: {name}"):
                    self.assertEqual([error.message for error in self.validator(side, op).iter_errors(frame)], [])

    def test_a_field_of_the_wrong_type_or_left_out_breaks_the_schema(self):
        for side, op, name, (frame, _) in self.golden():
            validator = self.validator(side, op)
            for field, value in frame.items():
                wrong = "a word" if not isinstance(value, str) else 7
                with self.subTest(f"{side}: {name}: {field}"):
                    self.assertFalse(validator.is_valid({**frame, field: wrong}))
                    self.assertFalse(validator.is_valid({**frame, field: None}))
            with self.subTest(f"{side}: {name}: no op"):
                self.assertFalse(validator.is_valid({field: frame[field] for field in frame if field != "op"}))

    def test_a_frame_is_no_other_frame(self):
        golden = list(self.golden())
        kinds = {(side, op): self.validator(side, op) for side, op, _, _ in golden}
        for _, op, name, (frame, _) in golden:
            passes = [other for (_, other), validator in kinds.items() if other != op and validator.is_valid(frame)]
            self.assertEqual(passes, [], name)

    def test_rejected_frames_break_their_schemas_where_a_schema_can_tell(self):
        judged = set()
        for fixture in fixtures("rejected_frames.json"):
            frame = self.read(fixture)
            if frame is None:
                continue
            judged.add(fixture["name"])
            with self.subTest(fixture["name"]):
                keeps = self.validator("Client", frame["op"]).is_valid(frame)
                self.assertEqual(keeps, fixture["name"] in BEYOND_SCHEMAS)
        self.assertLess(BEYOND_SCHEMAS, judged)

    def read(self, fixture):
        """The frame of a fixture, where there is one and a schema for it."""
        try:
            text = fixture.get("json")
            frame = json.loads(text) if text is not None else msgpack.unpackb(bytes.fromhex(fixture["msgpack"]))
            known = "Client" + title(frame["op"]) in self.document["components"]["schemas"]
        except (ValueError, TypeError, KeyError, AttributeError, msgpack.UnpackException):
            return None
        return frame if known else None


if __name__ == "__main__":
    unittest.main()
