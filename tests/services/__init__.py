"""The real services for tests, CI and benchmarks: RabbitMQ, Cassandra, S3 and PostgreSQL on loopback."""

from tests.services.control import kill, owned, restart, start, stop
from tests.services.errors import ServiceError

__all__ = ["ServiceError", "kill", "owned", "restart", "start", "stop"]
