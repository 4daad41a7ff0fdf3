"""Rates: the tables of exchange rates and of their loads."""

from django.db import models


class RateRow(models.Model):
    """An exchange rate: on this day, one unit of `base` costs `rate` units of `quote`."""

    id = models.BigAutoField(primary_key=True)
    day = models.DateField()
    base = models.CharField(max_length=3)
    quote = models.CharField(max_length=3)
    # The rate is text, because SQLite stores long decimals as floats.
    rate = models.CharField(max_length=22)

    class Meta:
        app_label = "conversions"
        verbose_name = "rate"
        constraints = [models.UniqueConstraint(fields=["day", "base", "quote"], name="rate_key")]
        indexes = [models.Index(fields=["quote", "base", "day"], name="rate_pair")]

    def __str__(self) -> str:
        return f"{self.day} 1 {self.base} = {self.rate} {self.quote}"


class RateLoad(models.Model):
    """A load of a rate file that changed rates. The greatest token is the version of the rate table."""

    token = models.BigIntegerField(primary_key=True)
    file = models.CharField(max_length=300, blank=True)
    rates = models.PositiveIntegerField(help_text="The number of rates that were added or changed.")
    loaded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        app_label = "conversions"

    def __str__(self) -> str:
        return f"{self.rates} rates of {self.file}"
