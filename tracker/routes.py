"""Routes: the addresses of the endpoints for hits, of /healthz and /readyz, and of /metrics."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, path

from tracker import demo
from tracker.crossing_view import CrossingView
from tracker.health import HealthView, ReadyView
from tracker.metrics import MetricsView
from tracker.postback_view import PostbackView
from tracker.snippet import snippet
from tracker.views import CollectView, PixelView

urlpatterns: list[URLPattern | URLResolver] = [
    path("collect", CollectView.as_view()),
    path("collect/crossing", CrossingView.as_view()),
    path("postback", PostbackView.as_view()),
    path("pixel.gif", PixelView.as_view()),
    path("t.js", snippet),
    path("healthz", HealthView.as_view()),
    path("readyz", ReadyView.as_view()),
    path("metrics", MetricsView.as_view()),
    *(demo.urlpatterns if settings.DEMO else []),
]
