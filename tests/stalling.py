"""Stalling: a proxy in front of a service. While the proxy is stalled, it accepts connections and keeps them open, but
sends nothing."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread


class Door:
    """A proxy that passes bytes between its port and a service, until it is stalled."""

    def __init__(self, server: socket.socket, target: tuple[str, int]) -> None:
        self._server = server
        self._target = target
        self._open = Event()
        self._open.set()
        self._links: list[socket.socket] = []
        self.port: int = server.getsockname()[1]

    def stall(self) -> None:
        """Stop passing bytes. Connections stay open."""
        self._open.clear()

    def go_on(self) -> None:
        """Pass bytes again, the waiting ones first."""
        self._open.set()

    def close(self) -> None:
        """Close the proxy and all its connections."""
        for link in (self._server, *self._links):
            with suppress(OSError):
                link.shutdown(socket.SHUT_RDWR)

    def serve(self) -> None:
        """Accept connections until the proxy is closed."""
        with suppress(OSError):
            while True:
                client, _ = self._server.accept()
                service = socket.create_connection(self._target)
                self._links += client, service
                for pair in ((client, service), (service, client)):
                    Thread(target=self._pass, args=pair, daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                self._open.wait()
                sink.sendall(data)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@contextmanager
def door(host: str, port: int, own: tuple[str, int] = ("127.0.0.1", 0)) -> Iterator[Door]:
    """Run a proxy, not stalled, in front of the service at an address."""
    with socket.create_server(own, backlog=128) as server:
        made = Door(server, (host, port))
        Thread(target=made.serve, daemon=True).start()
        yield made
        made.go_on()
        made.close()
