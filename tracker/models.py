"""Models: the database tables of accounts, their sites and tokens, used crossing tokens, and counts of refused hits."""

import re
import secrets
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from ipaddress import ip_network
from typing import Any, Self
from zoneinfo import available_timezones

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models, transaction
from django.utils.module_loading import import_string

from tracker.collection.consent import SIGNALS
from tracker.collection.currencies import CURRENCIES
from tracker.collection.postback import hash_secret

MAX_DOMAINS = 100
MAX_NETWORKS = 100
MAX_STATUSES = 100
MAX_CHANNELS = 200
#: The fields that a row of a site's channel table may match.
CHANNEL_GLOBS = ("source", "medium", "network")
STATUSES = ("approved", "pending", "rejected")
#: The fewest characters of a secret of postbacks. A secret is stored as a plain hash, which is safe only if nobody can
#: guess the secret.
MIN_POSTBACK_SECRET = 16
SIGNAL_NAMES = ", ".join(SIGNALS)
#: The boolean fields of a site. The fields named set_aside_* decide which hits are rejected; see
#: conversions.rules.traffic.
SWITCHES = ("set_aside_bots", "set_aside_prefetches", "set_aside_own_traffic", "open_adjustments", "open_values")
#: IP version -> the shortest prefix of a network. A network with a shorter prefix would contain most visitors.
SHORTEST_PREFIX = {4: 8, 6: 16}
HOST_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")
#: The fields of a site that are parameters of attribution models.
TERMS = ("half_life_days", "position_first", "position_last")
#: If one of these fields changes, the whole site is rolled up again.
COUNTED_BY = (*TERMS, "open_values")
LONGEST_HALF_LIFE_DAYS = 365
percent = MaxValueValidator(100)
channel_name = RegexValidator(r"\A[a-z0-9_-]{1,40}\Z", "Up to 40 small letters, digits, _ and - only.")
currency_code = RegexValidator(r"\A[A-Z]{3}\Z", "An ISO 4217 code, such as EUR.")


def new_site_key() -> str:
    """Return a new public key for a site: short, random, and without characters that a query string would have to
    encode."""
    return secrets.token_hex(8)


def new_click_secret() -> str:
    """Return a new random secret for a site. With it the tracker signs the clicks that /click adds to landing pages,
    and the tokens that pass a visitor's id to another domain."""
    return secrets.token_hex(16)


def validate_timezone(name: str) -> None:
    """Check that a text is the name of an IANA timezone, such as Europe/Berlin. Raises ValidationError."""
    if name not in available_timezones():
        raise ValidationError(f"{name!r} is no IANA timezone; Europe/Berlin is one.")


def validate_domains(domains: Any) -> None:
    """Check that the value is a list of host names. Raises ValidationError."""
    if not isinstance(domains, list) or len(domains) > MAX_DOMAINS:
        raise ValidationError(f"A list of at most {MAX_DOMAINS} host names, such as shop.example.")
    for name in domains:
        if not isinstance(name, str) or len(name) > 253 or not HOST_NAME.fullmatch(name):
            raise ValidationError(
                f"{str(name)[:80]!r} is no host name. Give it in small letters without https://, port and path, such as"
                " shop.example; a name with other letters begins with xn--."
            )


def validate_networks(networks: Any) -> None:
    """Check that the value is a list of IP addresses and networks, none of which is too large. Raises
    ValidationError."""
    if not isinstance(networks, list) or len(networks) > MAX_NETWORKS:
        raise ValidationError(f"A list of at most {MAX_NETWORKS} addresses and networks, such as 203.0.113.0/24.")
    for text in networks:
        try:
            network = ip_network(text if isinstance(text, str) else "", strict=False)
        except ValueError as error:
            raise ValidationError(
                f"{str(text)[:80]!r} is no IP address and no network; 203.0.113.7 and 2001:db8::/32 are."
            ) from error
        if network.prefixlen < SHORTEST_PREFIX[network.version]:
            raise ValidationError(f"{network} is too large: most hits of everybody would be rejected.")


