"""Which models can serve a request."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_engine.compiler.policy_set import PolicySet
from policy_engine.evaluator.decide import decide
from policy_engine.evaluator.route import Demand, output_bound
from policy_engine.model.effect import Modifiers
from policy_engine.model.facts import Facts
from policy_engine.model.plan import Card
from policy_engine.model.request import Request
from tests.policies_of import policies


@pytest.fixture(scope="module")
def policy_set(tmp_path_factory: pytest.TempPathFactory) -> PolicySet:
    """A split of three, and a route that is fixed."""
    return policies(
        tmp_path_factory.mktemp("routes"),
        """
        rules:
          - name: r
            when: {task: chat}
            then: {route: {split: {mini: 70, haiku: 20.5, opus: 9.5}, by: attributes.tenant}}
          - {name: fixed, then: {route: fast}}
        """,
    )


def test_shares_of_a_split_converge(policy_set: PolicySet) -> None:
    """Of many keys, each option gets about its weight."""
    count = 2_000
    chosen = [
        decide(policy_set, Request(task="chat", attributes={"tenant": f"tenant-{i}"})).model for i in range(count)
    ]

    shares = {model: chosen.count(model) / count for model in ("mini", "haiku", "opus")}

    assert shares == {
        "mini": pytest.approx(0.70, abs=0.04),
        "haiku": pytest.approx(0.205, abs=0.04),
        "opus": pytest.approx(0.095, abs=0.04),
    }


@given(tenant=st.text(max_size=20), text=st.text(max_size=20))
def test_a_split_sticks_to_its_key(policy_set: PolicySet, tenant: str, text: str) -> None:
    """Whatever else a request says, its key decides."""
    one = decide(policy_set, Request(task="chat", id="1", attributes={"tenant": tenant}))
    other = decide(policy_set, Request(task="chat", id="2", input=text, attributes={"tenant": tenant}))

    assert one.model == other.model


def test_a_demand_is_what_the_request_asks_of_a_model(policy_set: PolicySet) -> None:
    """Input and answer in tokens, the kinds of content, and the tags that are required."""
    image = {"type": "image_url", "image_url": {"url": "data:,"}}
    request = Request(
        messages=[{"role": "user", "content": [image, {"type": "text", "text": "12345"}]}],
        tools=[{"type": "function"}],
        wants={"json": True},
        params={"max_tokens": 100},
    )

    demand = Demand.of(Facts(request, policy_set.layout), Modifiers(only=("eu",)))

    assert demand == Demand(
        tokens=102, max_tokens=100, kinds=frozenset(("text", "images", "tools", "json")), only=("eu",)
    )
    assert Demand.of(Facts(Request(), policy_set.layout), Modifiers()) == Demand(
        tokens=0, max_tokens=None, kinds=frozenset(("text",)), only=()
    )


def test_a_misfit_is_told_in_words() -> None:
    """The first reason is told: tags, then content, then size."""
    demand = Demand(tokens=101, max_tokens=100, kinds=frozenset(("text", "images")), only=("eu",))

    def card(**fields: object) -> Card:
        known = {"tags": frozenset(("eu",)), "accepts": frozenset(("text", "images"))}
        return Card(name="m", provider="p", model="m-1", tier=None, **{**known, **fields})

    assert [
        demand.misfit(card(tags=frozenset())),
        demand.misfit(card(accepts=frozenset(("text",)))),
        demand.misfit(card(context=100)),
        demand.misfit(card(max_output=99)),
        demand.misfit(card(context=101, max_output=100)),
        demand.misfit(card(accepts=None)),
    ] == [
        "it lacks the tag `eu`",
        "it does not take images",
        "101 tokens do not fit its context of 100",
        "it answers at most 99 tokens, 100 are asked for",
        None,
        None,
    ]


def test_a_bound_of_the_answer_is_nobodys_or_the_tightest(policy_set: PolicySet) -> None:
    """Without a word from anybody there is no bound."""
    facts = Facts(Request(params={"max_tokens": 30}), policy_set.layout)

    assert output_bound(Facts(Request(), policy_set.layout), Modifiers()) is None
    assert output_bound(facts, Modifiers()) == 30
    assert output_bound(facts, Modifiers(params={"max_tokens": "1.5k"})) == 1_500
