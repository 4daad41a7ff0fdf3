"""Admin: the admin pages of accounts, sites, tokens and counts of refused hits."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.db import transaction
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from tracker.collection.currencies import CURRENCIES
from tracker.collection.postback import MAX_SECRET
from tracker.models import MIN_POSTBACK_SECRET, SIGNAL_NAMES, SWITCHES, TERMS, Account, RefusedCount, Site, Token

#: The choices of the form fields for a currency and for a timezone.
CURRENCY_CHOICES = [(code, code) for code in sorted(CURRENCIES)]
TIMEZONE_CHOICES = [(name, name) for name in sorted(available_timezones())]


class LinesField(forms.CharField):
    """A form field for a list of texts, such as host names, which are entered one on each line."""

    widget = forms.Textarea(attrs={"rows": 4, "cols": 60})

    def prepare_value(self, value: Any) -> Any:
        """Convert the stored list to the text of the form field, with one line for each entry."""
        return "\n".join(map(str, value)) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        """Convert the text of the form field to a list, with one entry for each line, in lower case."""
        return (super().to_python(value) or "").lower().split()

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether a person changed the list. White space doesn't count."""
        return bool((initial or []) != self.to_python(data))


class AccountForm(forms.ModelForm[Account]):
    """The form of an account. Its networks are entered one on each line."""

    own_networks = LinesField(
        required=False,
        help_text="IP addresses and networks of the customer's own people, one a line, such as 203.0.113.0/24. Hits"
        " from them are rejected.",
    )

    class Meta:
        model = Account
        fields = ("name", "users", "hits_per_second", "own_networks")


class SiteForm(forms.ModelForm[Site]):
    """The form of a site. Currency and timezone are chosen from a list."""

    domains = LinesField(
        required=False,
        help_text="Host names, one on each line, such as shop.example. The parameter `to` of /click may lead"
        " only to these.",
    )
    denied_signals = LinesField(
        required=False,
        help_text=f"The signals of consent that are denied if a hit doesn't name them, one a line: {SIGNAL_NAMES}.",
    )
    postback_secret = forms.CharField(
        required=False,
        min_length=MIN_POSTBACK_SECRET,
        max_length=MAX_SECRET,
        widget=forms.PasswordInput,
        help_text="The secret of affiliate networks' postbacks. It is stored as a hash and never shown. If this is left"
        " empty, the present secret stays.",
    )
    postback_networks = LinesField(
        required=False,
        help_text="IP addresses and networks of affiliate networks, one on each line. Postbacks from them"
        " need no secret.",
    )
    timezone = forms.ChoiceField(
        choices=TIMEZONE_CHOICES,
        initial="UTC",
        help_text="The days and hours of reports are in this timezone. It can't be changed once the site has hits.",
    )
    currency = forms.ChoiceField(
        choices=CURRENCY_CHOICES,
        initial="USD",
        help_text="The currency of reports, and of hits that name no currency. It can't be changed once the"
        " site has hits.",
    )

    class Meta:
        model = Site
        fields = (
            *("account", "name", "domains", "timezone", "currency", "hits_per_second"),
            *(*SWITCHES, "denied_signals", "postback_networks", "postback_statuses", "channels", *TERMS),
        )

    def clean_channels(self) -> list[Any]:
        """Return the channels that were entered; [] if the field is empty."""
        return self.cleaned_data["channels"] or []

    def clean_postback_statuses(self) -> dict[str, Any]:
        """Return the words of affiliate networks and their statuses, as entered; {} if the field is empty."""
        return self.cleaned_data["postback_statuses"] or {}

    def save(self, commit: bool = True) -> Site:
        """Save the site. If a postback secret was entered, store its hash."""
        if secret := self.cleaned_data.get("postback_secret"):
            self.instance.set_postback_secret(secret)
        site: Site = super().save(commit)
        return site


class SiteInline(admin.TabularInline[Site, Account]):
    """The list of an account's sites, on the page of the account."""

    model = Site
    form = SiteForm
    fields = ("name", "key", "timezone", "currency", "first_hit_at")
    readonly_fields = fields
    show_change_link = True
    extra = 0
    can_delete = False

    def has_add_permission(self, *_: Any) -> bool:
        """Return False: a site is added on its own page, not here."""
        return False


@admin.register(Account)
class AccountAdmin(admin.ModelAdmin[Account]):
    """The admin pages of accounts, with the users who may sign in for them."""

    list_display = ("name", "sites", "people", "created_at")
    search_fields = ("name", "sites__name", "sites__key", "users__username", "users__email")
    form = AccountForm
    fields = ("name", "users", "hits_per_second", "own_networks", "created_at")
    readonly_fields = ("created_at",)
    autocomplete_fields = ("users",)
    inlines = (SiteInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Account]:
        """Return the accounts, each with the number of its sites and of its users."""
        counts = {"site_count": Count("sites", distinct=True), "user_count": Count("users", distinct=True)}
        counted: QuerySet[Account] = super().get_queryset(request).annotate(**counts)
        return counted

    @admin.display(ordering="site_count")
    def sites(self, account: Account) -> int:
        """Return how many sites the account has, for a column of the list."""
        count: int = account.site_count  # type: ignore[attr-defined]
        return count

    @admin.display(ordering="user_count")
    def people(self, account: Account) -> int:
        """Return how many people may sign in for the account, for a column of the list."""
        count: int = account.user_count  # type: ignore[attr-defined]
        return count


