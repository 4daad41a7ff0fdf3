"""Reader: the base of the views that read for support."""

from rest_framework.views import APIView

from tracker.access import READER_AUTHENTICATION, MayRead


class ReaderView(APIView):
    """A view for programs with a report token and for people who are signed in."""

    authentication_classes = READER_AUTHENTICATION
    permission_classes = (MayRead,)