def validate_statuses(statuses: Any) -> None:
    """Check that the value maps words of affiliate networks to statuses of sales: {"3": "approved"}. Raises
    ValidationError."""
    if not isinstance(statuses, dict) or len(statuses) > MAX_STATUSES:
        raise ValidationError(f"An object of at most {MAX_STATUSES} words, each with its status.")
    for word, status in statuses.items():
        if status not in STATUSES:
            raise ValidationError(f"{str(status)[:80]!r} is no status; approved, pending and rejected are.")
        if not word or len(word) > 100 or word != word.strip().lower():
            raise ValidationError(f"{word[:80]!r} is no word in small letters of at most 100 characters.")


def validate_channels(rows: Any) -> None:
    """Check that the value is a list of rules that give ads a channel: [{"channel": "podcast", "source": "*cast*"}].
    Raises ValidationError."""
    if not isinstance(rows, list) or len(rows) > MAX_CHANNELS:
        raise ValidationError(f"A list of at most {MAX_CHANNELS} rows.")
    for row in rows:
        if not isinstance(row, dict) or not all(isinstance(value, str) and len(value) <= 200 for value in row.values()):
            raise ValidationError("Each row is an object of texts of at most 200 characters.")
        if not set(row) <= {"channel", *CHANNEL_GLOBS} or not any(row.get(name) for name in CHANNEL_GLOBS):
            raise ValidationError(f"A row has a channel and at least one of {', '.join(CHANNEL_GLOBS)}, nothing else.")
        channel_name(row.get("channel", ""))


def validate_signals(signals: Any) -> None:
    """Check that the value is a list of names of consent signals. Raises ValidationError."""
    if not isinstance(signals, list) or not all(isinstance(name, str) and name in SIGNALS for name in signals):
        raise ValidationError(f"A list of signals: {SIGNAL_NAMES}.")


def script_tag(origin: str, key: str) -> str:
    """Return the script tag for a site's pages. `origin` is the tracker's address, such as https://tracker.example."""
    path = settings.PUBLIC_PATHS.get("t.js", "/t.js")
    return f'<script async src="{origin}{path}" data-site="{key}"></script>'


def keep_soon() -> None:
    """Once the present transaction has committed, write a copy of the whole configuration to the archive."""
    import_string(settings.KEEP_SOON)()


