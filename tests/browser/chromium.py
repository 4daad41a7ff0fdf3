"""A real Chromium with its own profile."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import BrowserContext, sync_playwright

FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
STEP_MS = 15_000
#: A flag of Playwright that would turn off features that real browsers have.
PEOPLE_HAVE = ["--disable-back-forward-cache"]


class NoChromium(RuntimeError):
    """There is no chromium on this machine."""


@contextmanager
def chromium(profile: Path, *flags: str) -> Iterator[BrowserContext]:
    """Open a browser window that keeps its cookies and storage while it is open. Raises NoChromium."""
    binary = shutil.which("chromium")
    if not binary:
        raise NoChromium("There is no chromium; `python -m tests.services install chromium` installs it.")
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            profile,
            executable_path=binary,
            args=[*FLAGS, *flags],
            ignore_default_args=PEOPLE_HAVE,
            viewport={"width": 1100, "height": 900},
        )
        context.set_default_timeout(STEP_MS)
        try:
            yield context
        finally:
            context.close()
