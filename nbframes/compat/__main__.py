"""Run a script, a module or a notebook's code with other benchmark APIs answered by nbframes.

python -m nbframes.compat [--store STORE] SCRIPT [ARGUMENT ...]
python -m nbframes.compat [--store STORE] -m MODULE [ARGUMENT ...]
"""

from __future__ import annotations

import argparse
import json
import runpy
import sys
from pathlib import Path

from nbframes.compat.hook import install
from nbframes.errors import NBFramesError


def main(arguments: list[str] | None = None) -> None:
    """Install the hook and run what the command line names."""
    options = _parsed(sys.argv[1:] if arguments is None else arguments)
    try:
        install(options.store)
    except NBFramesError as error:
        sys.exit(f"nbframes.compat: {error}")
    sys.argv = options.command
    if options.module:
        sys.path.insert(0, "")
        runpy.run_module(options.command[0], run_name="__main__", alter_sys=True)
        return
    script = Path(options.command[0])
    if not script.exists():
        sys.exit(f"nbframes.compat: there is no script {str(script)!r}")
    sys.path.insert(0, str(script.resolve().parent))
    if script.suffix == ".ipynb":
        _run_notebook(script)
    else:
        runpy.run_path(str(script), run_name="__main__")


def _parsed(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m nbframes.compat",
        usage="%(prog)s [--store STORE] (SCRIPT | -m MODULE) [ARGUMENT ...]",
        description="Run a Python script, a notebook's code cells or a module with nats_bench, nas_201_api, nasbenchapi and "
        "nasbench answered by nbframes.",
    )
    parser.add_argument("--store", help="folder or URL of the store; by default $NBFRAMES_STORE, else the platform's")
    parser.add_argument("-m", dest="module", action="store_true", help="run a module, as python -m does")
    parser.add_argument("command", nargs=argparse.REMAINDER, metavar="SCRIPT [ARGUMENT ...]")
    options = parser.parse_args(arguments)
    if not options.command:
        parser.error("name a script, or a module with -m")
    return options


def _run_notebook(path: Path) -> None:
    """Run the code cells of a notebook one after the other in one namespace, as plain Python."""
    namespace = {"__name__": "__main__"}
    for number, cell in enumerate(json.loads(path.read_text(encoding="utf-8"))["cells"]):
        if cell["cell_type"] == "code":
            code = compile("".join(cell["source"]), f"{path.name}[{number}]", "exec")
            exec(code, namespace)  # noqa: S102  running the user's notebook is what was asked for


if __name__ == "__main__":
    main()
