"""Formats: the types of amounts, times, days and URLs in the API's answers, each with its JSON schema. Pure."""

from typing import Annotated

from msgspec import Meta

#: A number of conversions, or an amount of money.
Amount = Annotated[str, Meta(pattern=r"^-?[0-9]+\.[0-9]{6}$", description="A decimal with exactly six places.")]
#: An instant: ISO 8601 in UTC with `Z`.
Instant = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
#: A day of the site's calendar.
Day = Annotated[str, Meta(extra_json_schema={"format": "date"})]
#: A month of the site's calendar, such as 2026-10.
Month = Annotated[str, Meta(pattern="^[0-9]{4}-[0-9]{2}$")]
#: An address on this server.
Url = Annotated[str, Meta(extra_json_schema={"format": "uri"})]
