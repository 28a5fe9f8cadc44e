"""Tables of benchmarks, with what one has to know to read them."""

import os
import pathlib
import platform
import sys

import sklearn
import skorch
import torch

__all__ = ["save_table"]

RESULTS = pathlib.Path(__file__).parent / "results"


def machine() -> str:
    """Return the machine in a line: processor, cores, versions."""
    name = platform.processor() or platform.machine()
    cpuinfo = pathlib.Path("/proc/cpuinfo")
    if cpuinfo.exists():
        models = [line.split(":", 1)[1].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        name = models[0] if models else name
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else f"{os.cpu_count()} cores"
    return (
        f"{name}, {device}; Python {platform.python_version()}, torch {torch.__version__}, "
        f"skorch {skorch.__version__}, scikit-learn {sklearn.__version__}"
    )


def save_table(name: str, header: list[str], rows: list[list[str]], notes: list[str]) -> None:
    """Print a table, and keep it in ``results/<name>.md`` with the machine and the command."""
    command = f"python benchmarks/{pathlib.Path(sys.argv[0]).name} {' '.join(sys.argv[1:])}".strip()
    lines = [f"# {name}", "", f"`{command}`", "", machine(), ""]
    lines += ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    lines += ["", *notes]
    text = "\n".join(lines) + "\n"
    print(text)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.md").write_text(text)
