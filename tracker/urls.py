"""URLs: all addresses of the tracker, from the routes of all apps."""

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from tracker.api_root import ApiRootView
from tracker.public_paths import other_names
from tracker.schema import SchemaView

usual: list[URLPattern | URLResolver] = [
    path("", include("tracker.routes")),
    path("", include("conversions.routes")),
    path("", include("reporting.routes")),
    path("api/", ApiRootView.as_view(), name="api"),
    path("api/", include("tracker.api")),
    path("api/", include("conversions.api.catalogue")),
    path("api/schema", SchemaView.as_view(), name="schema"),
    path("api/auth/", include("rest_framework.urls")),
    path("api", RedirectView.as_view(url="/api/", query_string=True)),
    path("admin/", admin.site.urls),
    path("admin", RedirectView.as_view(url="/admin/", query_string=True)),
]
urlpatterns = [*usual, *other_names(usual, settings.PUBLIC_PATHS)]
handler400 = "tracker.error_pages.handler400"
handler403 = "tracker.error_pages.handler403"
handler404 = "tracker.error_pages.handler404"
handler500 = "tracker.error_pages.handler500"
