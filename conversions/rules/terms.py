"""Terms: the parameters of the attribution models that a site may choose. Pure."""

import msgspec

from conversions.units.clock import DAY_MS


class Terms(msgspec.Struct, frozen=True):
    """The parameters of a site's attribution models.

    `half_life`: ms. In the time decay model, a touch that is this much older has half the weight. `position_first`,
    `position_last`: the percentages of the first and the last touch in the position model. The touches between share
    the rest.
    """

    half_life: int = 7 * DAY_MS
    position_first: int = 40
    position_last: int = 40
