"""Public paths: the names that PUBLIC_PATHS gives to the addresses in pages -> their url patterns."""

from collections.abc import Iterable, Mapping, Sequence

from django.urls import URLPattern, URLResolver, path
from django.urls.resolvers import RegexPattern

from tracker.environment import BadSetting

Patterns = Sequence[URLPattern | URLResolver]
#: Name -> what may come after it in a path: a pattern, and an example of it, by which the usual view is found.
REST = {
    "t.js": {"": ""},
    "collect": {"": "", "/crossing": "/crossing"},
    "pixel.gif": {"": ""},
    "postback": {"": ""},
    "click": {"/<str:site>/<str:ad>": "/site/ad"},
}


def other_names(usual: Patterns, paths: Mapping[str, str]) -> list[URLPattern]:
    """Make the patterns of the other names, each with the view of the usual name. Raises BadSetting if a name is
    taken."""
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
    """The first part of each path, and `static`, whose files are served without a pattern."""
    for pattern in patterns:
        address = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from first_words(pattern.url_patterns, address)
        else:
            yield address.lstrip("^").split("/")[0].rstrip("$")
    yield from () if prefix else ("static",)
