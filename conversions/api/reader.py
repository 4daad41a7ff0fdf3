"""Reader: who may read support's API."""

from rest_framework.views import APIView

from tracker.access import READER_AUTHENTICATION, MayRead


class ReaderView(APIView):
    """Read by programs with a report token and by people who are signed in."""

    authentication_classes = READER_AUTHENTICATION
    permission_classes = (MayRead,)
