"""Progress: the tables of how far the queue, the snapshots and the replays have come."""

from django.db import models
from django.db.models import Min, Q
from django.utils import timezone

from conversions.units.clock import LONGEST_HOLD_MS
from conversions.units.now import now_ms

#: When a marker is processed, batches that were sent up to this long (ms) before the marker may still be in progress.
MARGIN_MS = 10 * 60 * 1000


class Marker(models.Model):
    """How far the queue is processed. Markers are empty batches that are sent through the queue each minute. `at`: when
    the newest processed marker was sent (ms). The table has one row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    at = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.at)

    @classmethod
    def reach(cls, at: int) -> None:
        """Note that the marker that was sent at `at` (ms) is processed. If a newer marker is already noted, nothing
        changes.

        If the noted time is in the future, it comes from a wrong clock, and is replaced.
        """
        if not cls.objects.filter(Q(at__lt=at) | Q(at__gt=now_ms()), pk=1).update(at=at):
            cls.objects.get_or_create(pk=1, defaults={"at": at})
        PutBack.objects.filter(at__lte=at - MARGIN_MS).delete()

    @classmethod
    def reached(cls) -> int:
        """Return the instant (ms) before which all accepted hits are processed. Only hits of the last MARGIN_MS before
        this instant may be missing. 0 if there was no marker yet.

        Usually this is the time at which the newest processed marker was sent. If hits were put back at the end of the
        queue and aren't processed yet, it is the time at which the first of these hits was received. The instant is
        never in the future.
        """
        row = cls.objects.filter(pk=1).first()
        if row is None:
            return 0
        # The marker must be read before the put-back hits. Otherwise hits that were put back before the marker was
        # processed could be missed.
        behind = PutBack.objects.filter(at__gt=row.at - MARGIN_MS).aggregate(since=Min("since"))["since"]
        return min(row.at, now_ms()) if behind is None else min(row.at, behind, now_ms())

    @classmethod
    def put_back(cls, since: int, at: int) -> None:
        """Note that hits are put back at the end of the queue at `at` (ms). The first of them was received at `since`
        (ms). Call it before the hits are sent."""
        PutBack.objects.create(since=since, at=at)


class PutBack(models.Model):
    """A note that hits were put back at the end of the queue at `at` (ms). The first of these hits was received at
    `since` (ms).

    Markers that were sent before `at` are processed before these hits. Only a later marker shows that the hits are
    processed.
    """

    since = models.BigIntegerField()
    at = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.since} at {self.at}"


class LastSnapshot(models.Model):
    """The last snapshot of the configuration: its key in the archive, and a digest of its content. The table has one
    row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    digest = models.CharField(max_length=64)
    key = models.CharField(max_length=300)

    class Meta:
        db_table = "conversions_kept"

    def __str__(self) -> str:
        return self.key

    @classmethod
    def digest_of_last(cls) -> str:
        """Return the digest of the last snapshot. Empty if there is none."""
        row = cls.objects.filter(pk=1).first()
        return row.digest if row else ""


class Replay(models.Model):
    """The progress of a replay, from which it continues after a stop. `site`, `since` and `until`: the range of the
    replay, as the caller wrote it.

    A worker that runs the replay holds it until `held_until` (ms). After a crash, two workers may run it at the same
    time. They do some work twice, which is harmless.
    """

    site = models.CharField(max_length=64, blank=True)
    since = models.CharField(max_length=40, blank=True)
    until = models.CharField(max_length=40, blank=True)
    requested = models.BooleanField(default=False, help_text="On: beat runs the replay. Off: the command runs it.")
    last_key = models.CharField(max_length=300, blank=True)
    batches = models.PositiveBigIntegerField(default=0)
    hits = models.PositiveBigIntegerField(default=0)
    damaged = models.PositiveBigIntegerField(default=0, help_text="The number of batches that could not be read.")
    problem = models.CharField(max_length=300, blank=True, help_text="Why the replay stopped last.")
    held_until = models.BigIntegerField(default=0)
    started_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["site", "since", "until"], condition=models.Q(ended_at__isnull=True), name="replay_open"
            )
        ]

    def __str__(self) -> str:
        return f"replay of {self.site or 'every site'} {self.since}-{self.until}"

    def begin_anew(self) -> None:
        """Forget how far the replay has come, and begin again."""
        self.last_key, self.batches, self.hits, self.damaged = "", 0, 0, 0
        self.started_at = timezone.now()
        self.save()

    def hold(self, now: int, until: int) -> bool:
        """Hold the replay until `until` (ms). Returns False if another worker holds it or if it has ended."""
        held = models.Q(held_until__gt=now, held_until__lte=now + LONGEST_HOLD_MS)
        free = Replay.objects.filter(~held, pk=self.pk, ended_at__isnull=True)
        return bool(free.update(held_until=until))

    def release(self, problem: str = "") -> None:
        """Let other workers take the replay. `problem`: why it could not continue."""
        Replay.objects.filter(pk=self.pk).update(held_until=0, problem=problem[:300])
