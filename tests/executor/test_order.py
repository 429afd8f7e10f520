"""Which model is tried first."""

import pytest

from policy_engine.executor.order import AS_WRITTEN, Order
from policy_engine.model.plan import Target

ABC = tuple(Target(name, "fast") for name in "abc")


@pytest.mark.parametrize(
    ("order", "tried", "put_off"),
    [
        (AS_WRITTEN, "abc", ()),
        (Order(kept="b"), "bac", ()),
        (Order(kept="elsewhere"), "abc", ()),
        (Order(cooling={"a": 3.0}), "bca", ("a",)),
        (Order(cooling={"c": 3.0}), "abc", ()),
        (Order(cooling={"a": 3.0, "b": 1.0, "c": 2.0}), "abc", ()),
        (Order(kept="a", cooling={"a": 3.0}), "bca", ("a",)),
        (Order(kept="c", cooling={"a": 3.0}), "cba", ("a",)),
        (AS_WRITTEN.after("a", 9.0), "bca", ("a",)),
    ],
)
def test_the_kept_model_is_first_and_those_that_cool_are_last(
    order: Order, tried: str, put_off: tuple[str, ...]
) -> None:
    """Nothing is added or left out; what comes later than it would is told."""
    assert "".join(target.model for target in order.of(ABC)) == tried
    assert order.put_off(ABC) == put_off
