"""Fitted: what the data-driven models learnt of a goal's month -> its stored body; the weights of a path. Pure."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from hashlib import blake2b
from typing import Literal

import msgspec

from conversions.attribution.markov import CONVERSION, NULL, START, Chain, fit_chain
from conversions.attribution.path_counts import Coverage, Inputs, label_of, touch_weights
from conversions.attribution.shapley import Rated, SetCounts, count_sets, count_too_large, rates, shapley_weights
from conversions.facts.ad_names import OTHER, AdName, AdNames
from conversions.facts.records import Touch

#: The model name under which fits are kept among the cells; their day is the month's first.
FIT = "fit"
#: Part of each fingerprint: raise it when weights are learnt in another way.
METHOD = 2

#: Why a path was weighed in another way than its model says: nothing was learnt of its goal in that month; it has too
#: many ads, so campaigns are what is weighed; even those are too many, so every ad weighs the same.
WeighReason = Literal["no_fit", "by_campaign", "too_many_ads"]
REASONS: Mapping[str, WeighReason | None] = {"ads": None, "campaigns": "by_campaign", "none": "too_many_ads"}


class SetCount(msgspec.Struct, frozen=True, array_like=True):
    """How many paths had just these players (their places in a list), and how many of them converted."""

    players: tuple[int, ...]
    converted: int
    total: int


class Fitted(msgspec.Struct, frozen=True, kw_only=True):
    """A fit as it is kept. `ads` and `campaigns` are lists whose places the other fields name.

    `states`: 0 is START, then the ads, then CONVERSION and NULL; `transitions` from state to state, how often.
    `removal`: of each ad, in billionths. `made_at`: ms. `fingerprint`: of all that weights are made of.
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
    """The fit of a goal's month. Time grows with the cube of the number of ads: 100 take a second."""
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
    """With the paths that are in no set of ads, or of campaigns."""
    many_ads, many_campaigns = (count_too_large(inputs.paths, players) for players in ({}, campaigns))
    return msgspec.structs.replace(
        inputs.coverage,
        many_ads_converted=many_ads[0],
        many_ads_unconverted=many_ads[1],
        many_campaigns_converted=many_campaigns[0],
        many_campaigns_unconverted=many_campaigns[1],
    )


def campaigns_of(ads: Mapping[str, AdName]) -> dict[str, str]:
    """Label -> campaign, of the ads that have one. No ad's label begins like a campaign's."""
    return {label: f"\n{name.campaign}" for label, name in ads.items() if name.campaign}


def fingerprint_of(inputs: Inputs, campaigns: Mapping[str, str]) -> str:
    """32 hex digits over all that weights are made of."""
    body = msgspec.json.encode([METHOD, inputs.paths, sorted(campaigns.items())])
    return blake2b(body, digest_size=16).hexdigest()


def fingerprint(fits: Mapping[str, Fitted]) -> str:
    """32 hex digits over all that the fits of a month weigh by; of none, too."""
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
    """The fit as a cell's body."""
    return _encoder.encode(fitted)


def decode_fit(body: bytes) -> Fitted | None:
    """The fit of a cell; None where another version of this program wrote it otherwise: as if it were not there."""
    try:
        return _decoder.decode(body)
    except msgspec.MsgspecError:
        return None


class Learnt:
    """A goal's fit as paths are weighed by it: read from its cell's body when it is first asked."""

    def __init__(self, month: str, body: bytes, names: AdNames) -> None:
        self.month = month
        self._body = body
        self._names = names
        self._known: dict[tuple[str, ...], tuple[list[int], WeighReason | None]] = {}

    @cached_property
    def fitted(self) -> Fitted | None:
        """What is kept."""
        return decode_fit(self._body)

    @cached_property
    def is_usable(self) -> bool:
        """Whether anything was learnt: some path led to a conversion. If not, don't ask for weights."""
        return self.fitted is not None and self.fitted.converted > 0

    def weigh(self, model: str, touches: Sequence[Touch]) -> tuple[list[int], WeighReason | None]:
        """The weights of a path's touches under one of the data-driven models, and the reason if it was another way."""
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
        """An ad that the fit doesn't name is one of its `(other)`, where it has them."""
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
