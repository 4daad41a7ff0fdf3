"""How far work has come: the queue's markers, snapshots of the configuration, replays."""

from django.db import models
from django.db.models import Min
from django.utils import timezone

#: Markers overtake hits by less than this: batches that were taken earlier may still be in work.
MARGIN_MS = 10 * 60 * 1000


class Marker(models.Model):
    """How far the queue has come: when the newest empty batch that came through was made, ms since the epoch."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    at = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.at)

    @classmethod
    def reach(cls, at: int) -> None:
        """Notes that a marker made at this instant came through; an older one changes nothing."""
        if not cls.objects.filter(pk=1, at__lt=at).update(at=at):
            cls.objects.get_or_create(pk=1, defaults={"at": at})
        PutBack.objects.filter(at__lte=at - MARGIN_MS).delete()

    @classmethod
    def reached(cls) -> int:
        """The instant before which accepted hits came through, but for those that MARGIN_MS is for; 0 before the first
        marker. It is when the newest one was made, or earlier, where hits were put back behind markers."""
        row = cls.objects.filter(pk=1).first()
        if row is None:
            return 0
        # The marker first: what it has overtaken was noted before.
        behind = PutBack.objects.filter(at__gt=row.at - MARGIN_MS).aggregate(since=Min("since"))["since"]
        return row.at if behind is None else min(row.at, behind)

    @classmethod
    def put_back(cls, since: int, at: int) -> None:
        """Notes that hits received at `since` or later go to the end of the queue at `at`. Call it before they do."""
        PutBack.objects.create(since=since, at=at)


class PutBack(models.Model):
    """Hits that went to the end of the queue at `at` (ms), the first received at `since`. Markers that were sent before
    come through before them; those sent later tell that these hits came through, too."""

    since = models.BigIntegerField()
    at = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.since} at {self.at}"


class Kept(models.Model):
    """The snapshot of the configuration that was put into the archive last, and the digest of what it holds."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    digest = models.CharField(max_length=64)
    key = models.CharField(max_length=300)

    def __str__(self) -> str:
        return self.key

    @classmethod
    def digest_of_last(cls) -> str:
        """Of the last one, empty before the first."""
        row = cls.objects.filter(pk=1).first()
        return row.digest if row else ""


class Replay(models.Model):
    """How far a replay has come, so that it can go on after a stop. `site`, `since` and `until` as they were given.

    Whoever works on it holds it until `held_until` (ms). Two who do, after a crash, only do some work twice.
    """

    site = models.CharField(max_length=64, blank=True)
    since = models.CharField(max_length=40, blank=True)
    until = models.CharField(max_length=40, blank=True)
    requested = models.BooleanField(default=False, help_text="Beat goes on with it; otherwise the command does.")
    last_key = models.CharField(max_length=300, blank=True)
    batches = models.PositiveBigIntegerField(default=0)
    hits = models.PositiveBigIntegerField(default=0)
    damaged = models.PositiveBigIntegerField(default=0, help_text="Batches that the archive could not give.")
    problem = models.CharField(max_length=300, blank=True, help_text="Why the last try stopped.")
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
        """Forgets how far it came, and begins now."""
        self.last_key, self.batches, self.hits, self.damaged = "", 0, 0, 0
        self.started_at = timezone.now()
        self.save()

    def hold(self, now: int, until: int) -> bool:
        """Takes it for a while, unless another holds it or it has ended (ms)."""
        free = Replay.objects.filter(pk=self.pk, ended_at__isnull=True, held_until__lte=now)
        return bool(free.update(held_until=until))

    def release(self, problem: str = "") -> None:
        """Lets others have it, and notes why it could not go on."""
        Replay.objects.filter(pk=self.pk).update(held_until=0, problem=problem[:300])
