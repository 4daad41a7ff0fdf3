"""Reader: the base of support's reading views."""

from rest_framework.views import APIView

from tracker.access import READER_AUTHENTICATION, MayRead


class ReaderView(APIView):
    """A view that may be read with a report token, or by people who are signed in."""

    authentication_classes = READER_AUTHENTICATION
    permission_classes = (MayRead,)
