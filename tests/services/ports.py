"""Ports: where each service listens, and how to ask it something in its protocol."""

import os
import socket

HOST = "127.0.0.1"
#: A number that is added to every port, for a second set of services beside the first.
OFFSET = int(os.environ.get("HITLEDGER_PORT_OFFSET") or 0)


def listening(port: int) -> bool:
    """Whether a process accepts connections at the port."""
    try:
        socket.create_connection((HOST, port), timeout=2).close()
    except OSError:
        return False
    return True


def ask(port: int, greeting: bytes, length: int) -> bytes:
    """Send a greeting, and return the first `length` bytes of the answer; fewer or none if the service isn't ready."""
    answer = b""
    try:
        with socket.create_connection((HOST, port), timeout=5) as link:
            link.sendall(greeting)
            while len(answer) < length and (part := link.recv(length - len(answer))):
                answer += part
    except OSError:
        pass
    return answer
