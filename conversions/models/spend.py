"""Spend: the table of what ads cost."""

from django.db import models

from tracker.models import Site


class SpendRow(models.Model):
    """What a source reports for one day and one ad: cost (micros of the currency), clicks and impressions.

    The ad of the row is found when a report is read, in the same way as the ad of a touch.
    """

    id = models.BigAutoField(primary_key=True)
    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+")
    imported_as = models.CharField("source", max_length=100)
    day = models.CharField(max_length=10)
    currency = models.CharField(max_length=3)
    ad = models.CharField(max_length=500, blank=True)
    source = models.CharField("utm_source", max_length=500, blank=True)
    medium = models.CharField("utm_medium", max_length=500, blank=True)
    campaign = models.CharField("utm_campaign", max_length=500, blank=True)
    content = models.CharField("utm_content", max_length=500, blank=True)
    term = models.CharField("utm_term", max_length=500, blank=True)
    network = models.CharField(max_length=500, blank=True)
    cost = models.BigIntegerField()
    clicks = models.BigIntegerField()
    impressions = models.BigIntegerField()

    class Meta:
        app_label = "conversions"
        verbose_name_plural = "spend"
        indexes = [models.Index(fields=["site", "day", "imported_as"], name="spend_day")]

    def __str__(self) -> str:
        return f"{self.day} {self.imported_as}"
