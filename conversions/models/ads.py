"""Ads: the tables of campaigns, ads and match rules."""

from django.core.exceptions import ValidationError
from django.db import models

from conversions.models.change import FiguresDependOnIt, slug
from tracker.models import Site, channel_name

DESTINATION = (
    "The landing page of the ad's clicks. After the host, {click_id}, {ad}, {campaign},"
    " {site}, {ts} and {rand} are replaced at each click."
)


class Campaign(FiguresDependOnIt):
    """A campaign: a group of ads of a site."""

    FIXED = {"site_id": "Make another campaign on that site."}

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="campaigns")
    key = models.CharField(max_length=100, validators=[slug])
    name = models.CharField(max_length=200, blank=True)
    channel = models.CharField(
        max_length=40,
        blank=True,
        validators=[channel_name],
        help_text="The channel of the campaign's ads in reports.",
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["site", "key"], name="campaign_key")]

    def __str__(self) -> str:
        return self.name or self.key

    def get_site(self) -> Site:
        """Return the campaign's site."""
        return self.site


class Ad(FiguresDependOnIt):
    """An ad that is paid for. A touch belongs to the ad if it names the ad's key. A touch that names no ad belongs to
    the first ad that has a matching rule.

    The rules of ads are tried in the order of the ads' ids.
    """

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="ads")
    key = models.CharField(max_length=100, validators=[slug])
    name = models.CharField(max_length=200, blank=True)
    destination = models.URLField(max_length=2000, blank=True, help_text=DESTINATION)
    channel = models.CharField(
        max_length=40,
        blank=True,
        validators=[channel_name],
        help_text=(
            "The channel of the ad in reports. Empty: the channel of its campaign. If that is empty,"
            " too, the match rules decide."
        ),
    )

    def __str__(self) -> str:
        return self.name or self.key

    def get_site(self) -> Site:
        """Return the site of the ad's campaign."""
        return self.campaign.site

    def clean(self) -> None:
        """Refuse a key that another ad of the site has. Refuse to move the ad to another site."""
        if not self.campaign_id:
            return
        site = self.campaign.site_id
        if Ad.objects.filter(pk=self.pk).exclude(campaign__site=site).exists():
            raise ValidationError({"campaign": "An ad can't move to another site. Make another ad there."})
        if Ad.objects.filter(campaign__site=site, key=self.key).exclude(pk=self.pk).exists():
            raise ValidationError({"key": f"This site has an ad {self.key!r} already."})


class MatchRule(FiguresDependOnIt):
    """Globs over utm tags and the ad network. A touch matches the rule if all globs match."""

    FIXED = {"ad_id": "Make another rule there."}

    ad = models.ForeignKey(Ad, on_delete=models.CASCADE, related_name="rules")
    source = models.CharField("utm_source", max_length=200, blank=True)
    medium = models.CharField("utm_medium", max_length=200, blank=True)
    campaign = models.CharField("utm_campaign", max_length=200, blank=True)
    content = models.CharField("utm_content", max_length=200, blank=True)
    term = models.CharField("utm_term", max_length=200, blank=True)
    network = models.CharField(
        max_length=50, blank=True, help_text="The network of a click id, such as google-ads or meta-ads."
    )

    def __str__(self) -> str:
        names = ("source", "medium", "campaign", "content", "term", "network")
        return " and ".join(f"{name}={value}" for name in names if (value := getattr(self, name))) or "nothing"

    def get_site(self) -> Site:
        """Return the site of the rule's ad."""
        return self.ad.get_site()

    def clean(self) -> None:
        """Refuse a rule without globs. Refuse to move the rule to another ad."""
        super().clean()
        if str(self) == "nothing":
            raise ValidationError("Give at least one pattern; * matches anything.")
