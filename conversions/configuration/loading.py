"""Loading: reads a site's configuration as a frozen record, from the database or from a cache."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from decimal import Decimal
from threading import Lock

from cachetools import TTLCache, cached
from django.conf import settings
from django.utils import timezone

from conversions.configuration.rate_table import noted_currencies, rates_of
from conversions.marks.parts import read_parts
from conversions.models import Ad as AdRow
from conversions.models import Goal as GoalRow
from conversions.models import GoalVersion as VersionRow
from conversions.models import MatchRule as RuleRow
from conversions.rules.ads import Ad, MatchRule
from conversions.rules.channels import ChannelRule
from conversions.rules.conditions import read_conditions
from conversions.rules.goals import Counting, Goal, GoalVersion
from conversions.rules.parts import Parts
from conversions.rules.site import SiteConfig
from conversions.rules.terms import Terms
from conversions.rules.traffic import Traffic
from conversions.units.clock import DAY_MS
from conversions.units.micros import MICROS
from tracker.models import Site

COUNTINGS: dict[str, Counting] = {"every": "every", "once": "once", "click": "click"}


def load_site(key: str) -> SiteConfig | None:
    """Read a site's present configuration. None if no site has the key. Raises DatabaseError."""
    return load_sites([key]).get(key)


def load_sites(keys: Collection[str]) -> dict[str, SiteConfig]:
    """Read the present configuration of the sites with these keys. Returns key -> configuration. The number of queries
    doesn't depend on the number of sites.

    No transaction is used, because on SQLite a transaction waits for writers. Therefore the result may have only a part
    of a change that commits between two queries. This does no harm: the change also marks the whole site, and
    everything is rolled up again.
    """
    sites = list(Site.objects.filter(key__in=keys).select_related("account"))
    goals = defaultdict(list)
    for goal in GoalRow.objects.filter(site__in=sites).order_by("pk").prefetch_related("versions"):
        goals[goal.site_id].append(goal)
    ads = _read_ads(sites)
    noted, parts = noted_currencies(keys), read_parts(keys)
    return {
        site.key: _site_config(site, goals[site.pk], ads[site.pk], noted[site.key], parts[site.key]) for site in sites
    }


def _site_config(
    site: Site, goals: Iterable[GoalRow], ads: Iterable[Ad], currencies: Collection[str], parts: Parts
) -> SiteConfig:
    return SiteConfig(
        key=site.key,
        timezone=site.timezone,
        currency=site.currency,
        click_secret=site.click_secret,
        terms=_terms(site),
        traffic=_traffic(site),
        rates=rates_of(currencies, site.currency),
        parts=parts,
        goals=tuple(_goal(row, site) for row in goals),
        ads=tuple(ads),
        channels=tuple(_channel(given) for given in site.channels),
    )


def _channel(given: dict[str, str]) -> ChannelRule:
    globs = {name: (glob.lower(),) for name in ("source", "medium", "network") if (glob := given.get(name))}
    return ChannelRule(channel=given["channel"], **globs)


def _traffic(site: Site) -> Traffic:
    return Traffic(
        bots=site.set_aside_bots,
        prefetches=site.set_aside_prefetches,
        own_traffic=site.set_aside_own_traffic,
        own_networks=tuple(site.account.own_networks),
        open_adjustments=site.open_adjustments,
    )


def _terms(site: Site) -> Terms:
    return Terms(int(site.half_life_days * DAY_MS), site.position_first, site.position_last)


def _goal(row: GoalRow, site: Site) -> Goal:
    versions = sorted(row.versions.all(), key=lambda version: version.version)
    return Goal(
        uid=row.uid,
        key=row.key,
        versions=tuple(version_of(version, site.currency, site.open_values) for version in versions),
    )


def version_of(row: VersionRow, currency: str, open_values: bool) -> GoalVersion:
    """Make the record of a goal's version from its database row. `currency`, `open_values`: the fields of the site."""
    return GoalVersion(
        version=row.version,
        starts_at=row.starts_at,
        active=row.active,
        path=row.path,
        event=row.event,
        conditions=read_conditions(row.conditions),
        match="any" if row.match == "any" else "all",
        currency=currency,
        fixed_value=_micros(row.fixed_value),
        factor=_micros(row.factor),
        counting=COUNTINGS[row.counting],
        click_window=row.click_window_days * DAY_MS,
        view_window=row.view_window_days * DAY_MS,
        open_values=row.open_values and open_values,
    )


def _micros(number: Decimal | None) -> int | None:
    return None if number is None else int(number * MICROS)


def _read_ads(sites: Iterable[Site]) -> dict[int, list[Ad]]:
    """Read the ads of sites: the site's primary key -> its ads, in the order of their ids. A site may have thousands of
    ads. Therefore no model objects are made."""
    globs = MatchRule.__struct_fields__
    rules = defaultdict(list)
    for ad, *values in RuleRow.objects.filter(ad__campaign__site__in=sites).order_by("pk").values_list("ad", *globs):
        rules[ad].append(MatchRule(**dict(zip(globs, values, strict=True))))
    names = ("pk", "campaign__site", "key", "campaign__key", "channel", "campaign__channel")
    found = defaultdict(list)
    for pk, site, key, campaign, own, campaigns in (
        AdRow.objects.filter(campaign__site__in=sites).order_by("pk").values_list(*names)
    ):
        found[site].append(Ad(key=key, campaign=campaign, rules=tuple(rules[pk]), channel=own or campaigns))
    return found


_cache: TTLCache[str, SiteConfig | None] = TTLCache(maxsize=10_000, ttl=settings.CONFIG_CACHE_SECONDS)
_lock = Lock()


@cached(_cache, lock=_lock, key=lambda key: key)
def load_cached_site(key: str) -> SiteConfig | None:
    """Return a site's configuration from the cache, at most CONFIG_CACHE_SECONDS old."""
    return load_site(key)


_has_hits: set[str] = set()


def load_for_hits(key: str) -> SiteConfig | None:
    """Return a site's configuration for processing its hits. None if no site has the key.

    At the first hit of a site in this process, the database notes that the site has hits. From then on the site's
    timezone and currency can't change. The configuration is read after that. If the cache says that there is no such
    site, the database is asked, because the site may be new.
    """
    if key not in _has_hits and not _note_hits(key):
        return None
    return load_cached_site(key) or load_site(key)


def _note_hits(key: str) -> bool:
    """Note in the database that a site has hits, and remove the site from the cache. Returns whether the site exists.

    Unknown keys are not remembered. Anybody can send any key, and a new site may get this key later.
    """
    sites = Site.objects.filter(key=key)
    if not sites.filter(first_hit_at__isnull=True).update(first_hit_at=timezone.now()) and not sites.exists():
        return False
    with _lock:
        _cache.pop(key, None)
    _has_hits.add(key)
    return True


def forget_cached_sites() -> None:
    """Clear this process's cache of sites."""
    with _lock:
        _cache.clear()
    _has_hits.clear()
