"""Which of the locked platforms this machine is."""

import platform

from failure import SetupFailure

MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
# The tag of torch's Linux wheels: manylinux_2_28.
GLIBC_MIN = (2, 28)


def platform_name():
    """The name that packages.json uses for this machine, e.g. `linux-x86_64`."""
    system = platform.system()
    machine = platform.machine().lower()
    if system == "Darwin":
        return f"macos-{'arm64' if machine in ('arm64', 'aarch64') else machine}"
    if system == "Linux":
        require_glibc(*platform.libc_ver())
        return f"linux-{MACHINES.get(machine, machine)}"
    return f"{system.lower() or 'unknown'}-{machine}"


def require_glibc(name, version):
    """torch's wheels are built for glibc 2.28 and newer; musl (Alpine) has none."""
    if name != "glibc":
        raise SetupFailure("torch has wheels for Linux with glibc only; use Debian, Ubuntu or another glibc system")
    numbers = tuple(int(part) for part in version.split(".")[:2])
    if numbers < GLIBC_MIN:
        raise SetupFailure(f"torch needs glibc 2.28 or newer and this system has {version}; use a newer release")
