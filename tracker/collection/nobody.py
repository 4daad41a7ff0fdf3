"""Nobody: recognizes ids such as `null` or `guest`, which faulty programs send for every person. If these were ids,
strangers would become one person, and their orders one order. Pure."""

import re
from hashlib import new as new_hash

#: Words that templates, SDKs and databases send if there is no value: words for nothing, and names of fields. In lower
#: case.
WORDS = (
    *("", "-1", "none", "null", "nil", "undefined", "undef", "nan", "n/a", "na", "n.a.", "void", "empty"),
    *("true", "false", "default", "[object object]", "[object undefined]", "[object null]", "<nil>", "<null>"),
    *("{}", "[]", "()", '""', "''", "-", "--", "?"),
    *("not_set", "not set", "notset", "(not set)", "(none)", "(not provided)", "(null)"),
    *("anonymous", "anon", "anonymous_user", "anonymoususer", "guest", "visitor", "customer", "nobody", "unknown"),
    *("unidentified", "not_authenticated", "unauthenticated", "not_logged_in", "not logged in", "logged_out"),
    *("id", "_id", "uuid", "guid", "user", "user_id", "userid", "uid", "distinct_id", "distinctid"),
    *("email", "e-mail", "visitor_id", "visitorid", "client_id", "clientid", "cid", "customer_id", "customerid"),
    *("device_id", "deviceid", "anonymous_id", "anonymousid", "session_id", "sessionid", "cookie_id", "cookieid"),
    *("external_id", "externalid", "order", "order_id", "orderid", "order_number", "ordernumber", "txid"),
    *("transaction", "transaction_id", "transactionid"),
    # The id that many Android devices got because of a bug, and names of emulators.
    *("9774d56d682e549c", "lmy47d", "google_sdk"),
)
#: The words as programs spell them. A sender may also have hashed such a word as an id.
SPELLINGS = (*WORDS, "0", "None", "NULL", "NaN", "[object Object]", "Anonymous", "Guest", "Unknown")
NOBODY = frozenset(WORDS) | {
    new_hash(name, word.encode(), usedforsecurity=False).hexdigest()
    for word in SPELLINGS
    for name in ("md5", "sha1", "sha256")
}
#: Zeros, the nil and the max UUID, and unfilled placeholders of templates: {{id}}, ${id}, <%= id %>, %%ID%%, __ID__,
#: [ID].
_EMPTY = re.compile(
    r"0|0\.0|0{8,}|0{8}(?:-0{4}){3}-0{12}|f{32}|f{8}(?:-f{4}){3}-f{12}"
    r"|\{.*\}|\$\{.*\}|\$\(.*\)|<.*>|%.+%|__\w+__|\[.*\]|@\w+@",
    re.DOTALL,
)
_BEGINNINGS = frozenset("0f{$<%_[@")


def someone(text: str) -> str:
    """Return an id unchanged; "" if it is a text that programs send for every person, such as `null`, `guest`, 00000000
    or {{id}}."""
    plain = text.strip().lower()
    if plain in NOBODY or (plain[0] in _BEGINNINGS and _EMPTY.fullmatch(plain)):
        return ""
    return text
