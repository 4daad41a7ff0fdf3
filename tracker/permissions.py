"""Permissions: who may use the staff API. It asks for the same permissions as Django's admin."""

from collections.abc import Mapping

from rest_framework.permissions import DjangoModelPermissions
from rest_framework.request import Request
from rest_framework.views import APIView

VIEW = ["%(app_label)s.view_%(model_name)s"]


class StaffPermissions(DjangoModelPermissions):
    """Allows staff with the permission to view, add, change or delete the view's model.

    A view's `permissions_needed` maps actions or methods to other permissions: {"revoke": "tracker.revoke_token"}.
    """

    perms_map = {**DjangoModelPermissions.perms_map, "GET": VIEW, "HEAD": VIEW}

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Whether the user has the permission that the request needs."""
        if not request.user.is_staff:
            return False
        needed: Mapping[str, str] = getattr(view, "permissions_needed", {})
        own = needed.get(getattr(view, "action", None) or str(request.method).lower())
        return request.user.has_perm(own) if own else super().has_permission(request, view)
