"""Permissions: decides who may use the staff API. People need the same permissions as in Django's admin."""

from collections.abc import Mapping

from rest_framework.permissions import DjangoModelPermissions
from rest_framework.request import Request
from rest_framework.views import APIView

VIEW = ["%(app_label)s.view_%(model_name)s"]


class StaffPermissions(DjangoModelPermissions):
    """DRF permission for staff who have the permission to view, add, change or delete the model of the view.

    A view can require other permissions for its actions or methods. It lists them in `permissions_needed`: {"revoke":
    "tracker.revoke_token"}.
    """

    perms_map = {**DjangoModelPermissions.perms_map, "GET": VIEW, "HEAD": VIEW}

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Whether the user is staff and has the permission that the request needs."""
        if not request.user.is_staff:
            return False
        needed: Mapping[str, str] = getattr(view, "permissions_needed", {})
        own = needed.get(getattr(view, "action", None) or str(request.method).lower())
        return request.user.has_perm(own) if own else super().has_permission(request, view)
