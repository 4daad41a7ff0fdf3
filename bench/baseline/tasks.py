"""The baseline's three Celery tasks for each hit: archive, attribute, count."""

import json
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import boto3
from celery import Celery, shared_task
from django.conf import settings

from bench.baseline.models import PlainCount, PlainTouch

app = Celery("baseline", broker=settings.BROKER_URL)
app.conf.update(
    task_acks_late=True,
    task_ignore_result=True,
    worker_prefetch_multiplier=4,
    task_default_queue="baseline",
    broker_connection_retry_on_startup=True,
)
app.set_default()


@cache
def bucket() -> Any:
    """Return this process's S3 client."""
    return boto3.client("s3", endpoint_url=settings.S3_ENDPOINT_URL or None)


@shared_task
def archive(hit: dict[str, Any]) -> dict[str, Any]:
    """Store a hit as an S3 object, and return it."""
    place = urlsplit(settings.ARCHIVE_URL)
    bucket().put_object(Bucket=place.netloc, Key=f"baseline/{hit['id']}.json", Body=json.dumps(hit).encode())
    return hit


@shared_task
def attribute(hit: dict[str, Any]) -> dict[str, Any]:
    """Store a click, or credit a conversion to its visitor's last click. Return the hit with the credited ad."""
    if hit["type"] == "click":
        PlainTouch.create(site=hit["site"], visitor=hit["visitor"], at=hit["at"], hit=hit["id"], ad=hit["ad"])
    last = PlainTouch.objects(site=hit["site"], visitor=hit["visitor"]).first()
    return {**hit, "credited": last.ad if last else "(none)"}


@shared_task
def count(hit: dict[str, Any]) -> None:
    """Add a hit to the counter of its day and credited ad."""
    day = datetime.fromtimestamp(hit["at"] / 1000, UTC).date().isoformat()
    row = PlainCount.objects(site=hit["site"], day=day, ad=hit["credited"])
    row.update(conversions=1) if hit["type"] == "conversion" else row.update(clicks=1)
