"""Diagnostics as people see them."""

from dataclasses import replace

import pytest

from policy_engine.cli.render.style import Style
from policy_engine.cli.render.text import Page, counted, render_diagnostic, render_report, summary_line
from policy_engine.diagnostics import Position, Report, Severity, Span
from policy_engine.loader.lines import Lines
from tests.cli.render.places import BARE, CHAT, MISSPELT, REPORT, SHADOWED, span

PAGE = Page(sources={"policies/chat.yaml": Lines(CHAT)})


def test_a_diagnostic_shows_place_line_carets_help_and_related_places() -> None:
    """The headline can be clicked, carets stand under the span with the help beside them, related places follow."""
    assert render_diagnostic(MISSPELT, PAGE) == (
        "policies/chat.yaml:14:19: error[PE301] unknown tier `workhrose`\n"
        "   |\n"
        "14 |     then: {route: workhrose}\n"
        "   |                   ^^^^^^^^^ help: did you mean `workhorse`?\n"
        "   = policies/models.yaml:21:1: tiers are declared here"
    )


def test_a_diagnostic_without_help_ends_with_the_carets() -> None:
    """Nothing is printed where there is nothing to say."""
    assert render_diagnostic(BARE, PAGE) == (
        "policies/chat.yaml:14:19: error[PE301] unknown tier `workhrose`\n"
        "   |\n"
        "14 |     then: {route: workhrose}\n"
        "   |                   ^^^^^^^^^"
    )


def test_help_that_does_not_fit_beside_the_carets_stands_below() -> None:
    """On a narrow terminal the help has a line of its own."""
    assert render_diagnostic(replace(MISSPELT, related=()), replace(PAGE, width=50)) == (
        "policies/chat.yaml:14:19: error[PE301] unknown tier `workhrose`\n"
        "   |\n"
        "14 |     then: {route: workhrose}\n"
        "   |                   ^^^^^^^^^\n"
        "   = help: did you mean `workhorse`?"
    )


def test_a_file_that_is_not_at_hand_is_not_quoted() -> None:
    """Without the text there are no carets, and the help stands below the headline."""
    assert render_diagnostic(MISSPELT, Page()) == (
        "policies/chat.yaml:14:19: error[PE301] unknown tier `workhrose`\n"
        "   = help: did you mean `workhorse`?\n"
        "   = policies/models.yaml:21:1: tiers are declared here"
    )


def test_carets_stand_under_wide_characters() -> None:
    """Columns count characters, carets count cells: they stand where a person looks."""
    page = Page(sources={"a.yaml": Lines("\t日本: oops\n")})

    assert render_diagnostic(replace(BARE, span=span("a.yaml", 1, 6, 10)), page) == (
        "a.yaml:1:6: error[PE301] unknown tier `workhrose`\n  |\n1 |     日本: oops\n  |           ^^^^"
    )


def test_a_span_over_several_lines_is_marked_on_its_first() -> None:
    """Carets reach to the end of the first line."""
    page = Page(sources={"a.yaml": Lines("when:\n  all: [\n  ]\n")})

    assert render_diagnostic(replace(BARE, span=Span("a.yaml", Position(2, 3), Position(3, 4))), page) == (
        "a.yaml:2:3: error[PE301] unknown tier `workhrose`\n  |\n2 |   all: [\n  |   ^^^^^^"
    )


def test_a_place_behind_the_last_line_has_a_caret() -> None:
    """What is missing at the end of a file is marked on the empty line there."""
    page = Page(sources={"a.yaml": Lines("rules:\n")})

    assert render_diagnostic(replace(BARE, span=span("a.yaml", 2, 1, 1)), page) == (
        "a.yaml:2:1: error[PE301] unknown tier `workhrose`\n  |\n2 |\n  | ^"
    )


