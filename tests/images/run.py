#!/usr/bin/env python3
"""Builds the images of deploy/docker and tries them and deploy/compose.yaml for real; `make test-images` runs it, as root.

    tests/images/run.py PROGRAM WEB [TEST...]    the program and the browser client (web/out) that go into the images as they are

The last stages of the Dockerfile are those that are shipped; the stages that compile are left out, since both are built already.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import docker

ROOT = docker.ROOT
sys.path.insert(0, str(ROOT / "setup"))

import unit_tests  # noqa: E402  (setup is no package)

STAND_INS = ("postgres", "redis", "objects", "prometheus", "alertmanager")


def copy_of_checkout(folder, program, client):
    """What the images are built from: the files of the repository, and what is built already."""
    listed = docker.run("git", "-C", ROOT, "ls-files", "--cached", "--others", "--exclude-standard").splitlines()
    for name in listed:
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    prebuilt, cache = folder / "prebuilt", ROOT / ".cache"
    (prebuilt / "bin").mkdir(parents=True)
    shutil.copy2(program, prebuilt / "bin" / "digital-twin")
    shutil.copytree(cache / "libtorch" / "lib", prebuilt / "lib")
    shutil.copytree(cache / "models", prebuilt / "models")
    shutil.copytree(client, folder / "prebuilt-web" / "web")
    # The stand-in for the storage of files.
    shutil.copy2(cache / "tools" / "bin" / "s3s-fs", folder / "tests" / "images" / "s3s-fs")
    policies = docker.run("node", ROOT / "deploy" / "nginx" / "policies.mjs", client / "policies.json")
    (folder / "prebuilt-web" / "policies.conf").write_text(policies + "\n", encoding="utf-8")


def build(folder):
    """The images of this repository, a next version of them, one that cannot serve, and the stand-ins."""
    docker.docker("import", docker.base(), "debian:bookworm-slim")
    os.environ["DOCKER_BUILDKIT"] = "1"
    common = ["build", "--quiet", "--network", "host"]
    ours = [*common, "--file", folder / "deploy/docker/Dockerfile", "--build-arg", "PROGRAM=prebuilt", "--build-arg", "CLIENT=prebuilt-web"]
    for target in ("node", "web"):
        begun = time.monotonic()
        docker.docker(*ours, "--target", target, "--tag", f"digital-twin/{target}:local", folder)
        print(f"built {target} in {time.monotonic() - begun:.1f} s", flush=True)
    for target in STAND_INS:
        docker.docker(*common, "--target", target, "--tag", f"stand-in/{target}", folder / "tests" / "images")
    for target in ("node", "web"):
        docker.docker(*ours, "--target", target, "--label", "version=next", "--tag", f"digital-twin/{target}:next", folder)
    docker.docker("tag", "digital-twin/web:local", "digital-twin/web:nodes")
    docker.docker("tag", "digital-twin/node:next", "digital-twin/node:nodes")
    # One that can bring the schema up to date and cannot serve.
    broken = docker.docker("create", "digital-twin/node:local")
    docker.docker("commit", "--change", 'ENTRYPOINT ["sh", "-c", "[ $0 = migrate ]"]', broken, "digital-twin/node:broken")
    docker.docker("rm", broken)
    docker.docker("tag", "digital-twin/web:local", "digital-twin/web:broken")


def main():
    program, client = (Path(argument).resolve() for argument in sys.argv[1:3])
    for packages in (unit_tests.installed_packages(), unit_tests.installed_packages(ROOT / "tests" / "ops")):
        unit_tests.use(packages)
    with tempfile.TemporaryDirectory() as temporary:
        folder, checkout = Path(temporary), Path(temporary) / "checkout"
        copy_of_checkout(checkout, program, client)
        with docker.builder(folder):
            build(checkout)
        with docker.network() as inside, docker.daemon(folder, inside=inside):
            tests = [*inside, sys.executable, ROOT / "tests" / "images" / "trials.py", checkout, *sys.argv[3:]]
            return subprocess.run([str(word) for word in tests], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
