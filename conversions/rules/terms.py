"""Terms: the parameters of the models that a site may choose. Pure."""

import msgspec

from conversions.units.clock import DAY_MS


class Terms(msgspec.Struct, frozen=True):
    """The parameters of a site's models. `half_life`: the ms in which a touch loses half of its weight in time decay.

    `position_first` and `position_last`: the percents that the first and the last touch get by position. The touches
    between share the rest.
    """

    half_life: int = 7 * DAY_MS
    position_first: int = 40
    position_last: int = 40
