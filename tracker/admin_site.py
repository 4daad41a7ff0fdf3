"""Admin site: Django's admin for support. If a model refuses a change, the page shows the reason instead of an error
500."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import ValidationError
from django.db.models import ProtectedError
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


class HitledgerAdmin(AdminSite):
    """Django's admin site. Each form is saved in one transaction; a form that is refused changes nothing."""

    site_header = site_title = "Hitledger"
    index_title = "Support and configuration"
    site_url = "/"
    index_template = "tracker/admin_site/index.html"

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        """Wrap an admin view. If a model refuses the change, redirect to the same page, which shows the reason."""

        @wraps(view)
        def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            try:
                return view(request, *args, **kwargs)
            except ValidationError as error:
                return refuse(request, " ".join(error.messages))
            except ProtectedError as error:
                names = ", ".join(sorted(str(one) for one in error.protected_objects)[:10])
                return refuse(request, f"Nothing was deleted, because this still refers to it: {names}.")

        return super().admin_view(cast(View, page), cacheable)


def refuse(request: HttpRequest, why: str) -> HttpResponseRedirect:
    """Redirect the browser to the page that it came from, and show the reason there."""
    messages.error(request, why)
    return HttpResponseRedirect(request.get_full_path())
