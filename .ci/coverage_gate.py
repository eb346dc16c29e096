"""Combine the coverage of the test environments, and fail below 100 %.

A branch for one Django version is not taken under another, so 100 % is asked of the whole
matrix only. Where an interpreter is missing, what was measured is shown and not judged.

    python .ci/coverage_gate.py DATA_FOLDER ENVIRONMENT...
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def coverage(*arguments: str) -> int:
    return subprocess.run([sys.executable, "-m", "coverage", *arguments], check=False).returncode


def main(folder: Path, required: list[str]) -> int:
    measured = {path.name.split(".")[1] for path in folder.glob("data.*")}
    missing = [name for name in required if name not in measured]
    if not measured:
        print("No test environment has run: nothing to combine.", file=sys.stderr)
        return 1
    if status := coverage("combine", "--quiet", str(folder)):
        return status
    if not missing:
        return coverage("report", "--fail-under=100")
    print(f"Not judged, because these did not run: {', '.join(missing)}.", flush=True)
    return coverage("report", "--fail-under=0")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