class Account(models.Model):
    """A customer with sites. The users of the account see only its sites."""

    name = models.CharField(max_length=200, unique=True)
    hits_per_second = models.PositiveIntegerField(
        default=0,
        help_text=(
            "The largest number of hits per second with ingest tokens. Further hits are refused with"
            " 429. Each web process counts separately. 0: no limit."
        ),
    )
    own_networks = models.JSONField(
        default=list,
        blank=True,
        validators=[validate_networks],
        help_text="IP addresses and networks of the customer's own people. Their hits are rejected.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    users = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="accounts", blank=True)

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save the account, and write a copy of the configuration to the archive."""
        super().save(*args, **kwargs)
        keep_soon()

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete the account, and write a copy of the configuration to the archive."""
        deleted = super().delete(*args, **kwargs)
        keep_soon()
        return deleted


class Site(models.Model):
    """A web site of an account. Its timezone and currency can't be changed once the site has hits."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="sites")
    key = models.CharField(max_length=64, unique=True, default=new_site_key, editable=False)
    name = models.CharField(max_length=200)
    domains = models.JSONField(default=list, blank=True, validators=[validate_domains])
    timezone = models.CharField(max_length=64, default="UTC", validators=[validate_timezone])
    currency = models.CharField(max_length=3, default="USD", validators=[currency_code])
    hits_per_second = models.PositiveIntegerField(
        default=0,
        help_text=(
            "The largest number of hits per second. Further hits are refused with 429. Each web"
            " process counts separately. 0: no limit."
        ),
    )
    set_aside_bots = models.BooleanField(
        default=True, help_text="On: hits of crawlers that name themselves don't count. They are listed as rejected."
    )
    set_aside_prefetches = models.BooleanField(
        default=True,
        help_text="On: hits of pages that a browser fetched in advance don't count. They are listed as rejected.",
    )
    set_aside_own_traffic = models.BooleanField(
        default=True,
        help_text="On: hits from the account's own networks don't count, except adjustments. They are listed"
        " as rejected.",
    )
    denied_signals = models.JSONField(
        default=list,
        blank=True,
        validators=[validate_signals],
        help_text=f"The signals of consent that are denied if a hit doesn't name them: {SIGNAL_NAMES}.",
    )
    open_adjustments = models.BooleanField(
        default=False,
        help_text="On: anybody may send adjustments. Off: only servers with an ingest token may.",
    )
    open_values = models.BooleanField(
        default=True,
        help_text=(
            "On: conversions with a value count, whoever sends them. Off: under every goal, a"
            " conversion with a value counts only if a server sends it, or a copy of it, with an"
            " ingest token."
        ),
    )
    half_life_days = models.DecimalField(
        max_digits=6,
        decimal_places=3,
        default=Decimal(7),
        validators=[MinValueValidator(Decimal("0.001")), MaxValueValidator(LONGEST_HALF_LIFE_DAYS)],
        help_text="Time decay: if a touch is older than another by this time, it gets half as much.",
    )
    position_first = models.PositiveSmallIntegerField(
        default=40, validators=[percent], help_text="Position: the share of the first touch, in percent."
    )
    position_last = models.PositiveSmallIntegerField(
        default=40,
        validators=[percent],
        help_text="Position: the share of the last touch, in percent. The touches between share the rest.",
    )
    postback_sha256 = models.CharField(max_length=64, blank=True, editable=False)
    postback_networks = models.JSONField(
        default=list,
        blank=True,
        validators=[validate_networks],
        help_text="IP addresses and networks of affiliate networks. Their postbacks need no secret.",
    )
    postback_statuses = models.JSONField(
        default=dict,
        blank=True,
        validators=[validate_statuses],
        help_text='Words of affiliate networks for approved, pending and rejected, such as {"3": "approved"}.',
    )
    channels = models.JSONField(
        default=list,
        blank=True,
        validators=[validate_channels],
        help_text="Channels for certain sources, media and networks, such as"
        ' [{"channel": "podcast", "source": "*cast*"}].'
        " This table comes before the common table. * is any text. Source, medium and network must all match.",
    )
    click_secret = models.CharField(max_length=64, default=new_click_secret, editable=False)
    first_hit_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        permissions = [("roll_up_site", "Can roll ranges up again"), ("replay_site", "Can replay ranges")]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Check the currency, and the parameters of the models. If the site has hits, its timezone and currency must be
        unchanged. Raises ValidationError."""
        if self.currency not in CURRENCIES:
            raise ValidationError({"currency": f"{self.currency!r} is no ISO 4217 code; EUR is one."})
        if self.position_first + self.position_last > 100:
            raise ValidationError({"position_last": "The first and the last touch together get more than 100 %."})
        saved = Site.objects.filter(pk=self.pk, first_hit_at__isnull=False).first()
        for field in ("timezone", "currency"):
            if saved and getattr(saved, field) != getattr(self, field):
                raise ValidationError({field: f"This site has hits; its {field} can't change any more."})

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Check the site and save it, in one transaction. Raises ValidationError.

        If a setting changes on which reports depend, the same transaction marks all figures of the site to be made
        again.
        """
        with transaction.atomic():
            before = Site.objects.select_for_update().filter(pk=self.pk).values(*COUNTED_BY).first()
            self.clean()
            super().save(*args, **kwargs)
            if before and before != {field: getattr(self, field) for field in COUNTED_BY}:
                import_string(settings.MARK_SITE)(self.key)
            keep_soon()

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete the site. Raises ValidationError if it has hits, because they would then belong to no site."""
        with transaction.atomic():
            if Site.objects.select_for_update().filter(pk=self.pk, first_hit_at__isnull=False).exists():
                raise ValidationError(f"{self.name} has hits and can't be deleted.", "in_use")
            keep_soon()
            return super().delete(*args, **kwargs)

    def set_postback_secret(self, secret: str) -> None:
        """Set the secret that affiliate networks send with postbacks; "" removes it. Only its hash is stored. Call
        `save` afterwards."""
        self.postback_sha256 = hash_secret(secret) if secret else ""

    def snippet(self, origin: str) -> str:
        """Return the script tag for the site's pages. `origin`: the tracker's address, such as
        https://tracker.example."""
        return script_tag(origin, self.key)


class Token(models.Model):
    """A secret with which a program of an account signs in: a `report` token to read reports, an `ingest` token to send
    hits as a server. Only its hash is stored."""

    class Kind(models.TextChoices):
        """What a program may do with the token."""

        REPORT = "report", "reads reports"
        INGEST = "ingest", "sends hits"

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="tokens")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    sha256 = models.CharField(max_length=64, unique=True, editable=False)
    hint = models.CharField(max_length=12, editable=False, help_text="The first characters of the token.")
    created_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        permissions = [("revoke_token", "Can revoke tokens")]

    def __str__(self) -> str:
        return f"{self.hint}… ({self.kind})"

    @staticmethod
    def hash_of(secret: str) -> str:
        """Return the hash that is stored in place of a secret. A fast hash is enough, because secrets are long and
        random."""
        return sha256(secret.encode()).hexdigest()

    @classmethod
    def issue(cls, account: Account, kind: str, secret: str | None = None) -> tuple[Self, str]:
        """Make a new token of an account. Return it with its secret, which can't be read again later. If a token with
        the given `secret` exists, return that token."""
        secret = secret or f"hl_{kind}_{secrets.token_urlsafe(32)}"
        token, is_new = cls.objects.get_or_create(
            sha256=cls.hash_of(secret), defaults={"account": account, "kind": kind, "hint": secret[:12]}
        )
        if is_new:
            keep_soon()
        return token, secret

    def revoke(self, now: datetime) -> None:
        """Revoke the token for good. Web processes have it in their caches, and may still accept an ingest token for
        SITE_CACHE_SECONDS."""
        Token.objects.filter(pk=self.pk, revoked_at__isnull=True).update(revoked_at=now)
        keep_soon()
        self.refresh_from_db()

    @classmethod
    def find(cls, secret: str, kind: str) -> Self | None:
        """Return the token with this secret and kind, with its account. None if there is none, or if it was revoked."""
        return (
            cls.objects.select_related("account")
            .filter(sha256=cls.hash_of(secret), kind=kind, revoked_at__isnull=True)
            .first()
        )


