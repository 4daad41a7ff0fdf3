"""Load: wrk posts hits on 32 connections for some seconds, and says how many were accepted, and how fast."""

import json
import subprocess
from dataclasses import dataclass
from itertools import count
from pathlib import Path

SCRIPT = Path(__file__).with_name("hits.lua")
CONNECTIONS = 32
_seeds = count(1)


@dataclass(frozen=True)
class Load:
    """What wrk measured: `hits` accepted in `seconds`, refused and broken requests, and the response times of
    requests."""

    hits: int
    seconds: float
    refused: int
    broken: int
    p50_ms: float
    p99_ms: float

    @property
    def rate(self) -> float:
        """Accepted hits a second."""
        return self.hits / self.seconds


def post_hits(url: str, site: str, many: int, seconds: int) -> Load:
    """Post requests with `many` hits each to the site, for some seconds."""
    command = ["wrk", "-t2", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "10s", "-s", str(SCRIPT)]
    words = [f"{url}/collect", "--", site, str(many), str(next(_seeds))]
    done = subprocess.run([*command, *words], stdout=subprocess.PIPE, text=True, check=True, timeout=seconds + 60)
    seen = json.loads(done.stdout.splitlines()[-1])
    accepted = (seen["requests"] - seen["refused"]) * many
    return Load(accepted, seen["seconds"], seen["refused"], seen["broken"], seen["p50_ms"], seen["p99_ms"])
