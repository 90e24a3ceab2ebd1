#!/usr/bin/env python3
"""Writes one file of settings for each environment beside this one, with every setting of the program and what it means.

    deploy/env/make_env.py [PROGRAM]     PROGRAM is target/debug/digital-twin when nothing is said

The settings and their explanations come from the program itself; what an environment sets stands below. A setting that an
environment leaves alone is there as a comment with the value that it has then.
"""

import re
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
PROGRAM = FOLDER.parents[1] / "target" / "debug" / "digital-twin"
HELP = re.compile(r"--[\w-]+ <VALUE> (?P<about>.+?) \[env: (?P<name>\w+)(?:; default: (?P<value>.*?))?\](?= --|$)")

# What installations of deploy/compose.yaml have in common; the paths are those of the image, the names those of the services.
INSTALLED = {
    "HOST": "0.0.0.0",
    "TRUSTED_PROXIES": "172.30.0.0/24",
    "TWIN_WEB_DIR": "/usr/share/digital-twin/web",
    "DATA_DIR": "/data",
    "DB_HOST": "postgres",
    "DB_PASSWORD_FILE": "/run/secrets/db_password",
    "REDIS_HOST": "redis",
    "REDIS_PASSWORD_FILE": "/run/secrets/redis_password",
    "JWT_SECRET_FILE": "/run/secrets/jwt_secret",
    "AI_SERVICE_KEY_FILE": "/run/secrets/ai_service_key",
    "S3_BUCKET": "digital-twin-files",
    "S3_ENDPOINT": "http://objects:9000",
    "S3_ACCESS_KEY_ID": "digital-twin",
    "S3_SECRET_ACCESS_KEY_FILE": "/run/secrets/s3_secret_access_key",
    "TWIN_MODEL": "/usr/share/digital-twin/models/smollm2-135m-instruct.gguf",
    "TWIN_EMBEDDING_MODEL": "/usr/share/digital-twin/models/all-minilm-l6-v2",
    "TWIN_VAPID_PRIVATE_KEY_FILE": "/run/secrets/vapid_private_key",
}

ENVIRONMENTS = {
    "development": (
        "A developer's machine: everything is inside the program, in the folder data of the checkout.\n"
        "    set -a; . deploy/env/development.env; set +a; digital-twin serve",
        {"APP_ENV": "development", "DEBUG": "true"},
    ),
    "testing": (
        "Tests by hand or by machine on this machine's PostgreSQL and Redis, in a database of their own; no model is needed.\n"
        "    set -a; . deploy/env/testing.env; set +a; digital-twin migrate && digital-twin serve",
        {
            "APP_NAME": "DigitalTwinTesting",
            "APP_ENV": "testing",
            "DATA_DIR": "data/testing",
            "DB_HOST": "127.0.0.1",
            "DB_NAME": "digitaltwin_testing",
            "REDIS_HOST": "127.0.0.1",
            "REDIS_DB": "1",
            "TWIN_ENGINE": "scripted",
        },
    ),
    "staging": (
        "A copy of production for a last look before it: ENVIRONMENT=staging for deploy/compose.yaml.\n"
        "It has secrets and a database of its own, on a machine or in a project of its own.",
        {"APP_NAME": "DigitalTwinStaging", "APP_ENV": "staging", "DEBUG": "true", **INSTALLED},
    ),
    "production": (
        "What people use: deploy/compose.yaml takes this file when nothing else is said.",
        {"APP_NAME": "DigitalTwin", "APP_ENV": "production", **INSTALLED},
    ),
}


def settings(program):
    """Name, explanation and default of every setting, in the program's order."""
    said = subprocess.run([program, "serve", "--help"], capture_output=True, encoding="utf-8", check=True).stdout
    listed = " ".join(said[said.index("\nSettings:") :].split())
    return [(found["name"], found["about"], found["value"]) for found in HELP.finditer(listed)]


def written(name, known):
    """The file of an environment."""
    about, own = ENVIRONMENTS[name]
    lines = [f"# {line}".rstrip() for line in about.splitlines()]
    lines += ["#", "# Written by make_env.py, which has what is set here; the rest is the program's default. A secret may stand in a file, whose", "# path goes into the variable with _FILE behind its name.", ""]
    left = dict(own)
    for setting, explained, default in known:
        lines.append(f"# {explained}")
        if setting in left:
            lines.append(f"{setting}={left.pop(setting)}")
        elif f"{setting}_FILE" in left:
            lines.append(f"{setting}_FILE={left.pop(f'{setting}_FILE')}")
        else:
            lines.append(f"#{setting}={default or ''}")
        lines.append("")
    if left:
        raise SystemExit(f"{name} sets what is no setting: {', '.join(left)}")
    return "\n".join(lines)


def main():
    known = settings(sys.argv[1] if len(sys.argv) > 1 else PROGRAM)
    for name in ENVIRONMENTS:
        (FOLDER / f"{name}.env").write_text(written(name, known), encoding="utf-8")


if __name__ == "__main__":
    main()
