"""The addresses of this room."""

from django.urls import URLPattern, URLResolver, path

from tracker.views import CollectView, PixelView

urlpatterns: list[URLPattern | URLResolver] = [
    path("collect", CollectView.as_view()),
    path("pixel.gif", PixelView.as_view()),
]
