"""The URLs of the baseline."""

from django.urls import path

from bench.baseline.views import Collect, health

urlpatterns = [path("collect", Collect.as_view()), path("healthz", health)]
