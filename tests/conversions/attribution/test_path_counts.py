"""Path counts, from which the data-driven models learn, and how an ad's worth becomes weights of touches."""

from hypothesis import given
from hypothesis import strategies as st

from conversions.attribution.credit import ONE, split
from conversions.attribution.path_counts import PathCount, add_up_equal, touch_weights

ADS = st.lists(st.sampled_from("abcde"), min_size=1, max_size=12)
WORTH = st.dictionaries(st.sampled_from("abcde"), st.integers(0, 10**9))


def test_equal_paths_are_added_up_and_paths_without_ads_are_left_out() -> None:
    paths = [
        PathCount(("b", "a"), 1, 0),
        PathCount((), 5, 5),
        PathCount(("a",), 0, 0),
        PathCount(("b", "a"), 1, 3),
        PathCount(("a", "b"), 0, 2),
    ]
    assert add_up_equal(paths) == [PathCount(("a", "b"), 0, 2), PathCount(("b", "a"), 2, 3)]


def test_touches_of_one_ad_share_its_worth() -> None:
    assert split(90, touch_weights(["a", "b", "a"], {"a": 2, "b": 1})) == [30, 30, 30]
    assert split(80, touch_weights(["a", "b", "a", "b", "b"], {"a": 1, "b": 3})) == [10, 20, 10, 20, 20]


def test_an_unknown_ad_weighs_as_much_as_the_mean_of_the_others() -> None:
    assert split(90, touch_weights(["a", "new", "b"], {"a": 1, "b": 3})) == [15, 30, 45]
    assert split(90, touch_weights(["a", "new"], {"a": 7})) == [45, 45]
    assert split(90, touch_weights(["new", "newer", "new"], {"a": 7})) == [23, 45, 22]


def test_an_ad_without_worth_earns_nothing_unless_no_ad_has_worth() -> None:
    assert split(90, touch_weights(["a", "b"], {"a": 0, "b": 3})) == [0, 90]
    assert split(90, touch_weights(["a", "b"], {"a": 0, "b": 0})) == [45, 45]


@given(ads=ADS, worth=WORTH)
def test_any_worths_divide_one_whole_conversion(ads: list[str], worth: dict[str, int]) -> None:
    weights = touch_weights(ads, worth)
    assert all(weight >= 0 for weight in weights)
    assert sum(split(ONE, weights)) == ONE
    assert len({(ad, weight) for ad, weight in zip(ads, weights, strict=True)}) == len(set(ads))
