"""The person of a touch or a conversion: the user that its own hit names. If its hit names none, the user of its
visitor's next link; if there is no next link, the user of the last link."""

import pytest

from conversions.facts.person import (
    ANNOUNCED,
    MOST_NAMING,
    MOST_USERS,
    MOST_VISITORS,
    is_crowded,
    linked_pairs,
    linked_user,
    person_of,
    user_of,
)
from conversions.facts.records import Conversion, Link, Touch


def link(at: int, user: str, hit: str = "l") -> Link:
    return Link(site="s", visitor="kiosk", user=user, at=at, hit=hit)


def touch(at: int, user: str = "") -> Touch:
    return Touch(site="s", visitor="kiosk", kind="click", at=at, hit="t", user=user)


#            10       20        30
#   ---------ann------bob-------ann--------->
LINKS = [link(10, "ann"), link(20, "bob"), link(30, "ann")]


@pytest.mark.parametrize(
    ("at", "user"),
    [(0, "ann"), (10, "ann"), (11, "bob"), (20, "bob"), (21, "ann"), (30, "ann"), (31, "ann"), (10**15, "ann")],
)
def test_a_hit_belongs_to_the_next_user_who_signs_in_or_else_the_last(at: int, user: str) -> None:
    assert linked_user(at, LINKS) == user
    assert person_of(touch(at), LINKS, ()) == f"u:{user}"


def test_two_links_at_one_instant_are_ordered_like_other_facts() -> None:
    links = [link(10, "ann", "a"), link(10, "bob", "b")]
    assert linked_user(10, links) == linked_user(5, links) == "ann"
    assert linked_user(11, links) == "bob"


def test_the_user_in_the_hit_itself_goes_before_the_links() -> None:
    assert person_of(touch(15, user="cyd"), LINKS, ()) == "u:cyd"
    sale = Conversion(site="s", visitor="kiosk", at=15, hit="c", goal="g", version=1, user="cyd")
    assert person_of(sale, LINKS, ()) == "u:cyd"


def test_a_visitor_without_links_is_its_own_person() -> None:
    assert person_of(touch(5), [], ()) == "v:kiosk"
    assert (user_of("v:kiosk"), user_of("u:ann")) == ("", "ann")


def test_a_crowded_user_or_visitor_is_no_person() -> None:
    assert person_of(touch(15), LINKS, {"u:bob"}) == "v:kiosk"
    assert person_of(touch(5), LINKS, {"u:bob"}) == "u:ann"
    assert person_of(touch(15, user="bob"), LINKS, {"u:bob"}) == "v:kiosk"
    assert person_of(touch(15, user="cyd"), LINKS, {"v:kiosk"}) == "v:kiosk"


def test_one_member_above_the_bound_makes_a_set_crowded() -> None:
    for key, most in (("u:ann", MOST_VISITORS), ("v:kiosk", MOST_USERS), ("c:G1", MOST_NAMING)):
        members = {str(n) for n in range(most)}
        assert not is_crowded(key, members)
        assert not is_crowded(key, members | {ANNOUNCED})
        assert is_crowded(key, members | {"one more"})


def test_a_link_is_in_the_sets_of_its_user_and_of_its_visitor() -> None:
    assert {("u:ann", "kiosk"), ("v:kiosk", "ann")} < set(linked_pairs(link(10, "ann")))
