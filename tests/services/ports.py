"""Small conversations with a port of this machine, in each service's own protocol."""

import socket

HOST = "127.0.0.1"


def listening(port: int) -> bool:
    """Whether something accepts connections there."""
    try:
        socket.create_connection((HOST, port), timeout=2).close()
    except OSError:
        return False
    return True


def ask(port: int, greeting: bytes, length: int) -> bytes:
    """The first `length` bytes answered to a greeting; fewer, or none, if the service isn't up to it yet."""
    answer = b""
    try:
        with socket.create_connection((HOST, port), timeout=5) as link:
            link.sendall(greeting)
            while len(answer) < length and (part := link.recv(length - len(answer))):
                answer += part
    except OSError:
        pass
    return answer
