"""Admin site: Django's admin pages, for support. If a model refuses a change, the page says why. Django alone would
answer with an error 500."""

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
    """Django's admin site. Each form is saved in one transaction, so that a refused form changes nothing."""

    site_header = site_title = "Hitledger"
    index_title = "Support and configuration"
    site_url = "/"
    index_template = "tracker/admin_site/index.html"

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        """Wrap a view of the admin site. If a model refuses the change, redirect to the page that the browser came
        from, and show the reason there."""

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
    """Redirect to the page that the browser came from, and show the reason `why` there."""
    messages.error(request, why)
    return HttpResponseRedirect(request.get_full_path())
