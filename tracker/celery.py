"""Celery: the Celery application of `worker` and `beat`. Its settings ensure that no kill, restart or outage loses a
batch."""

import gc
import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tracker.settings")

from celery import Celery
from django.conf import settings
from kombu import Queue

# Each collection of garbage would look through all modules that are imported so far, and find no garbage. TrackerConfig
# turns the collector on again.
gc.disable()

#: After this many deliveries a message becomes a dead letter, because the message itself may kill the workers.
DELIVERY_LIMIT = 50
CONNECT_SECONDS = 2

HITS, FACTS, FIGURES, UPKEEP = settings.QUEUES
DEAD = f"{settings.QUEUE_PREFIX}dead"

#: The options of queues of batches. A message becomes a dead letter only after the queue of dead letters has confirmed
#: it. RabbitMQ needs reject-publish for that.
SAFE_DEATH = {
    "x-queue-type": "quorum",
    "x-delivery-limit": DELIVERY_LIMIT,
    "x-dead-letter-exchange": "",
    "x-dead-letter-routing-key": DEAD,
    "x-dead-letter-strategy": "at-least-once",
    "x-overflow": "reject-publish",
}
#: The options of the queues of tasks that beat sends. A message that no worker takes in time is dropped. Beat's next
#: message starts the same task.
TICKS = {"x-queue-type": "quorum"}
#: The options of the queue of dead letters. Reading one counts as a delivery, and by default RabbitMQ 4 deletes a
#: message after 20 deliveries. The limit is therefore very large. It isn't -1, which RabbitMQ 4 reads as no limit,
#: because earlier versions would delete the message at the first read.
KEPT = {"x-queue-type": "quorum", "x-delivery-limit": 2**31 - 1}
DEAD_QUEUE = Queue(DEAD, exchange="", routing_key=DEAD, queue_arguments=KEPT)

app = Celery("hitledger", task_cls="tracker.queues.step:Step")
app.conf.update(
    broker_url=settings.BROKER_URL.partition("?")[0] or "memory://",
    broker_use_ssl=settings.BROKER_TLS,
    # In the embedded tracker there is no worker, and beat runs the tasks itself.
    task_always_eager=not settings.BROKER_URL,
    broker_connection_timeout=CONNECT_SECONDS,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_heartbeat=10,
    broker_transport_options={"confirm_publish": True},
    task_queues=[
        Queue(name, routing_key=name, queue_arguments=arguments)
        for name, arguments in {HITS: SAFE_DEATH, FACTS: SAFE_DEATH, FIGURES: TICKS, UPKEEP: TICKS}.items()
    ],
    task_default_queue=FIGURES,
    task_default_exchange=f"{settings.QUEUE_PREFIX}hitledger",
    task_create_missing_queues=False,
    task_routes={
        **{step: {"queue": FACTS} for step in settings.HIT_CHAIN},
        settings.HIT_CHAIN[0]: {"queue": HITS},
        "conversions.tasks.*": {"queue": UPKEEP},
        "tracker.tasks.merge_archive": {"queue": UPKEEP},
        "*": {"queue": FIGURES},
    },
    # RabbitMQ 4.3 refuses queues that are neither durable nor exclusive to one connection.
    control_queue_durable=True,
    # Several trackers may share a virtual host of the broker. The prefix keeps their remote control apart.
    control_exchange=f"{settings.QUEUE_PREFIX}control",
    # A message is acknowledged after its work is done and the next step's message is confirmed. After a failure it
    # becomes a dead letter.
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_acks_on_failure_or_timeout=False,
    task_ignore_result=True,
    task_store_errors_even_if_ignored=False,
    # The connection to the configuration database is kept between tasks. tracker.queues.step checks it.
    CELERY_DB_REUSE_MAX=1_000_000,
    worker_prefetch_multiplier=settings.HIT_QOS,
    worker_soft_shutdown_timeout=20,
    worker_enable_soft_shutdown_on_idle=True,
    worker_hijack_root_logger=False,
    worker_send_task_events=False,
    imports=settings.TASK_MODULES,
    beat_scheduler="tracker.queues.beat:Beat",
    # The broker drops beat's messages if they wait for long. Celery's `expires` is an instant, and the clocks of
    # machines differ.
    beat_schedule={
        name: {"task": task, "schedule": settings.BEAT_SECONDS, "options": {"expiration": settings.BEAT_SECONDS}}
        for name, task in settings.BEAT.items()
    },
)
# Commands and web processes that call a task directly must use this application, too.
app.set_default()
