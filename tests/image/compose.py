"""Compose: reads compose.yaml as Compose's own library does, and as plain YAML."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from tests.running import CHECKOUT
from tests.services.folders import cached
from tests.services.progress import say

FILE = CHECKOUT / "compose.yaml"
_VERSION = "v2.16.2"
_MODULE = f"github.com/compose-spec/compose-go/v2/cmd@{_VERSION}"


def compose_file() -> dict[str, Any]:
    """Return compose.yaml as plain YAML."""
    read: dict[str, Any] = yaml.safe_load(FILE.read_text())
    return read


def resolved() -> dict[str, Any]:
    """Return compose.yaml as Compose resolves it. Raises CalledProcessError; the reason is on stderr."""
    reader = cached(f"compose-go-{_VERSION}", _build) / "cmd"
    done = subprocess.run([str(reader), str(FILE)], stdout=subprocess.PIPE, check=True)
    read: dict[str, Any] = yaml.safe_load(done.stdout)
    return read


def _build(folder: Path) -> None:
    say(f"building {_MODULE}")
    env = {**os.environ, "GOBIN": str(folder), "CGO_ENABLED": "0"}
    subprocess.run(["go", "install", _MODULE], env=env, stdout=sys.stderr, check=True)
