"""Reader: the base class of the API's views that only read."""

from rest_framework.views import APIView

from tracker.access import READER_AUTHENTICATION, MayRead


class ReaderView(APIView):
    """The base of views that can be read with a report token, or by people who are signed in."""

    authentication_classes = READER_AUTHENTICATION
    permission_classes = (MayRead,)
