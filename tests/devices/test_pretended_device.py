"""Whatever runs on a device that is not the CPU, tested without one."""

import os
import pathlib
import subprocess
import sys

import pytest
import torch.utils.backend_registration

HERE = pathlib.Path(__file__).parent


@pytest.mark.skipif(
    not hasattr(torch.utils.backend_registration, "_setup_privateuseone_for_python_backend"),
    reason="this version of torch knows no devices of Python",
)
def test_estimators_run_on_it():
    """In a process of its own, as torch does not forget a device."""
    cases = str(HERE / "on_a_pretended_device.py")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environment["PYTHONPATH"] = str(HERE)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-n0", "-p", "no:cacheprovider", cases],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    assert "passed" in done.stdout
