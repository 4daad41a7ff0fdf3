"""Fit: the counted paths of a goal's month -> the fit, its stored body, and the weights of a path by it. Pure."""

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

#: The model name of the cells that hold fits. The page of such a cell is the first day of the month.
FIT = "fit"
#: The version of the computation of a fit, a part of each fingerprint. Raise it when the computation changes.
METHOD = 2

#: The players that were weighed on a path -> why these were weighed and not the path's ads; None if they are the ads.
REASONS: Mapping[str, WeighReason | None] = {"ads": None, "campaigns": "by_campaign", "none": "too_many_ads"}


class SetCount(msgspec.Struct, frozen=True, array_like=True):
    """How many paths had exactly these players (indexes into a list), and how many of these paths converted."""

    players: tuple[int, ...]
    converted: int
    total: int


class Fitted(msgspec.Struct, frozen=True, kw_only=True):
    """A fit as it is stored. `transitions`, `sets` and `campaign_sets` hold indexes of the names in `ads` and
    `campaigns`.

    `transitions`: from which state, to which state, how often. State 0 is START; then come the ads, then CONVERSION and
    NULL. `removal`: the removal effect of each ad, in billionths. `made_at`: ms. `fingerprint`: a digest of everything
    that weights depend on.
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
    """Compute the fit of a goal's month. The time grows with the cube of the number of ads: 100 ads take a second."""
    chain = fit_chain(inputs.paths)
    campaigns = campaigns_of(inputs.ads)
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
        transitions=_numbered(chain, labels),
        removal=[chain.removal[label] for label in labels],
        sets=_placed(count_sets(inputs.paths, {}), labels),
        campaign_sets=_placed(count_sets(inputs.paths, campaigns), names),
        coverage=_covered(inputs, campaigns),
    )


def _covered(inputs: Inputs, campaigns: Mapping[str, str]) -> Coverage:
    """Add to the coverage how many paths are in no set of ads, and how many in no set of campaigns, because they have
    too many."""
    many_ads, many_campaigns = (count_too_large(inputs.paths, players) for players in ({}, campaigns))
    return msgspec.structs.replace(
        inputs.coverage,
        many_ads_converted=many_ads[0],
        many_ads_unconverted=many_ads[1],
        many_campaigns_converted=many_campaigns[0],
        many_campaigns_unconverted=many_campaigns[1],
    )


def campaigns_of(ads: Mapping[str, AdName]) -> dict[str, str]:
    """Label of an ad -> its campaign, for the ads that have a campaign. A line break is put before each campaign. No
    label begins with a line break, and therefore no campaign is taken for an ad."""
    return {label: f"\n{name.campaign}" for label, name in ads.items() if name.campaign}


def fingerprint_of(inputs: Inputs, campaigns: Mapping[str, str]) -> str:
    """A digest (32 hex digits) of everything that the weights of one goal depend on."""
    body = msgspec.json.encode([METHOD, inputs.paths, sorted(campaigns.items())])
    return blake2b(body, digest_size=16).hexdigest()


def fingerprint(fits: Mapping[str, Fitted]) -> str:
    """A digest (32 hex digits) of everything that the weights of a month depend on. Without fits it is the digest of an
    empty list."""
    body = msgspec.json.encode(sorted((uid, one.fingerprint) for uid, one in fits.items()))
    return blake2b(body, digest_size=16).hexdigest()


def _numbered(chain: Chain, labels: Sequence[str]) -> list[tuple[int, int, int]]:
    numbers = {state: n for n, state in enumerate((START, *labels, CONVERSION, NULL))}
    return sorted((numbers[origin], numbers[target], count) for (origin, target), count in chain.transitions.items())


def _placed(counts: SetCounts, players: Sequence[str]) -> list[SetCount]:
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
    """Serialize a fit as a cell's body."""
    return _encoder.encode(fitted)


def decode_fit(body: bytes) -> Fitted | None:
    """Read the fit from a cell's body. None if it can't be read, because another version of this program wrote the
    body."""
    try:
        return _decoder.decode(body)
    except msgspec.MsgspecError:
        return None


class Learnt:
    """Weighs paths by a goal's fit. The cell's body is decoded when the fit is first needed."""

    def __init__(self, month: str, body: bytes, names: AdNames) -> None:
        self.month = month
        self._body = body
        self._names = names
        self._known: dict[tuple[str, ...], tuple[list[int], WeighReason | None]] = {}

    @cached_property
    def fitted(self) -> Fitted | None:
        """The stored fit; None if it can't be read."""
        return decode_fit(self._body)

    @cached_property
    def is_usable(self) -> bool:
        """Whether paths can be weighed by the fit: it can be read, and the month has a path with a conversion."""
        return self.fitted is not None and self.fitted.converted > 0

    def weigh(self, model: str, touches: Sequence[Touch]) -> tuple[list[int], WeighReason | None]:
        """Return the weights of a path's touches under a data-driven model; and a reason if the path could not be
        weighed by its ads."""
        named = [self._names.name(touch) for touch in touches]
        labels = [self._label(name) for name in named]
        if model == "markov":
            return touch_weights(labels, self._removal), None
        key = tuple(labels)
        if key not in self._known:
            new = {label: name for label, name in zip(labels, named, strict=True) if label not in self._removal}
            campaigns = self._campaigns | campaigns_of(new)
            weights, players = shapley_weights(labels, self._rated, campaigns)
            self._known[key] = weights, REASONS[players]
        return self._known[key]

    def _label(self, name: AdName) -> str:
        """The label by which the fit knows an ad. If the fit doesn't know the ad, but has the ad `(other)`, it is the
        label of `(other)`."""
        label = label_of(name)
        return OTHER_LABEL if label not in self._removal and OTHER_LABEL in self._removal else label

    @property
    def _kept(self) -> Fitted:
        assert self.fitted is not None
        return self.fitted

    @cached_property
    def _labels(self) -> list[str]:
        return [label_of(name) for name in self._kept.ads]

    @cached_property
    def _removal(self) -> dict[str, int]:
        return dict(zip(self._labels, self._kept.removal, strict=True))

    @cached_property
    def _campaigns(self) -> dict[str, str]:
        return campaigns_of(dict(zip(self._labels, self._kept.ads, strict=True)))

    @cached_property
    def _rated(self) -> Rated:
        fitted = self._kept
        return Rated(rates(_sets(fitted.sets, self._labels)), rates(_sets(fitted.campaign_sets, fitted.campaigns)))


OTHER_LABEL = label_of(OTHER)
