"""Fit: computes and stores what the data-driven models learn about a goal from one month. The touches of later paths
get their weights from the fit. Pure."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from hashlib import blake2b

import msgspec

from conversions.attribution.markov import CONVERSION, NULL, START, Chain, fit_chain
from conversions.attribution.path_counts import Coverage, Inputs, label_of, touch_weights
from conversions.attribution.shapley import Rated, SetCounts, count_sets, count_too_large, rates, shapley_weights
from conversions.facts.ad_names import OTHER, AdName, AdNames
from conversions.facts.records import Touch
from conversions.rules.reasons import WeighReason

#: The model name of the cells in which fits are stored. The page of the cell is the first day of the month.
FIT = "fit"
#: The version of the computation. It is a part of each fingerprint. Raise it when the computation changes.
METHOD = 2

#: What Shapley's model weighed on a path -> why it didn't weigh the ads. None if it weighed the ads.
REASONS: Mapping[str, WeighReason | None] = {"ads": None, "campaigns": "by_campaign", "none": "too_many_ads"}


class SetCount(msgspec.Struct, frozen=True, array_like=True):
    """How many paths had exactly this set of ads (or campaigns), in any order, and how many of these paths converted.
    `players`: the ads or campaigns, as indexes into `Fitted.ads` or `Fitted.campaigns`."""

    players: tuple[int, ...]
    converted: int
    total: int


class Fitted(msgspec.Struct, frozen=True, kw_only=True):
    """A stored fit: what the data-driven models learnt about a goal from one month.

    `transitions`: (from state, to state, count). State 0 is the start; then come the ads, then conversion, then null.
    `removal`: the removal effect of each ad, in billionths. `sets`, `campaign_sets`: the counts by set of ads and by
    set of campaigns, with indexes into `ads` and `campaigns`. `made_at`: ms. `fingerprint`: a digest of everything that
    decides the weights.
    """

    fingerprint: str
    made_at: int
    paths: int
    converted: int
    unconverted: int
    ads: list[AdName]
    campaigns: list[str]
    transitions: list[tuple[int, int, int]]
    removal: list[int]
    sets: list[SetCount]
    campaign_sets: list[SetCount]
    coverage: Coverage


def fit(inputs: Inputs, made_at: int) -> Fitted:
    """Compute what the data-driven models learn about a goal from the paths of one month.

    The time grows with the cube of the number of ads: 100 ads take a second.
    """
    chain = fit_chain(inputs.paths)
    campaigns = campaign_labels(inputs.ads)
    labels = list(inputs.ads)
    names = sorted(set(campaigns.values()) | (inputs.ads.keys() - campaigns.keys()))
    return Fitted(
        fingerprint=fingerprint_of(inputs, campaigns),
        made_at=made_at,
        paths=len(inputs.paths),
        converted=chain.converted,
        unconverted=chain.unconverted,
        ads=list(inputs.ads.values()),
        campaigns=names,
        transitions=_transition_rows(chain, labels),
        removal=[chain.removal[label] for label in labels],
        sets=_set_rows(count_sets(inputs.paths, {}), labels),
        campaign_sets=_set_rows(count_sets(inputs.paths, campaigns), names),
        coverage=_full_coverage(inputs, campaigns),
    )


def _full_coverage(inputs: Inputs, campaigns: Mapping[str, str]) -> Coverage:
    """Add to the inputs' coverage how many paths have too many ads, or too many campaigns, to be counted in a set."""
    many_ads, many_campaigns = (count_too_large(inputs.paths, players) for players in ({}, campaigns))
    return msgspec.structs.replace(
        inputs.coverage,
        many_ads_converted=many_ads[0],
        many_ads_unconverted=many_ads[1],
        many_campaigns_converted=many_campaigns[0],
        many_campaigns_unconverted=many_campaigns[1],
    )


def campaign_labels(ads: Mapping[str, AdName]) -> dict[str, str]:
    """Map the label of each ad that has a campaign to the campaign's label: a line break and the campaign's name.

    No ad's label begins with a line break. Therefore ads and campaigns can't be confused.
    """
    return {label: f"\n{name.campaign}" for label, name in ads.items() if name.campaign}


def fingerprint_of(inputs: Inputs, campaigns: Mapping[str, str]) -> str:
    """Return a digest (32 hex digits) of everything that decides the weights of one goal: METHOD, the counted paths,
    and the campaigns of the ads."""
    body = msgspec.json.encode([METHOD, inputs.paths, sorted(campaigns.items())])
    return blake2b(body, digest_size=16).hexdigest()


