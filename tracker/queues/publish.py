"""Publish: a task's message -> confirmed by the broker, or QueueUnavailable; never a wait without end."""

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

#: A message that no queue takes is an error, not a silence.
ONCE_AND_CONFIRMED = {"retry": False, "mandatory": True, "declare": (), "confirm_timeout": ANSWER_SECONDS}


class Publisher:
    """One connection with publisher confirms, used by one thread at a time.

    A connection on which anything failed is dropped: a late confirm of one message must not be taken for the next's.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._producer: Producer | None = None

    def publish(self, send: Callable[..., Any], *args: Any, **options: Any) -> Any:
        """Calls `send` (a task's apply_async) and returns once the broker has the message for good.

        A connection that turns out to have been closed is replaced once. Raises QueueUnavailable.
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
        except Exception as error:  # whatever it was: without a confirm nobody knows that the message is durable
            raise QueueUnavailable(f"the broker: {type(error).__name__} {error}") from error
        finally:
            self._lock.release()

    def close(self) -> None:
        """Ends the connection; the next message opens another."""
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
            # A broker that lost its data gets its queues back, before a message finds none.
            for queue in (*app.amqp.queues.values(), DEAD_QUEUE):
                queue(channel).declare()
            return Producer(channel, auto_declare=False)


def open_publisher() -> Publisher:
    """The publisher of this process; a fork gets one of its own."""
    return _publisher_of(getpid())


@cache
def _publisher_of(_pid: int) -> Publisher:
    return Publisher()
