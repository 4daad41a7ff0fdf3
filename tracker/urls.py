"""Every address of the tracker; the other rooms bring their own."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("tracker.routes")),
    path("", include("conversions.routes")),
    path("", include("reporting.routes")),
    path("admin/", admin.site.urls),
]
