#!/usr/bin/env python3
"""Writes the golden frames of `protocol/fixtures` as seeds: one file a frame, in FOLDER/json and FOLDER/messagepack."""

import json
import sys
from pathlib import Path

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"


def main(folder: Path) -> None:
    for codec in ("json", "messagepack"):
        (folder / codec).mkdir(parents=True, exist_ok=True)
    for name in ("client_frames.json", "server_frames.json"):
        for number, fixture in enumerate(json.loads((FIXTURES / name).read_text())):
            seed = f"{name.split('_')[0]}-{number}"
            (folder / "json" / seed).write_text(fixture["json"])
            (folder / "messagepack" / seed).write_bytes(bytes.fromhex(fixture["msgpack"]))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
