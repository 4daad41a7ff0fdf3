"""The Celery application: settings under which no kill, no restart and no service that is away loses a batch.

For `celery -A tracker.celery worker` and `beat`. The queues are looked at and filled by `tracker.queues`.
"""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tracker.settings")

from celery import Celery
from django.conf import settings
from kombu import Queue

#: Deliveries of one message before it is taken to be what kills its workers, and dead-lettered.
DELIVERY_LIMIT = 50
CONNECT_SECONDS = 2

HITS, FACTS, FIGURES, UPKEEP = settings.QUEUES
DEAD = f"{settings.QUEUE_PREFIX}dead"

#: Dead letters move only once the queue of the dead has confirmed them; that asks for reject-publish.
SAFE_DEATH = {
    "x-queue-type": "quorum",
    "x-delivery-limit": DELIVERY_LIMIT,
    "x-dead-letter-exchange": "",
    "x-dead-letter-routing-key": DEAD,
    "x-dead-letter-strategy": "at-least-once",
    "x-overflow": "reject-publish",
}
#: Beat's ticks: those that nobody took in time are gone, the next does their work.
TICKS = {"x-queue-type": "quorum"}
#: Each look at a dead letter is a delivery, and none may be its last. RabbitMQ 4 deletes it after 20 unless told
#: otherwise; -1 lifts the limit there, but before 4 it lets the first look delete it.
KEPT = {"x-queue-type": "quorum", "x-delivery-limit": 2**31 - 1}
DEAD_QUEUE = Queue(DEAD, exchange="", routing_key=DEAD, queue_arguments=KEPT)

app = Celery("hitledger", task_cls="tracker.queues.step:Step")
app.conf.update(
    broker_url=settings.BROKER_URL or "memory://",
    # Embedded, beat does its work itself.
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
        "*": {"queue": FIGURES},
    },
    # Remote control of deployments that share a virtual host stays apart.
    control_exchange=f"{settings.QUEUE_PREFIX}control",
    # A message is acknowledged after its work is done and the next link is confirmed; a failure dead-letters it.
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_acks_on_failure_or_timeout=False,
    task_ignore_result=True,
    task_store_errors_even_if_ignored=False,
    # The configuration database's connection is kept from task to task; tracker.queues.step looks after it.
    CELERY_DB_REUSE_MAX=1_000_000,
    worker_prefetch_multiplier=settings.HIT_QOS,
    worker_soft_shutdown_timeout=20,
    worker_enable_soft_shutdown_on_idle=True,
    worker_hijack_root_logger=False,
    worker_send_task_events=False,
    imports=settings.TASK_MODULES,
    beat_scheduler="tracker.queues.beat:Beat",
    # What waited for long is dropped by the broker. Celery's `expires` is an instant, and clocks of machines differ.
    beat_schedule={
        name: {"task": task, "schedule": settings.BEAT_SECONDS, "options": {"expiration": settings.BEAT_SECONDS}}
        for name, task in settings.BEAT.items()
    },
)
# Tasks that a command or a web process calls in place must find this application, too.
app.set_default()