def test_authors_text_cannot_steer_the_terminal() -> None:
    """Escape sequences in messages and lines are shown, not sent."""
    page = Page(sources={"a.yaml": Lines("a: \x1b]0;owned\x07\n")})

    shown = render_diagnostic(replace(BARE, message="bad \x1b[2J", span=span("a.yaml", 1, 4, 5)), page)

    assert shown == "a.yaml:1:4: error[PE301] bad ␛[2J\n  |\n1 | a: ␛]0;owned␇\n  |    ^"


def test_a_witness_is_shown_as_json() -> None:
    """A request that shows the finding stands below it, ready to be tried."""
    assert render_diagnostic(SHADOWED, PAGE) == (
        "policies/chat.yaml:1:1: warning[PE501] rule `b` never matches\n"
        "  |\n"
        "1 | version: 1\n"
        "  | ^^^^^^^\n"
        '  = for example {"task": "faq"}'
    )


def test_colour_is_only_paint() -> None:
    """Without its escape sequences, coloured output is plain output."""
    coloured = render_diagnostic(MISSPELT, replace(PAGE, style=Style(coloured=True)))

    assert coloured.startswith("\x1b[1mpolicies/chat.yaml:14:19\x1b[0m: \x1b[1;31merror[PE301]\x1b[0m unknown tier")
    assert "\x1b[1;31m^^^^^^^^^\x1b[0m" in coloured


def test_a_report_separates_diagnostics_by_an_empty_line() -> None:
    """All diagnostics are shown in the report's order."""
    assert render_report(REPORT) == (
        "policies/chat.yaml:1:1: warning[PE501] rule `b` never matches\n"
        "  |\n"
        "1 | version: 1\n"
        "  | ^^^^^^^\n"
        '  = for example {"task": "faq"}\n'
        "\n"
        "policies/chat.yaml:14:19: error[PE301] unknown tier `workhrose`\n"
        "   |\n"
        "14 |     then: {route: workhrose}\n"
        "   |                   ^^^^^^^^^ help: did you mean `workhorse`?\n"
        "   = policies/models.yaml:21:1: tiers are declared here"
    )


@pytest.mark.parametrize(
    ("report", "line"),
    [
        (REPORT, "1 error, 1 warning in 4 files, 37 rules"),
        (Report(files=1, rules=1), "0 errors, 0 warnings in 1 file, 1 rule"),
        (
            Report(diagnostics=(replace(BARE, severity=Severity.INFO),), files=2000, rules=0),
            "0 errors, 0 warnings, 1 note in 2,000 files, 0 rules",
        ),
    ],
)
def test_the_summary_counts_findings_and_what_was_looked_at(report: Report, line: str) -> None:
    """One line says how much was found in how much; notes are named only where there are some."""
    assert summary_line(report) == line


def test_a_count_takes_the_right_number() -> None:
    """One is singular, everything else plural, thousands are separated."""
    assert [counted(number, "rule") for number in (0, 1, 2, 6995)] == ["0 rules", "1 rule", "2 rules", "6,995 rules"]


def test_a_word_that_is_wrong_in_many_places_is_explained_in_three() -> None:
    """Of the other places the headline is enough, a line each; another mistake is explained as ever."""
    text = "a: workhrose\n" * 6
    many = [replace(BARE, span=span("a.yaml", line, 4, 13)) for line in range(1, 7)]
    unlike = [replace(BARE, span=span("b.yaml", line, 1, 2)) for line in range(1, 5)]
    sources = {"a.yaml": text, "b.yaml": text}

    shown = render_report(Report(diagnostics=(*many, *unlike), sources=sources))

    parts = shown.split("\n\n")
    assert [part.count("\n") for part in parts] == [3, 3, 3, 2, 3, 3, 3, 3]
    assert parts[3] == (
        "a.yaml:4:4: error[PE301] unknown tier `workhrose`\n"
        "a.yaml:5:4: error[PE301] unknown tier `workhrose`\n"
        "a.yaml:6:4: error[PE301] unknown tier `workhrose`"
    )
