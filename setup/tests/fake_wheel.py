"""Tiny wheels with a true RECORD, and lock entries that fit them."""

import base64
import hashlib
import zipfile
from pathlib import Path


def write(folder, package, files, version="1.0", lie_about=None):
    """Writes a wheel with these files; `lie_about` names one whose RECORD entry is false. Returns its path."""
    stem = f"{package.replace('-', '_')}-{version}"
    path = Path(folder) / f"{stem}-py3-none-any.whl"
    lines = []
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
            told = content if name != lie_about else content + b"?"
            digest = base64.urlsafe_b64encode(hashlib.sha256(told).digest()).rstrip(b"=").decode()
            lines.append(f"{name},sha256={digest},{len(told)}")
        record = f"{stem}.dist-info/RECORD"
        archive.writestr(record, "\n".join(lines + [f"{record},,"]))
    return path


def locked(path, package, members, version="1.0"):
    """The lock entry of a wheel."""
    content = Path(path).read_bytes()
    return {
        "package": package,
        "version": version,
        "platform": "any",
        "file": Path(path).name,
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "unpacked_bytes": 1000,
        "members": members,
    }
