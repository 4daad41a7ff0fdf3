"""Senders: threads that send requests at a steady pace, and repeat each until it is answered 200, as documented."""

import random
import threading
import time
from collections import Counter
from collections.abc import Sequence

import requests

from tests.crash.plan import Request, identity, parameters

#: A request that isn't answered 200 this many seconds after the last one was due is given up, and the run fails.
PATIENCE_SECONDS = 120.0


class Senders:
    """Sends requests over `seconds`, from several threads. `accepted` identifies the hits that were answered 200."""

    def __init__(self, url: str, requests: Sequence[Request], seed: int, seconds: float, threads: int = 6) -> None:
        self.url = f"{url}/collect"
        self.seconds = seconds
        self.attempted: set[bytes] = set()
        self.accepted: set[bytes] = set()
        self.answers: Counter[str] = Counter()
        self.sent = self.resent = self.given_up = 0
        self._began = time.monotonic()
        self._lock = threading.Lock()
        shares = [requests[n::threads] for n in range(threads)]
        self._threads = [
            threading.Thread(target=self._send_all, args=(share, random.Random(f"{seed}.{n}")), daemon=True)
            for n, share in enumerate(shares)
        ]

    def start(self) -> None:
        """Start sending."""
        self._began = time.monotonic()
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        """Wait until all requests are accepted or given up."""
        for thread in self._threads:
            thread.join(self.seconds + 2 * PATIENCE_SECONDS)
            assert not thread.is_alive(), "a client hangs"

    def _send_all(self, share: Sequence[Request], rng: random.Random) -> None:
        session = requests.Session()
        for n, request in enumerate(share):
            time.sleep(max(self._began + self.seconds * n / len(share) - time.monotonic(), 0))
            self._send(session, request, rng)
            if rng.random() < 0.1:  # As if the client had not seen the answer.
                self._send(session, rng.choice(share[: n + 1]), rng)
        session.close()

    def _send(self, session: requests.Session, request: Request, rng: random.Random) -> None:
        names = {identity(hit) for hit in request}
        with self._lock:
            self.attempted |= names
        for attempt in range(10_000):
            if time.monotonic() > self._began + self.seconds + PATIENCE_SECONDS:
                break
            answer = self._post(session, request)
            with self._lock:
                self.sent += len(request)
                self.resent += len(request) if attempt else 0
                self.answers[answer] += 1
                if answer == "200":
                    self.accepted |= names
                    return
            time.sleep(rng.uniform(0.05, 0.5))
        with self._lock:
            self.given_up += len(request)

    def _post(self, session: requests.Session, request: Request) -> str:
        """Send a request; return the status of the answer, or "none". If not all its hits were accepted, return the
        answer's text."""
        body = [parameters(hit) for hit in request]
        try:
            answer = session.post(self.url, json=body if len(body) > 1 else body[0], timeout=20)
        except requests.RequestException:
            return "none"
        if answer.status_code == 200 and answer.json() != {"accepted": len(request), "rejected": []}:
            return answer.text
        return str(answer.status_code)
