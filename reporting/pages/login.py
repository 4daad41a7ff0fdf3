"""Login: the page where people sign in."""

from typing import Any

from django.conf import settings
from django.contrib.auth.views import LoginView

from reporting.pages.page import Page


class LoginPage(Page, LoginView):
    """The page where people sign in."""

    template_name = "reporting/login.html"
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return what the template shows, by name. If the variable DEMO is set, the page also says which file has the
        name and password of the demo's user."""
        return super().get_context_data(demo=settings.DEMO, **kwargs)