@admin.register(Site)
class SiteAdmin(admin.ModelAdmin[Site]):
    """The admin pages of sites. The page of a site also shows its snippet."""

    form = SiteForm
    list_display = ("name", "account", "key", "timezone", "currency", "first_hit_at")
    list_select_related = ("account",)
    list_filter = (("first_hit_at", admin.EmptyFieldListFilter), "currency", "timezone")
    search_fields = ("name", "key", "account__name", "domains")
    autocomplete_fields = ("account",)
    readonly_fields = ("key", "snippet", "first_hit_at", "created_at")
    fields = (
        *("account", "name", "key", "snippet", "domains", "timezone", "currency", "hits_per_second"),
        *SWITCHES,
        *("denied_signals", "postback_secret", "postback_networks", "postback_statuses", "channels"),
        *TERMS,
        *("first_hit_at", "created_at"),
    )

    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Site | None:
        """Return the site; None if it is missing. Its attribute `origin` is set to the tracker's address as the browser
        sees it, because the site's snippet contains this address."""
        site: Site | None = super().get_object(request, *args, **kwargs)
        if site:
            site.origin = request.build_absolute_uri("/").rstrip("/")  # type: ignore[attr-defined]
        return site

    def get_readonly_fields(self, _request: HttpRequest, site: Site | None = None) -> tuple[str, ...]:
        """Return the fields that can't be changed. Timezone and currency are among them if the site has hits."""
        fixed = ("timezone", "currency") if site and site.first_hit_at else ()
        return (*self.readonly_fields, *fixed)

    @admin.display(description="snippet")
    def snippet(self, site: Site) -> str:
        """Return the script tag to paste into every page of the site."""
        return site.snippet(getattr(site, "origin", "")) if site.pk else "Save the site first."

    def delete_queryset(self, _request: HttpRequest, queryset: QuerySet[Site]) -> None:
        """Delete the selected sites. If one of them has hits, delete none."""
        with transaction.atomic():
            for site in queryset:
                site.delete()


class TokenForm(forms.ModelForm[Token]):
    """The form of a new token: its account, and its kind (report or ingest)."""

    class Meta:
        model = Token
        fields = ("account", "kind")


@admin.register(Token)
class TokenAdmin(admin.ModelAdmin[Token]):
    """The admin pages of tokens. A new token's secret is shown once. Tokens can be revoked, but not changed."""

    form = TokenForm
    list_display = ("hint", "account", "kind", "created_at", "revoked_at")
    list_display_links = ("hint",)
    list_select_related = ("account",)
    list_filter = ("kind", ("revoked_at", admin.EmptyFieldListFilter))
    search_fields = ("hint", "account__name")
    autocomplete_fields = ("account",)
    actions = ("revoke",)

    def get_fields(self, _request: HttpRequest, token: Token | None = None) -> tuple[str, ...]:
        """Return the fields to show: account and kind for a new token, all fields for an existing one."""
        return ("hint", "account", "kind", "created_at", "revoked_at") if token else ("account", "kind")

    def save_model(self, request: HttpRequest, token: Token, *_: Any) -> None:
        """Make a new token, and show its secret in a message. The secret can't be shown again."""
        made, secret = Token.issue(token.account, token.kind)
        token.pk, token.hint = made.pk, made.hint
        messages.warning(request, f"Copy the token now, it is not shown again: {secret}")

    @admin.action(description="Revoke the selected tokens", permissions=["revoke"])
    def revoke(self, request: HttpRequest, tokens: QuerySet[Token]) -> None:
        """Revoke the selected tokens, and log which user did it."""
        now = timezone.now()
        chosen = list(tokens.filter(revoked_at__isnull=True))
        for token in chosen:
            token.revoke(now)
        if chosen:
            LogEntry.objects.log_actions(int(request.user.pk or 0), chosen, CHANGE, "Revoked.")
        messages.success(request, f"{len(chosen)} tokens revoked.")

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Whether the user may revoke tokens."""
        return request.user.has_perm("tracker.revoke_token")

    def has_change_permission(self, _request: HttpRequest, _token: Token | None = None) -> bool:
        """Return False: tokens are never changed."""
        return False

    def has_delete_permission(self, request: HttpRequest, _token: Token | None = None) -> bool:
        """Return True only while an account is deleted, because its tokens are deleted with it. Otherwise tokens can
        only be revoked, and stay in the list."""
        match = request.resolver_match
        return bool(match and match.url_name and match.url_name.startswith("tracker_account"))


@admin.register(RefusedCount)
class RefusedCountAdmin(admin.ModelAdmin[RefusedCount]):
    """The admin pages of counts of refused hits, for reading only."""

    list_display = ("day", "site", "code", "hits", "sales", "why")
    list_filter = ("day", "code")
    search_fields = ("site", "code")
    fields = readonly_fields = ("day", "site", "code", "hits", "sales", "sample")

    @admin.display(description="why")
    def why(self, count: RefusedCount) -> str:
        """Return the sentence with which the latest hit of this count was refused."""
        return str(count.sample.get("detail", ""))

    def has_add_permission(self, _request: HttpRequest) -> bool:
        """Return False: only the tracker adds counts."""
        return False

    def has_change_permission(self, _request: HttpRequest, _count: RefusedCount | None = None) -> bool:
        """Return False: counts are not changed by hand."""
        return False

    def has_delete_permission(self, _request: HttpRequest, _count: RefusedCount | None = None) -> bool:
        """Return False: the tracker deletes old counts by itself."""
        return False
