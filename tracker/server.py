"""Server: runs the web server (Granian) with the settings of the environment: `python -m tracker.server`."""

from granian import Granian
from granian.constants import Interfaces
from granian.http import HTTP1Settings

from tracker import settings


def serve() -> None:
    """Run the web server until a signal ends it. The command line of Granian isn't used, because it closes idle
    connections after a minute at most; some load balancers need them for longer."""
    Granian(
        "tracker.wsgi:application",
        address=settings.WEB_HOST,
        port=settings.PORT,
        interface=Interfaces.WSGI,
        workers=settings.WEB_CONCURRENCY,
        blocking_threads=settings.WEB_THREADS,
        backlog=2048,
        websockets=False,
        http1_settings=HTTP1Settings(header_read_timeout=settings.WEB_IDLE_SECONDS * 1000),
        respawn_failed_workers=True,
        respawn_interval=0.5,
        workers_kill_timeout=30,
    ).serve()


if __name__ == "__main__":
    serve()
