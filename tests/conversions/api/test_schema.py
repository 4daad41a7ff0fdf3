"""/api/schema describes support's API from the structs of the answers: no code and no model is missing."""

from typing import Any, get_args

import pytest

from conversions.attribution.credit import LEARNED, MODELS
from conversions.rules import reasons
from tests.openapi import shape


def codes_of(schema: dict[str, Any]) -> set[str]:
    """Return the values that a field may have, without null."""
    return {code for one in [schema, *schema.get("anyOf", ())] for code in one.get("enum", ())}


@pytest.mark.parametrize(
    ("struct", "field", "codes"),
    [
        ("ConversionAnswer", "reason", reasons.ConversionReason),
        ("ConversionAnswer", "value_reason", reasons.ValueReason),
        ("ExplainedTouch", "reason", reasons.TouchReason),
        ("ExplainedDuplicate", "reason", reasons.DuplicateReason),
        ("ExplainedAdjustment", "effect", reasons.AdjustmentEffect),
        ("ExplainedRejected", "code", reasons.RejectedCode),
        ("ListedRejected", "code", reasons.RejectedCode),
        ("ModelNote", "reason", reasons.WeighReason),
    ],
)
def test_every_code_that_a_field_may_have_is_described(struct: str, field: str, codes: Any) -> None:
    assert codes_of(shape(struct)[field]) == set(get_args(codes))


def test_every_model_is_described() -> None:
    assert list(shape("AmountByModel")) == list(MODELS)
    assert list(shape("ModelNotes")) == list(LEARNED)
