"""Ports: where each service listens, and small exchanges in its protocol."""

import os
import socket

HOST = "127.0.0.1"
#: Added to every port, so that a second set of services can run beside the first.
OFFSET = int(os.environ.get("HITLEDGER_PORT_OFFSET") or 0)


def listening(port: int) -> bool:
    """Whether something accepts connections there."""
    try:
        socket.create_connection((HOST, port), timeout=2).close()
    except OSError:
        return False
    return True


def ask(port: int, greeting: bytes, length: int) -> bytes:
    """The first `length` bytes of the answer to a greeting. Fewer or none if the service isn't ready."""
    answer = b""
    try:
        with socket.create_connection((HOST, port), timeout=5) as link:
            link.sendall(greeting)
            while len(answer) < length and (part := link.recv(length - len(answer))):
                answer += part
    except OSError:
        pass
    return answer
