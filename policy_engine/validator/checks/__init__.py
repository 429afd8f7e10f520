"""
What a policy can get wrong although its form is right: one check per module, its docstring the manual page.

A check looks at parts of a policy of some kinds, its `SUBJECTS`, one at a time. The order of `CHECKS` is that of codes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from policy_engine.diagnostics import Finding
from policy_engine.validator.checks import (
    bad_answer_schema,
    bad_calibration,
    bad_classifier,
    bad_template,
    bare_number,
    circular_condition,
    confidence_not_given,
    duplicate_name,
    empty_range,
    escalation_without_limit,
    impossible_time,
    mismatched_value,
    missing_default,
    missing_version,
    missing_zone,
    other_labels,
    outside_enum,
    rule_expires,
    sample_without_salt,
    second_default,
    uncalibrated_cache,
    unknown_attribute,
    unknown_budget,
    unknown_cache,
    unknown_cascade,
    unknown_classifier,
    unknown_condition,
    unknown_goes_cheap,
    unknown_label,
    unknown_language,
    unknown_model,
    unknown_phrases,
    unknown_provider,
    unknown_score,
    unknown_signal,
    unknown_task,
    unknown_tier,
    unknown_zone,
    unpriced_model,
    unset_placeholder,
    unstated_unknown,
    wrong_operator,
    wrong_unit,
)
from policy_engine.validator.surroundings import Site


class Check(Protocol):
    """One check, as its module gives it; the manual page is the module's docstring."""

    CODE: str
    NAME: str
    SUBJECTS: tuple[Any, ...]
    """
    The classes of what it looks at: parts of rules, Rule, Declarations, Reading. A text: tests of such facts, by name
    (`message.language`) or by section (`message`).
    """

    def check(self, part: Any, site: Site) -> Iterator[Finding]:
        """What is wrong with one part that stands at a site."""


CHECKS: tuple[Check, ...] = (
    unknown_tier,
    unknown_task,
    unknown_attribute,
    unknown_condition,
    unknown_score,
    unknown_cache,
    unknown_classifier,
    unknown_label,
    unknown_phrases,
    unknown_budget,
    unknown_cascade,
    unknown_signal,
    unknown_provider,
    unknown_model,
    duplicate_name,
    circular_condition,
    wrong_unit,
    empty_range,
    wrong_operator,
    mismatched_value,
    outside_enum,
    escalation_without_limit,
    bare_number,
    confidence_not_given,
    sample_without_salt,
    impossible_time,
    missing_zone,
    unknown_zone,
    missing_default,
    second_default,
    missing_version,
    unstated_unknown,
    unknown_goes_cheap,
    rule_expires,
    unset_placeholder,
    bad_template,
    bad_answer_schema,
    unpriced_model,
    bad_calibration,
    uncalibrated_cache,
    bad_classifier,
    other_labels,
    unknown_language,
)
