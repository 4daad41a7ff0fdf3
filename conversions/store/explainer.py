"""The explainer over the store and the archive that the settings name."""

from collections.abc import Mapping
from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

from conversions.claimants import read_claimants
from conversions.explain import Explainer
from conversions.find import read_names
from conversions.fitted import Learnt
from conversions.naming import Names
from conversions.site import SiteConfig
from conversions.store.adapters import open_store
from conversions.store.fits import read_learnt
from tracker.hit import BadBatch


def open_explainer(site: SiteConfig) -> Explainer:
    """Explains cases of a site; it reads a bucket's names and a month's fits once."""

    @cache
    def names(bucket: int) -> Names:
        return read_names(open_store(), site, bucket)

    @cache
    def learnt(month: str) -> Mapping[str, Learnt]:
        return read_learnt(open_store(), site, month)

    return Explainer(site, names, archive_key, learnt, lambda case: read_claimants(open_store(), site.key, case))


def archive_key(batch: str) -> str | None:
    """The archive's key of a batch id; None of what is no batch id."""
    try:
        key: str = import_string(settings.ARCHIVE_KEY)(batch)
    except BadBatch:
        return None
    return key
