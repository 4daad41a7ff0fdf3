"""Public paths: further addresses of the script and of collection, which the variable PUBLIC_PATHS sets. Ad blockers
know the usual addresses and block them."""

from collections.abc import Iterable, Mapping, Sequence

from django.urls import URLPattern, URLResolver, path
from django.urls.resolvers import RegexPattern

from tracker.environment import BadSetting

Patterns = Sequence[URLPattern | URLResolver]
#: Name of an endpoint -> what may follow the endpoint's path: URL pattern -> example. The view is found by resolving
#: the example.
REST = {
    "t.js": {"": ""},
    "collect": {"": "", "/crossing": "/crossing"},
    "pixel.gif": {"": ""},
    "postback": {"": ""},
    "click": {"/<str:site>/<str:ad>": "/site/ad"},
}


def other_names(usual: Patterns, paths: Mapping[str, str]) -> list[URLPattern]:
    """Make the URL patterns of the further addresses; each leads to the view of the usual address. `paths`: usual name
    -> further path. Raises BadSetting if a path begins like an address of the tracker."""
    taken = set(first_words(usual))
    resolver = URLResolver(RegexPattern(r"^/"), usual)
    found = []
    for name, other in paths.items():
        word = other.split("/")[1]
        if word in taken:
            raise BadSetting("PUBLIC_PATHS", f"must not begin with /{word}, where the tracker has addresses of its own")
        for rest, example in REST[name].items():
            found.append(path(f"{other[1:]}{rest}", resolver.resolve(f"/{name}{example}").func))
    return found


def first_words(patterns: Patterns, prefix: str = "") -> Iterable[str]:
    """Yield the word with which each address of the tracker begins: `admin` for /admin/login/. `static` is among them,
    although it has no URL pattern."""
    for pattern in patterns:
        address = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from first_words(pattern.url_patterns, address)
        else:
            yield address.lstrip("^").split("/")[0].rstrip("$")
    yield from () if prefix else ("static",)
