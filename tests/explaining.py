"""Explaining: the explanation of a conversion as JSON, read from the test's store."""

from typing import Any

import msgspec

from conversions.explain.claimants import read_claimants
from conversions.explain.explain import Explainer
from conversions.explain.find import read_ad_names
from conversions.explain.listing import read_position
from conversions.explain.rejected_before import read_rejected_before
from conversions.rules.site import SiteConfig
from conversions.store.port import Store
from conversions.verdicts.cases import Case
from conversions.verdicts.fits import read_learnt


def key_of(batch: str) -> str:
    """Return a made-up archive key for a batch."""
    return f"key of {batch}"


def explained(store: Store, site: SiteConfig, case: Case) -> Any:
    """Return the explanation of a case as JSON, with the touches, duplicates and adjustments of all its pages."""
    explainer = Explainer(
        site=site,
        read_names=lambda place: read_ad_names(store, site, place),
        archive_key=key_of,
        read_learnt=lambda month: read_learnt(store, site, month),
        read_claimants=lambda case: read_claimants(store, site.key, case),
        read_rejected_before=lambda case, whose: read_rejected_before(store, site.key, case, whose, key_of),
    )
    found = page = msgspec.json.decode(msgspec.json.encode(explainer.explain(case)))
    while page["after"]:
        page = msgspec.json.decode(msgspec.json.encode(explainer.explain(case, read_position(page["after"]))))
        found["touches"] = [*page["touches"], *found["touches"]]
        for name in ("duplicates", "adjustments"):
            found[name] += page[name]
    return found
