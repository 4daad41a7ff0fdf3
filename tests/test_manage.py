"""The command line: how interrupted commands end."""

import subprocess
import sys

from tests.running import CHECKOUT

#: Restores SIGINT as in a terminal, because processes of tests in the background ignore it.
CTRL_C = "import os, signal; signal.signal(2, signal.default_int_handler); os.kill(os.getpid(), signal.SIGINT)"


def test_ctrl_c_ends_a_command_with_a_clear_line() -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "-c", CTRL_C], cwd=CHECKOUT, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (130, "\nStopped. The same command may be given again.\n")
