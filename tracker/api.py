"""API: the browsable API in which staff manage accounts, sites and tokens, and read the counts of refused hits.

If a model refuses a change, `tracker.errors` makes the answer 400.
"""

from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from tracker.collection.postback import MAX_SECRET
from tracker.models import (
    MIN_POSTBACK_SECRET,
    SWITCHES,
    TERMS,
    Account,
    RefusedCount,
    Site,
    Token,
    validate_domains,
    validate_networks,
)
from tracker.permissions import StaffPermissions


@extend_schema_field(serializers.ListField(child=serializers.CharField()))
class NetworksField(serializers.JSONField):
    """A JSON list of IP addresses and networks."""

    default_validators = [validate_networks]


class AccountSerializer(serializers.ModelSerializer[Account]):
    """An account (a customer), with the users who may sign in for it."""

    users = serializers.SlugRelatedField(
        slug_field="username", many=True, required=False, queryset=User.objects.all(), help_text="User names."
    )

    own_networks = NetworksField(
        required=False, help_text="IP addresses and networks of the customer's own people, such as 203.0.113.0/24."
    )

    class Meta:
        model = Account
        fields = ("url", "id", "name", "users", "hits_per_second", "own_networks", "created_at")


@extend_schema_field(serializers.ListField(child=serializers.CharField()))
class DomainsField(serializers.JSONField):
    """A JSON list of host names, which are stored in lower case."""

    default_validators = [validate_domains]

    def to_internal_value(self, data: Any) -> Any:
        """Return the list in lower case. Anything but a list of texts is returned unchanged, and the field's validator
        then refuses it."""
        names = super().to_internal_value(data)
        if not isinstance(names, list):
            return names
        return [name.strip().lower() if isinstance(name, str) else name for name in names]


class SiteSerializer(serializers.ModelSerializer[Site]):
    """A web site. Timezone and currency can't be changed once the site has hits."""

    domains = DomainsField(
        required=False, help_text="Host names, such as shop.example. /click redirects only to these."
    )
    postback_secret = serializers.CharField(
        write_only=True,
        required=False,
        allow_blank=True,
        min_length=MIN_POSTBACK_SECRET,
        max_length=MAX_SECRET,
        help_text="The secret of affiliate networks' postbacks. It is stored as a hash. An empty text removes it.",
    )
    has_postback_secret = serializers.SerializerMethodField(help_text="Whether postbacks may be sent with a secret.")
    postback_networks = NetworksField(
        required=False, help_text="IP addresses and networks of affiliate networks. Their postbacks need no secret."
    )
    snippet = serializers.SerializerMethodField(help_text="The script tag for the site's pages.")

    class Meta:
        model = Site
        fields = (
            *("url", "key", "account", "name", "domains", "timezone", "currency", "hits_per_second"),
            *SWITCHES,
            *("denied_signals", "postback_secret", "has_postback_secret", "postback_networks", "postback_statuses"),
            "channels",
            *TERMS,
            *("snippet", "first_hit_at", "created_at"),
        )
        read_only_fields = ("key", "first_hit_at")
        extra_kwargs = {"url": {"lookup_field": "key"}}

    def get_has_postback_secret(self, site: Site) -> bool:
        """Whether the site has a postback secret. The secret itself is never shown."""
        return bool(site.postback_sha256)

    def create(self, validated_data: dict[str, Any]) -> Site:
        """Save a new site. If a postback secret is given, store its hash."""
        secret = validated_data.pop("postback_secret", "")
        site = Site(**validated_data)
        site.set_postback_secret(secret)
        site.save()
        return site

    def update(self, instance: Site, validated_data: dict[str, Any]) -> Site:
        """Save changes of a site. If a postback secret is given, store its hash."""
        if "postback_secret" in validated_data:
            instance.set_postback_secret(validated_data.pop("postback_secret"))
        return super().update(instance, validated_data)

    def get_snippet(self, site: Site) -> str:
        """Return the script tag to paste into the site's pages. The tag has the tracker's address, as this request has
        it."""
        return site.snippet(self.context["request"].build_absolute_uri("/").rstrip("/"))


