"""S3: runs the server versitygw over a folder, in which each folder is a bucket."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from tests.services import process
from tests.services.errors import ServiceError
from tests.services.folders import cached, state
from tests.services.ports import HOST, OFFSET, ask
from tests.services.progress import say

PORT = 7070 + OFFSET
BUCKET = "hitledger"
ENV = {
    "ARCHIVE_URL": f"s3://{BUCKET}/hits",
    "S3_ENDPOINT_URL": f"http://{HOST}:{PORT}",
    "AWS_ACCESS_KEY_ID": "hitledger",
    "AWS_SECRET_ACCESS_KEY": "hitledger-secret",
    "AWS_DEFAULT_REGION": "us-east-1",
}
PROCESSES = ("s3",)
STOP = signal.SIGTERM
PACKAGES = ()

_VERSION = "v1.8.0"
_MODULE = f"github.com/versity/versitygw/cmd/versitygw@{_VERSION}"


def install() -> None:
    """Build the server, once."""
    _binary()


def launch() -> None:
    """Start the server on the folder that has the bucket."""
    root = state("s3") / "data"
    (root / BUCKET).mkdir(parents=True, exist_ok=True)
    keys = {"ROOT_ACCESS_KEY": ENV["AWS_ACCESS_KEY_ID"], "ROOT_SECRET_KEY": ENV["AWS_SECRET_ACCESS_KEY"]}
    process.spawn("s3", [str(_binary()), "--port", f"{HOST}:{PORT}", "--quiet", "posix", str(root)], keys)


def ready() -> bool:
    """Whether the server gives any HTTP answer. Without a signature it refuses the request."""
    return ask(PORT, f"GET / HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode(), 7) == b"HTTP/1."


def _binary() -> Path:
    return cached(f"versitygw-{_VERSION}", _build) / "versitygw"


def _build(folder: Path) -> None:
    if not shutil.which("go"):
        raise ServiceError("the S3 server is built with Go: install Go 1.25 or newer and put `go` on the PATH")
    say(f"building the S3 server ({_MODULE}), about two minutes")
    env = {**os.environ, "GOBIN": str(folder), "CGO_ENABLED": "0"}
    if subprocess.run(["go", "install", _MODULE], env=env, stdout=sys.stderr).returncode != 0:
        raise ServiceError(f"`go install {_MODULE}` failed (see above); it needs Go 1.25 and the Go module proxy")
