"""Wanted: for each measured figure, its limit, and what it was before hours were divided into parts and days had
cells."""

import msgspec


class Row(msgspec.Struct, frozen=True):
    """A row of the table: what is measured, its unit (`ms`, `s`, `us` or `/s`), its limit, and what it was on SQLite
    and on Cassandra."""

    title: str
    unit: str
    wanted: str = ""
    sqlite: str = ""
    cassandra: str = ""


ROWS = {
    "ads-10": Row("report of 90 days by ad, 10 ads, p95", "ms", "50", "423", "482"),
    "ads-200": Row("report of 90 days by ad, 200 ads, p95", "ms", "100", "3,273", "1,525"),
    "ads-1000": Row("report of 90 days by ad, 1,000 ads, p95", "ms", "250", "3,697", "4,512"),
    "day-ad": Row("report of 90 days by day and ad, 200 ads, p95", "ms", "250", "3,927", "6,448"),
    "batch": Row("a batch of 24 sales with 200,000 facts", "ms", "6", "97"),
    "hour": Row("an hour of 200,000 conversions rolled up by one worker", "s", "60", "109"),
    "hour-2": Row("- by two workers", "s"),
    "late": Row("one late click in that hour", "s", "2", "", "98"),
    "person": Row("one person's 2,000 clicks and 500 sales in an hour", "s", "2", "25"),
    "small": Row("a small bucket rolled up", "ms", "4", "10.8", "15.8 + 15.6"),
    "steady": Row("rollups at a steady 1,000 hits/s, per hit", "us", "60", "300"),
    "sent": Row("90 days of 63 facts an hour: sent", "s", "30", "30"),
    "quiet": Row("- then rolled up", "s", "40", "835"),
    "quiet-late": Row("- then 400 late clicks", "s", "7", "675"),
    "sites-5000": Row("a tick with 5,000 sites that had five hits each", "s", "50"),
    "sites-1000": Row("a tick with 1,000 sites that had a hit each", "s", "50"),
    "replay-small": Row("replay from objects of 24 hits", "/s", "", "899"),
    "replay-merged": Row("replay from merged objects", "/s", "10,000"),
    "replay-small-s3": Row("replay from objects of 24 hits, S3", "/s", "", "747"),
    "replay-merged-s3": Row("replay from merged objects, S3", "/s", "10,000"),
    "merge": Row("merging, per hit", "us"),
    "merge-s3": Row("merging, per hit, S3", "us"),
}
