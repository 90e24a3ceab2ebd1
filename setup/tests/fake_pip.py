"""A stand-in for pip: `write(folder)` makes a folder that, on PYTHONPATH, answers `python -m pip download`.

It brings wheels from the folder named by FAKE_INDEX, notes each call in FAKE_PIP_LOG, and fails as FAKE_PIP_FAULT says.
"""

from pathlib import Path

PROGRAM = '''
import os, shutil, sys
from pathlib import Path

arguments = sys.argv[1:]
with open(os.environ["FAKE_PIP_LOG"], "a") as log:
    log.write(arguments[-1] + "\\n")
fault = os.environ.get("FAKE_PIP_FAULT")
if fault:
    sys.exit(fault)
destination = Path(arguments[arguments.index("--dest") + 1])
package, version = arguments[-1].split("==")
for wheel in Path(os.environ["FAKE_INDEX"]).glob(f"{package.replace('-', '_')}-{version}-*.whl"):
    shutil.copy(wheel, destination)
'''


def write(folder):
    package = Path(folder) / "pip"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "__main__.py").write_text(PROGRAM)
