"""Nodes and the table that shares them."""

from policy_engine.compiler.atoms import Exists
from policy_engine.compiler.graph import Interner, Node, Op, conjuncts, leaves


def _leaf(interner: Interner, name: str, cost: int = 1, reads: int = 0) -> Node:
    return interner.leaf(Exists(name), lambda: Node(op=Op.LEAF, atom=Exists(name), cost=cost, reads=reads, text=name))


def test_equal_atoms_are_one_node() -> None:
    """A leaf is made once for all who ask with an equal atom."""
    interner = Interner()

    assert _leaf(interner, "a") is _leaf(interner, "a")
    assert _leaf(interner, "a") is not _leaf(interner, "b")


def test_joins_are_flat_and_cheapest_first() -> None:
    """A join holds each child once, its own kind's children among them, by cost; it reads what they read."""
    interner = Interner()
    dear, cheap, middle = _leaf(interner, "d", 9, 1), _leaf(interner, "c", 1, 2), _leaf(interner, "m", 5, 4)

    inner = interner.all_of([dear, cheap])
    joined = interner.all_of([middle, inner, dear])

    assert joined.children == (cheap, middle, dear)
    assert (joined.op, joined.cost, joined.reads) == (Op.ALL, 15, 7)
    assert joined is interner.all_of([dear, middle, cheap])
    assert interner.any_of([inner, middle]).children == (middle, inner)


def test_a_join_of_one_is_the_one() -> None:
    """One child needs no join, nor does one that is named twice."""
    interner = Interner()
    leaf = _leaf(interner, "a")

    assert interner.all_of([leaf, leaf]) is leaf
    assert interner.any_of([leaf]) is leaf


def test_the_opposite_of_an_opposite_is_the_node_itself() -> None:
    """Two negations are none."""
    interner = Interner()
    leaf = _leaf(interner, "a")

    negated = interner.negation(leaf)

    assert negated.children == (leaf,)
    assert interner.negation(negated) is leaf
    assert interner.negation(leaf) is negated


def test_nodes_that_are_not_kept_are_forgotten() -> None:
    """What is kept stays with all that is below it, and nothing else does."""
    interner = Interner()
    a, b = _leaf(interner, "a"), _leaf(interner, "b")
    kept = interner.negation(a)
    interner.all_of([a, b])

    interner.keep([kept])

    assert set(interner.nodes.values()) == {a, kept}
    assert interner.negation(a) is kept


def test_conjuncts_are_what_must_hold_at_once() -> None:
    """A conjunction has its children, anything else itself, and nothing has none."""
    interner = Interner()
    a, b = _leaf(interner, "a"), _leaf(interner, "b")
    either = interner.any_of([a, b])

    assert conjuncts(None) == ()
    assert conjuncts(either) == (either,)
    assert conjuncts(interner.all_of([a, b])) == (a, b)
    assert [leaf.text for leaf in leaves(interner.negation(either))] == ["a", "b"]
