"""Routes: the addresses of the report API, of exports, and of the pages for people."""

from django.contrib.auth.views import LogoutView
from django.urls import URLPattern, URLResolver, path

from reporting.pages.conversions import ConversionsPage
from reporting.pages.dashboard import DashboardPage
from reporting.pages.explain import ExplainedPage, FindPage
from reporting.pages.health import HealthPage
from reporting.pages.live import LivePage
from reporting.pages.login import LoginPage
from reporting.pages.setup import SetupPage
from reporting.pages.spend import SpendPage
from reporting.views import ConversionExport, ConversionReport, FitReport

urlpatterns: list[URLPattern | URLResolver] = [
    path("", DashboardPage.as_view(), name="start"),
    path("conversions", ConversionsPage.as_view(), name="conversion_list"),
    path("explain", FindPage.as_view(), name="explain"),
    path("explain/<str:id>", ExplainedPage.as_view(), name="explained"),
    path("health", HealthPage.as_view(), name="health"),
    path("live", LivePage.as_view(), name="live"),
    path("setup", SetupPage.as_view(), name="setup"),
    path("spend", SpendPage.as_view(), name="spend_page"),
    path("login", LoginPage.as_view(), name="login"),
    path("logout", LogoutView.as_view(), name="logout"),
    path("api/reports/conversions", ConversionReport.as_view(), name="conversion_report"),
    path("api/exports/conversions", ConversionExport.as_view(), name="conversion_export"),
    path("api/reports/fits", FitReport.as_view(), name="fit_report"),
]