class TokenSerializer(serializers.ModelSerializer[Token]):
    """A token of a program. Only the answer to the request that made the token contains its secret."""

    secret = serializers.CharField(
        read_only=True,
        required=False,
        help_text="The secret of the token. Only the answer that issues the token has it.",
    )

    class Meta:
        model = Token
        fields = ("url", "id", "account", "kind", "hint", "created_at", "revoked_at", "secret")
        read_only_fields = ("hint", "revoked_at")

    def create(self, validated_data: dict[str, Any]) -> Token:
        """Make a token. Its secret is in the attribute `secret`, and can't be read again later."""
        token, secret = Token.issue(**validated_data)
        token.secret = secret  # type: ignore[attr-defined]
        return token


class AccountViewSet(viewsets.ModelViewSet[Account]):
    """Accounts, which are the customers. An account with sites can't be deleted."""

    queryset = Account.objects.prefetch_related("users").order_by("pk")
    permission_classes = (StaffPermissions,)
    serializer_class = AccountSerializer
    search_fields = ("name", "sites__key", "users__username")

    def perform_create(self, serializer: serializers.BaseSerializer[Account]) -> None:
        """Save a new account and its users in one transaction."""
        with transaction.atomic():
            serializer.save()

    def perform_update(self, serializer: serializers.BaseSerializer[Account]) -> None:
        """Save the changes of an account and its users in one transaction."""
        with transaction.atomic():
            serializer.save()


class SiteViewSet(viewsets.ModelViewSet[Site]):
    """Web sites, by their public keys. A site with hits can't be deleted."""

    queryset = Site.objects.order_by("pk")
    permission_classes = (StaffPermissions,)
    serializer_class = SiteSerializer
    lookup_field = "key"
    filter_ids = {"account": "account"}
    search_fields = ("name", "key", "account__name")


class TokenViewSet(
    mixins.CreateModelMixin, mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Token]
):
    """Tokens of programs. They can be made and revoked, but not changed."""

    queryset = Token.objects.order_by("pk")
    permission_classes = (StaffPermissions,)
    serializer_class = TokenSerializer
    permissions_needed = {"revoke": "tracker.revoke_token"}
    filter_texts = {"kind": "kind"}
    filter_ids = {"account": "account"}
    search_fields = ("hint", "account__name")

    @extend_schema(request=None, responses=TokenSerializer)
    @action(detail=True, methods=["post"])
    def revoke(self, _request: Request, **_: Any) -> Response:
        """Revoke a token. It can't be made valid again."""
        token = self.get_object()
        token.revoke(timezone.now())
        return Response(self.get_serializer(token).data, status=status.HTTP_200_OK)


class RefusedCountSerializer(serializers.ModelSerializer[RefusedCount]):
    """The number of a site's hits that were refused on one day with one code, and a sample: one of these hits."""

    class Meta:
        model = RefusedCount
        fields = ("site", "day", "code", "hits", "sales", "sample")


class RefusedCountViewSet(viewsets.ReadOnlyModelViewSet[RefusedCount]):
    """How many hits were refused, by day, site and code, latest day first. Hits with a site key that no site has are
    counted under the site `unknown`."""

    queryset = RefusedCount.objects.all()
    permission_classes = (StaffPermissions,)
    serializer_class = RefusedCountSerializer
    filter_texts = {"site": "site", "code": "code"}
    search_fields = ("site", "code")


router = SimpleRouter(trailing_slash=False, use_regex_path=False)
router.register("accounts", AccountViewSet)
router.register("sites", SiteViewSet)
router.register("tokens", TokenViewSet)
router.register("refused", RefusedCountViewSet)

urlpatterns = router.urls
