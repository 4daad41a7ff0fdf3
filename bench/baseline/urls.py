"""The baseline's only address."""

from django.urls import path

from bench.baseline.views import Collect

urlpatterns = [path("collect", Collect.as_view())]
