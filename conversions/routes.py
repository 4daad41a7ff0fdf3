"""Routes: the URLs of this app."""

from django.urls import URLPattern, URLResolver, path

from conversions.api.actions import ReplayView, RollupView
from conversions.api.conversions import ConversionsView, ConversionView
from conversions.api.rejected import RejectedView
from conversions.api.spend import SpendImportView, SpendView
from conversions.api.visitors import VisitorView
from conversions.click import ClickView

urlpatterns: list[URLPattern | URLResolver] = [
    path("click/<str:site>/<str:ad>", ClickView.as_view()),
    path("api/conversions", ConversionsView.as_view(), name="conversions"),
    path("api/conversions/<str:id>", ConversionView.as_view(), name="conversion"),
    path("api/sites/<str:key>/rollup", RollupView.as_view(), name="rollup"),
    path("api/sites/<str:key>/replay", ReplayView.as_view(), name="replay"),
    path("api/rejected", RejectedView.as_view(), name="rejected"),
    path("api/spend", SpendView.as_view(), name="spend"),
    path("api/spend/import", SpendImportView.as_view(), name="spend_import"),
    path("api/visitors", VisitorView.as_view(), name="visitors"),
]
