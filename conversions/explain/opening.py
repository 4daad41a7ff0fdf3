"""Opening: makes the explainer of a site, which reads from the store and the archive in the settings. This module also
finds a conversion by its id."""

from collections.abc import Callable, Mapping
from functools import cache

from conversions.attribution.fit import Learnt
from conversions.explain.claimants import read_claimants
from conversions.explain.explain import Explainer
from conversions.explain.find import find_conversion, read_ad_names
from conversions.explain.rejected_before import read_rejected_before
from conversions.facts.records import read_conversion_id
from conversions.rules.parts import Part, Place
from conversions.rules.site import SiteConfig
from conversions.store.reading import open_to_read
from conversions.verdicts.cases import Case
from conversions.verdicts.fits import read_learnt
from conversions.verdicts.naming import Names
from tracker.archive import Finder, open_archive
from tracker.collection.refusal import Refusal


def open_explainer(site: SiteConfig) -> Explainer:
    """Return the explainer of a site. The explainer reads the ad names of a part of an hour, and the fits of a month,
    only once for all conversions that it explains."""

    @cache
    def part_names(bucket: int, part: Part) -> Names:
        return read_ad_names(open_to_read(), site, (bucket, part.slots[0]))

    def names(place: Place) -> Names:
        return part_names(place[0], site.parts.part_of(place))

    @cache
    def learnt(month: str) -> Mapping[str, Learnt]:
        return read_learnt(open_to_read(), site, month)

    archive_key = open_finder()
    return Explainer(
        site=site,
        read_names=names,
        archive_key=archive_key,
        read_learnt=learnt,
        read_claimants=lambda case: read_claimants(open_to_read(), site.key, case),
        read_rejected_before=lambda case, claimants: read_rejected_before(
            open_to_read(), site.key, case, claimants, archive_key
        ),
    )


def find_readable(id: str, load_readable: Callable[[str], SiteConfig]) -> tuple[SiteConfig, Case]:
    """Find the site and the conversion of an id. Raises Refusal.

    `load_readable`: a function from a site key to the site's configuration. It raises Refusal if the client may not
    read the site.
    """
    try:
        key, goal, claim = read_conversion_id(id)
        site = load_readable(key)
    except (ValueError, Refusal) as error:
        raise no_conversion() from error
    case = find_conversion(open_to_read(), site, goal, claim)
    if case is None:
        raise no_conversion()
    return site, case


def no_conversion() -> Refusal:
    """Make the refusal of an unknown id. The id of another account's conversion gets the same refusal."""
    return Refusal(404, "unknown_conversion", "No conversion that you may read has this id.")


def open_finder() -> Callable[[str], str | None]:
    """Return a function from a batch id to the key of the archive's object with this batch. The function returns None
    if it finds no object.

    Make a new function for each answer: the function remembers what it read, and stops searching after one second in
    all.
    """
    return Finder(open_archive()).find
