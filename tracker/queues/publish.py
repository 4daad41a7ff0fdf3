"""Publish: sends the message of a task, and waits until the broker confirms that it has stored it. Each wait has a time
limit."""

from collections.abc import Callable
from contextlib import suppress
from functools import cache
from os import getpid
from threading import Lock
from typing import Any

from amqp.exceptions import AMQPError
from kombu import Connection, Producer

from tracker.celery import DEAD_QUEUE, app
from tracker.queues.broker import ANSWER_SECONDS
from tracker.queues.port import QueueUnavailable

#: The publish options. A message that no queue takes is returned as an error.
ONCE_AND_CONFIRMED = {"retry": False, "mandatory": True, "declare": (), "confirm_timeout": ANSWER_SECONDS}


class Publisher:
    """A connection on which the broker confirms each message. One thread uses it at a time.

    It is closed after any failure. Otherwise a confirm that comes late could be taken for the confirm of the next
    message.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._producer: Producer | None = None

    def publish(self, send: Callable[..., Any], *args: Any, **options: Any) -> Any:
        """Send a message by calling `send` (the task's apply_async), and return once the broker has stored it. Raises
        QueueUnavailable.

        The broker may have closed an idle connection. Therefore, after an OSError or AMQPError the message is sent a
        second time, on a new connection. After a timeout it isn't.
        """
        if not self._lock.acquire(timeout=ANSWER_SECONDS):
            raise QueueUnavailable("the connection to the broker is busy")
        try:
            try:
                return self._publish(send, *args, **options)
            except TimeoutError:
                raise
            except (OSError, AMQPError):
                return self._publish(send, *args, **options)
        except Exception as error:  # Any error counts: without a confirm the message may not be durable.
            raise QueueUnavailable(f"the broker: {type(error).__name__} {error}") from error
        finally:
            self._lock.release()

    def close(self) -> None:
        """Close the connection. The next `publish` opens a new one."""
        producer, self._producer = self._producer, None
        if producer is not None:
            with suppress(Exception):
                producer.connection.collect()

    def _publish(self, send: Callable[..., Any], *args: Any, **options: Any) -> Any:
        try:
            producer = self._producer = self._producer or self._connect()
            with producer.connection.connection.transport.having_timeout(ANSWER_SECONDS):
                return send(*args, **options, producer=producer, **ONCE_AND_CONFIRMED)
        except BaseException:
            self.close()
            raise

    def _connect(self) -> Producer:
        connection: Connection = app.connection_for_write(heartbeat=0)
        connection.ensure_connection(max_retries=0)
        with connection.connection.transport.having_timeout(ANSWER_SECONDS):
            channel = connection.channel()
            # A broker that lost its data needs its queues before the first message.
            for queue in (*app.amqp.queues.values(), DEAD_QUEUE):
                queue(channel).declare()
            return Producer(channel, auto_declare=False)


def open_publisher() -> Publisher:
    """Return the Publisher of this process. A forked process gets its own."""
    return _publisher_of(getpid())


@cache
def _publisher_of(_pid: int) -> Publisher:
    return Publisher()