def fingerprint(fits: Mapping[str, Fitted]) -> str:
    """Return a digest (32 hex digits) of what was learnt about all goals from one month. `fits`: goal uid -> fit. If
    there are no fits, this is the digest of an empty list."""
    body = msgspec.json.encode(sorted((uid, one.fingerprint) for uid, one in fits.items()))
    return blake2b(body, digest_size=16).hexdigest()


def _transition_rows(chain: Chain, labels: Sequence[str]) -> list[tuple[int, int, int]]:
    numbers = {state: n for n, state in enumerate((START, *labels, CONVERSION, NULL))}
    return sorted((numbers[origin], numbers[target], count) for (origin, target), count in chain.transitions.items())


def _set_rows(counts: SetCounts, players: Sequence[str]) -> list[SetCount]:
    places = {player: n for n, player in enumerate(players)}
    return sorted(
        (SetCount(tuple(sorted(places[player] for player in found)), *count) for found, count in counts.items()),
        key=lambda one: one.players,
    )


def _sets(found: Sequence[SetCount], players: Sequence[str]) -> SetCounts:
    return {frozenset(players[n] for n in one.players): (one.converted, one.total) for one in found}


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Fitted)


def encode_fit(fitted: Fitted) -> bytes:
    """Serialize a fit for storage."""
    return _encoder.encode(fitted)


def decode_fit(body: bytes) -> Fitted | None:
    """Deserialize a stored fit. None if another version of this program stored it in another form."""
    try:
        return _decoder.decode(body)
    except msgspec.MsgspecError:
        return None


class Learnt:
    """Weighs the touches of paths by what the data-driven models learnt about one goal in one month.

    `month`: the month from which the models learnt. `body`: the stored fit, which is decoded when it is first needed.
    `names`: names the ads by the present configuration.
    """

    def __init__(self, month: str, body: bytes, names: AdNames) -> None:
        self.month = month
        self._body = body
        self._names = names
        self._known: dict[tuple[str, ...], tuple[list[int], WeighReason | None]] = {}

    @cached_property
    def fitted(self) -> Fitted | None:
        """The decoded fit. None if it can't be decoded."""
        return decode_fit(self._body)

    @cached_property
    def is_usable(self) -> bool:
        """Whether the fit can be used: it can be decoded, and at least one conversion of the month had a touch."""
        return self.fitted is not None and self.fitted.converted > 0

    def weigh(self, model: str, touches: Sequence[Touch]) -> tuple[list[int], WeighReason | None]:
        """Weigh the touches of a path with `markov` or `shapley`. Returns (the weight of each touch, None). If the ads
        could not be weighed one by one, returns the reason in place of None."""
        named = [self._names.name(touch) for touch in touches]
        labels = [self._label(name) for name in named]
        if model == "markov":
            return touch_weights(labels, self._removal), None
        key = tuple(labels)
        if key not in self._known:
            new = {label: name for label, name in zip(labels, named, strict=True) if label not in self._removal}
            campaigns = self._campaigns | campaign_labels(new)
            weights, players = shapley_weights(labels, self._rated, campaigns)
            self._known[key] = weights, REASONS[players]
        return self._known[key]

    def _label(self, name: AdName) -> str:
        """Return the label by which an ad is weighed. An ad that the fit doesn't have gets the label of `(other)`, if
        the fit has `(other)`. Every other ad has its own label."""
        label = label_of(name)
        return OTHER_LABEL if label not in self._removal and OTHER_LABEL in self._removal else label

    @property
    def _stored(self) -> Fitted:
        assert self.fitted is not None
        return self.fitted

    @cached_property
    def _labels(self) -> list[str]:
        return [label_of(name) for name in self._stored.ads]

    @cached_property
    def _removal(self) -> dict[str, int]:
        return dict(zip(self._labels, self._stored.removal, strict=True))

    @cached_property
    def _campaigns(self) -> dict[str, str]:
        return campaign_labels(dict(zip(self._labels, self._stored.ads, strict=True)))

    @cached_property
    def _rated(self) -> Rated:
        fitted = self._stored
        return Rated(rates(_sets(fitted.sets, self._labels)), rates(_sets(fitted.campaign_sets, fitted.campaigns)))


OTHER_LABEL = label_of(OTHER)
