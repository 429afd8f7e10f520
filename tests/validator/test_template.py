"""The placeholders of templates."""

from policy_engine.validator.template import DottedTemplate, Placeholder, placeholders_in, template_text


def test_placeholders_are_found_in_order_with_their_lines() -> None:
    """Plain, braced and dotted names are placeholders; `$$` is none; a stray `$` has no name."""
    text = "Order $order_id\nfor ${attributes.plan-name} costs $$5.\n$ 7 ${} $attributes.plan."

    assert list(placeholders_in(text)) == [
        Placeholder("order_id", 1),
        Placeholder("attributes.plan-name", 2),
        Placeholder(None, 3),
        Placeholder(None, 3),
        Placeholder("attributes.plan", 3),
    ]


def test_inserted_text_is_not_expanded_again() -> None:
    """A value that looks like a placeholder stays as it is."""
    assert DottedTemplate("${a}").substitute({"a": "${b} $$"}) == "${b} $$"


def test_a_template_that_is_no_text_has_none() -> None:
    """Bytes that are not UTF-8 give no text; a byte order mark is not part of it."""
    assert template_text(b"\xff\xfe") is None
    assert template_text(b"\xef\xbb\xbfhello") == "hello"