class TakenCrossing(models.Model):
    """A crossing token that was used, named by its signature. The row stays for longer than the token is valid."""

    seal = models.CharField(max_length=64, primary_key=True)
    taken_at = models.BigIntegerField(db_index=True)

    def __str__(self) -> str:
        return self.seal

    @classmethod
    def take(cls, seal: str, now: int, forget_before: int) -> bool:
        """Store that a crossing token is used now. Return whether this is its first use. Also delete the rows of tokens
        that were used before `forget_before`. Times are ms."""
        cls.objects.filter(taken_at__lt=forget_before).delete()
        _, is_first = cls.objects.get_or_create(seal=seal, defaults={"taken_at": now})
        return is_first


class RefusedCount(models.Model):
    """How many hits of a site were refused on one day with one code, and a sample of the latest.

    Hits with a site key that no site has are counted together. Therefore a day has at most one row for each site and
    code.
    """

    UNKNOWN = "unknown"
    #: Rows are kept for this many days.
    KEPT_DAYS = 100

    site = models.CharField(
        max_length=64, help_text="The site's key. All keys that no site has are counted under `unknown`."
    )
    day = models.DateField(help_text="The day by the site's calendar.")
    code = models.CharField(max_length=40)
    hits = models.PositiveBigIntegerField(
        default=0, help_text="The number of refused hits. A request that is refused as a whole counts as one hit."
    )
    sales = models.PositiveBigIntegerField(default=0, help_text="How many of the refused hits were conversions.")
    sample = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["day", "site", "code"], name="refused_once")]
        ordering = ("-day", "-hits", "site", "code")

    def __str__(self) -> str:
        return f"{self.hits} refused of {self.site} on {self.day}: {self.code}"

    @classmethod
    def add_all(cls, counts: Sequence[Self]) -> None:
        """Add each of the counts to the row of its site, day and code, and replace the sample of this row. Delete rows
        of long ago."""
        empty = [cls(site=one.site, day=one.day, code=one.code) for one in counts]
        with transaction.atomic():
            cls.objects.bulk_create(empty, ignore_conflicts=True)
            for one in counts:
                cls.objects.filter(site=one.site, day=one.day, code=one.code).update(
                    hits=models.F("hits") + one.hits, sales=models.F("sales") + one.sales, sample=one.sample
                )
            newest = max(one.day for one in counts)
            cls.objects.filter(day__lt=newest - timedelta(days=cls.KEPT_DAYS)).delete()

    @classmethod
    def of_days(cls, site: str, first: date, last: date) -> models.QuerySet[Self]:
        """Return the rows of a site (by key) for the days from `first` to `last`, latest day first. Both days are
        included."""
        return cls.objects.filter(site=site, day__range=(first, last))
