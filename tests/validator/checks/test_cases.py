"""What checks tell and what they leave alone, case by case."""

from pathlib import Path
from textwrap import dedent

import pytest

from tests.classifier_file import empty_classifier
from tests.validator.manual import completed, validated

CLEAN = {
    "an attribute compared by every operator of its kind": """
        attributes: {seats: {type: integer}, score: {type: number}, groups: {type: list}, beta: {type: boolean}}
        rules:
          - name: a
            when:
              attributes:
                seats: {gt: 1k, lte: 2k, ne: 1500, not_in: [1700, 1800]}
                score: {gte: 0.5}
                groups: {has: x}
                beta: true
                plan: {glob: "p*", ne: free}
                tenant: {matches: "^t", contains: acme}
            then: {route: fast}
        """,
    "has with several": "rules: [{name: a, when: {attributes: {regions: {has: eu}}}, then: {route: fast}}]",
    "a range of one number": "rules: [{name: a, when: {message: {chars: {gte: 5, lte: 5}}}, then: {route: fast}}]",
    "a range and a list of numbers": """
        rules: [{name: a, when: {message: {chars: {gt: 5, in: [5, 6]}}}, then: {route: fast}}]
        """,
    "two separate ranges of one fact": """
        rules: [{name: a, when: {any: [{message: {chars: {gt: 9}}}, {message: {chars: {lt: 5}}}]}, then: {route: fast}}]
        """,
    "a chain with every kind of link": """
        rules:
          - name: a
            then:
              route:
                - requested
                - mini
                - {cheapest: [fast, workhorse], where: {quality: {gte: 0.5, lt: 0.9}, latency: {lt: 2s}}}
                - {split: {fast: 90, opus: 10}, by: attributes.tenant}
        """,
    "a limit that ends in a tier": """
        rules:
          - name: a
            then: {route: fast, limits: {cost: {max: $1, otherwise: fail}, deadline: {max: 3s, otherwise: fast}}}
        """,
    "a default of the attribute's own enum": "attributes: {lang: {type: string, enum: [de, en], default: en}}",
    "a list with a default": "attributes: {groups: {type: list, default: [a, b]}}",
    "a whole float for an integer": "attributes: {seats: {type: integer, default: 3.0}}",
    "deny on what is never unknown": """
        rules: [{name: a, when: {wants: {stream: true}}, then: {deny: {message: no streams}}}]
        """,
    "deny on an expression that is never unknown": """
        scores: {s: [{when: {wants: {json: true}}, points: 1}]}
        rules:
          - {name: a, when: {expr: 'len(wants.model) / 2 > 9 or score.s > 0'}, then: {deny: {message: long}}}
        """,
    "only beside a split that says what happens": """
        rules:
          - name: a
            on_unknown: match
            then: {route: {split: {fast: 9, opus: 1}, by: attributes.tenant}, only: {tags: [eu]}}
        """,
    "deny on existence": """
        rules: [{name: a, when: {attributes: {plan: {exists: false}}}, then: {deny: {message: "no"}}}]
        """,
    "deny on the clock": """
        rules: [{name: a, when: {time: {days: [sat-sun], zone: UTC}}, then: {deny: {message: closed}}}]
        """,
    "deny on an expression of certain facts": """
        rules:
          - name: a
            when: {expr: 'wants.model == "tenant" and not wants.json'}
            then: {deny: {message: "no"}}
        """,
    "matching on unknown toward something dearer": """
        rules: [{name: a, when: {task: generate_reply}, on_unknown: match, then: {route: frontier}}]
        """,
    "matching on unknown toward the default": """
        rules: [{name: a, when: {task: generate_reply}, on_unknown: match, then: {route: workhorse}}]
        """,
    "matching on unknown what is never unknown": """
        rules: [{name: a, when: {wants: {json: true}}, on_unknown: match, then: {route: fast}}]
        """,
    "matching on unknown to refuse": """
        rules: [{name: a, when: {task: generate_reply}, on_unknown: match, then: {deny: {message: "no"}}}]
        """,
    "a salt of one's own in every place": """
        conditions: {c: {sample: {share: 10%, salt: c}}}
        scores: {s: [{when: {sample: {share: 10%, salt: s}}, points: 1}]}
        """,
    "a sample without salt inside a rule": """
        rules: [{name: a, when: {any: [{sample: {share: 10%}}, {task: generate_reply}]}, then: {route: fast}}]
        """,
    "a condition used by two others": """
        conditions: {a: {wants: {json: true}}, b: {condition: a}, c: {all: [{condition: a}, {condition: b}]}}
        """,
    "a window over midnight": """
        zone: Europe/Berlin
        rules: [{name: a, when: {time: {between: "22:00-06:00", dates: ["2028-02-29"]}}, then: {route: fast}}]
        """,
    "confidence from a model that tells it": """
        cascades: {c: {steps: [{route: fast, accept: {output: {confidence: {gte: 0.5}}}}, {route: frontier}]}}
        """,
    "confidence where the provider is said to tell it": """
        providers: {p: {kind: anthropic, logprobs: true}}
        models: {m: {provider: p, model: claude-haiku-4-5}}
        cascades: {c: {steps: [{route: m, accept: {output: {confidence: {gte: 0.5}}}}, {route: frontier}]}}
        """,
    "a local embedder with a slash": "phrases: {p: {embedder: local/minilm, of: [hello]}}",
    "a scope of attributes and of who asks": "budgets: {b: {amount: $1, window: day, scope: [tenant, user]}}",
    "a task by pattern": 'rules: [{name: a, when: {task: {glob: "order_*"}}, then: {route: fast}}]',
    "tasks by exclusion": "rules: [{name: a, when: {task: {not_in: [order_status]}}, then: {route: fast}}]",
    "two versions that agree": "version: 1",
    "languages by their codes": """
        rules: [{name: a, when: {message: {language: [de, en]}, input: {language: {ne: zh}}}, then: {route: fast}}]
        """,
    "a language by a pattern": 'rules: [{name: a, when: {message: {language: {glob: "z*"}}}, then: {route: fast}}]',
}

FAULTY = {
    "a model unknown in a chain": ("PE301", "rules: [{name: a, then: {route: [fast, mimi]}}]"),
    "a tier unknown in a choice": ("PE301", "rules: [{name: a, then: {route: {cheapest: [fast, slow]}}}]"),
    "a tier unknown in a split": ("PE301", "rules: [{name: a, then: {route: {split: {fast: 1, slow: 2}}}}]"),
    "a tier unknown in a shadow": ("PE301", "rules: [{name: a, then: {shadow: {route: slow}}}]"),
    "a tier unknown in a step": ("PE301", "cascades: {c: {steps: [{route: slow}]}}"),
    "a tier unknown at a limit": (
        "PE301",
        "cascades: {c: {steps: [{route: fast}], limits: {deadline: {max: 3s, otherwise: slow}}}}",
    ),
    "a tier unknown to sessions": (
        "PE301",
        "rules: [{name: a, when: {session: {tier: [fast, slow]}}, then: {route: fast}}]",
    ),
    "a tier where sessions name models": (
        "PE314",
        "rules: [{name: a, when: {session: {model: {ne: workhorse}}}, then: {route: fast}}]",
    ),
    "a tier unknown in the default": ("PE301", "default: {route: slow}"),
    "a tier unknown in a disabled rule": ("PE301", "rules: [{name: a, enabled: false, then: {route: slow}}]"),
    "a default task unknown": ("PE302", "default_task: smalltalk"),
    "a task unknown in a list": (
        "PE302",
        "rules: [{name: a, when: {task: [order_status, smalltalk]}, then: {route: fast}}]",
    ),
    "an attribute unknown in a split": (
        "PE303",
        "rules: [{name: a, then: {route: {split: {fast: 1, frontier: 2}, by: attributes.team}}}]",
    ),
    "an attribute unknown in a sample": (
        "PE303",
        "rules: [{name: a, when: {sample: {share: 5%, by: attributes.team}}, then: {route: fast}}]",
    ),
    "an attribute unknown in a scope": ("PE303", "budgets: {b: {amount: $1, window: day, scope: [team]}}"),
    "an attribute called like an operator": (
        "PE303",
        "rules: [{name: a, when: {attributes: {eq: {eq: x}}}, then: {route: fast}}]",
    ),
    "a condition unknown in a condition": ("PE304", "conditions: {a: {not: {condition: b}}}"),
    "a cache unknown in an answer": (
        "PE306",
        "rules: [{name: a, then: {respond: {cache: nowhere}}}]",
    ),
    "a cache unknown in a condition": (
        "PE306",
        "rules: [{name: a, when: {cache: {nowhere: {hit: true}}}, then: {route: fast}}]",
    ),
    "a label unknown to its classifier": (
        "PE308",
        """
        classifiers: {c: {file: classifiers/complexity.json, labels: [a, b]}}
        rules: [{name: a, when: {classifier: {c: {label: {ne: d}}}}, then: {route: fast}}]
        """,
    ),
    "a cascade unknown in a condition": (
        "PE311",
        "rules: [{name: a, when: {escalation: {c: {rate: {gt: 1%}}}}, then: {route: fast}}]",
    ),
    "a provider all but known in an embedder": ("PE313", "phrases: {p: {embedder: opneai/small, of: [hello]}}"),
    "a model unknown to latency": (
        "PE314",
        "rules: [{name: a, when: {latency: {fast: {p50: {gt: 1s}}}}, then: {route: fast}}]",
    ),
    "a model unknown as a judge": (
        "PE314",
        "cascades: {c: {steps: [{route: fast, accept: {output: {judge: {model: m, question: q, score: {gt: 0.5}}}}}]}}",
    ),
    "a model unknown as a shadow's judge": (
        "PE314",
        "rules: [{name: a, then: {shadow: {route: fast, compare: judge, judge: {model: fast}}}}]",
    ),
    "a tier and a model of one name": ("PE315", "tiers: [{name: mini, models: [opus]}]"),
    "a task declared twice": ("PE315", "tasks: [order_status]"),
    "a condition made of itself": ("PE316", "conditions: {a: {any: [{condition: a}, {task: order_status}]}}"),
    "a circle through a score": (
        "PE316",
        "{conditions: {a: {score: {s: {gt: 1}}}}, scores: {s: [{when: {condition: a}, points: 1}]}}",
    ),
    "deny on an attribute whose value may be invalid": (
        "PE332",
        'rules: [{name: a, when: {attributes: {stakes: high}}, then: {deny: {message: "no"}}}]',
    ),
    "money for a signal": (
        "PE317",
        """
        signals: {risk: {type: number}}
        rules: [{name: a, when: {signal: {risk: {gt: 5%}}}, then: {route: fast}}]
        """,
    ),
    "no whole number between": (
        "PE318",
        "rules: [{name: a, when: {message: {chars: {gt: 5, lt: 6}}}, then: {route: fast}}]",
    ),
    "a number left out by another operator": (
        "PE318",
        "rules: [{name: a, when: {message: {chars: {eq: 5, ne: 5}}}, then: {route: fast}}]",
    ),
    "an empty range of a judge's score": (
        "PE318",
        """
        cascades:
          c: {steps: [{route: fast, accept: {output: {judge: {model: opus, question: q, score: {gt: 50%, lt: 0.5}}}}}]}
        """,
    ),
    "an empty range of a catalogue fact": (
        "PE318",
        "rules: [{name: a, then: {route: {best: [fast], where: {quality: {gt: 0.9, lt: 0.5}}}}}]",
    ),
    "a list compared by equality": (
        "PE319",
        "rules: [{name: a, when: {attributes: {regions: eu}}, then: {route: fast}}]",
    ),
    "a boolean by pattern": (
        "PE319",
        """
        attributes: {beta: {type: boolean}}
        rules: [{name: a, when: {attributes: {beta: {glob: t*}}}, then: {route: fast}}]
        """,
    ),
    "a default of another type": ("PE320", "attributes: {seats: {type: integer, default: many}}"),
    "an enum of another type": ("PE320", "attributes: {size: {type: string, enum: [1]}}"),
    "a boolean for a number's default": ("PE320", "attributes: {seats: {type: integer, default: true}}"),
    "half an integer": (
        "PE320",
        """
        attributes: {seats: {type: integer}}
        rules: [{name: a, when: {attributes: {seats: {eq: 1.5}}}, then: {route: fast}}]
        """,
    ),
    "a default outside the enum": ("PE321", "attributes: {size: {type: string, enum: [s, m], default: l}}"),
    "a list item outside the enum": (
        "PE321",
        "rules: [{name: a, when: {attributes: {regions: {has: asia}}}, then: {route: fast}}]",
    ),
    "a signal's value outside the enum": (
        "PE321",
        """
        signals: {mood: {type: string, enum: [good, bad]}}
        rules: [{name: a, when: {signal: {mood: ugly}}, then: {route: fast}}]
        """,
    ),
    "bare numbers in a list": (
        "PE323",
        """
        attributes: {seats: {type: integer}}
        rules: [{name: a, when: {attributes: {seats: [1, 2]}}, then: {route: fast}}]
        """,
    ),
    "confidence of a model in a tier": (
        "PE324",
        "cascades: {c: {steps: [{route: workhorse, accept: {output: {confidence: {gte: 0.5}}}}]}}",
    ),
    "a sample in a score": ("PE325", "scores: {s: [{when: {sample: {share: 10%}}, points: 1}]}"),
    "a sample in a gate": ("PE325", "cascades: {c: {steps: [{route: fast, accept: {sample: {share: 10%}}}]}}"),
    "a sample in a file's own when": (
        "PE325",
        """
        when: {sample: {share: 10%}}
        rules: [{name: a, then: {route: fast}}, {name: b, then: {route: fast}}]
        """,
    ),
    "a day that is not in the calendar": (
        "PE326",
        'rules: [{name: a, when: {time: {dates: ["2027-02-29"], zone: UTC}}, then: {route: fast}}]',
    ),
    "an expiry that is not in the calendar": (
        "PE326",
        'rules: [{name: a, expires: "2027-02-29", then: {route: fast}}]',
    ),
    "a window without length": (
        "PE326",
        'rules: [{name: a, when: {time: {between: "09:00-09:00", zone: UTC}}, then: {route: fast}}]',
    ),
    "an unknown zone for the bundle": ("PE328", "zone: Europe/Atlantis"),
    "an unknown zone for a budget": ("PE328", "budgets: {b: {amount: $1, window: day, zone: Mars/North}}"),
    "deny on a signal": (
        "PE332",
        """
        budgets: {b: {amount: $1, window: day}}
        rules: [{name: a, when: {budget: {b: {used: {gt: 1%}}}}, then: {deny: {message: x}}}]
        """,
    ),
    "only on an expression": (
        "PE332",
        "rules: [{name: a, when: {expr: 'message.chars > 5'}, then: {only: {tags: [eu]}}}]",
    ),
    "deny on what an expression subtracts": (
        "PE332",
        "rules: [{name: a, when: {expr: 'input.tokens-message.tokens > 5'}, then: {deny: {message: x}}}]",
    ),
    "deny on a name with room in it": (
        "PE332",
        "rules: [{name: a, when: {expr: 'message . chars > 5'}, then: {deny: {message: x}}}]",
    ),
    "deny on an expression over a score of uncertain parts": (
        "PE332",
        """
        scores: {s: [{when: {task: order_status}, points: 1}]}
        rules: [{name: a, when: {none: [{expr: 'score.s > 0'}]}, then: {deny: {message: x}}}]
        """,
    ),
    "deny on a division by what may be nothing": (
        "PE332",
        "rules: [{name: a, when: {expr: '8 / len(wants.model) > 1'}, then: {deny: {message: x}}}]",
    ),
    "only beside a split whose key may be missing": (
        "PE332",
        """
        rules:
          - {name: a, then: {route: {split: {fast: 9, opus: 1}, by: attributes.tenant}, only: {tags: [eu]}}}
        """,
    ),
    "deny on a condition by name": (
        "PE332",
        """
        conditions: {c: {task: order_status}}
        rules: [{name: a, when: {not: {condition: c}}, then: {deny: {message: x}}}]
        """,
    ),
    "deny on a score of uncertain parts": (
        "PE332",
        """
        scores: {s: [{when: {task: order_status}, points: 1}]}
        rules: [{name: a, when: {score: {s: {gt: 0}}}, then: {deny: {message: x}}}]
        """,
    ),
    "a canned answer on unknown": (
        "PE333",
        "rules: [{name: a, when: {task: order_status}, on_unknown: match, then: {respond: {text: hello}}}]",
    ),
    "a language by its name": ("PE345", "rules: [{name: a, when: {message: {language: german}}, then: {route: fast}}]"),
    "a language in a list": (
        "PE345",
        "rules: [{name: a, when: {input: {language: {not_in: [de, xx]}}}, then: {route: fast}}]",
    ),
    "a rule that expires today": ("PE334", 'rules: [{name: a, expires: "2026-11-24", then: {route: fast}}]'),
    "a rule that expires in 30 days": ("PE334", 'rules: [{name: a, expires: "2026-12-24", then: {route: fast}}]'),
}


@pytest.mark.parametrize("text", CLEAN.values(), ids=CLEAN.keys())
def test_what_is_right_is_left_alone(text: str, tmp_path: Path) -> None:
    """A bundle that means what it says has no findings."""
    assert validated(tmp_path, completed({"example.yaml": dedent(text)})).findings == ()


@pytest.mark.parametrize(("code", "text"), FAULTY.values(), ids=FAULTY.keys())
def test_what_is_wrong_is_told_once(code: str, text: str, tmp_path: Path) -> None:
    """One mistake is one finding, of the code that is for it."""
    found = validated(tmp_path, completed({"example.yaml": dedent(text)})).findings

    assert [finding.code for finding in found] == [code], found


ORDER = "message: {matches: 'order (?P<order_id>[0-9]+)(?: of (?P<day>[a-z]+))?'}"
TEMPLATES = {
    "a group that every match sets": ([], ORDER, "Order $order_id."),
    "a group that is optional": (["PE335"], ORDER, "Order of ${day}."),
    "a group that is misspelt": (["PE335"], ORDER, "Order ${orderid}."),
    "a group of one of two patterns": (
        ["PE335"],
        "message: {matches: ['a(?P<x>1)', 'b']}",
        "$x",
    ),
    "a group in an alternative": (["PE335"], "any: [{message: {matches: 'a(?P<x>1)'}}, {task: order_status}]", "$x"),
    "an attribute that is compared": ([], "attributes: {plan: {ne: free}}", "${attributes.plan}"),
    "an attribute that must be there": ([], "attributes: {plan: {exists: true}}", "${attributes.plan}"),
    "an attribute that may not be there": (["PE335"], "attributes: {plan: {exists: false}}", "${attributes.plan}"),
    "an attribute with a default": ([], "task: order_status", "${attributes.stakes} for $task"),
    "an attribute that nothing asks for": (["PE335"], "task: order_status", "${attributes.plan}"),
    "an attribute that a named condition asks for": ([], "condition: paying", "${attributes.plan}"),
    "a task that nothing asks for": (["PE335"], "wants: {json: false}", "$task"),
    "dollars": ([], "task: order_status", "It costs $$5."),
    "a dollar alone": (["PE336"], "task: order_status", "It costs 5 $."),
}


@pytest.mark.parametrize(("codes", "when", "template"), TEMPLATES.values(), ids=TEMPLATES.keys())
def test_a_template_may_use_what_its_rule_surely_sets(
    codes: list[str], when: str, template: str, tmp_path: Path
) -> None:
    """A placeholder is right if no request that matches the rule can leave it unset."""
    rules = f"""
        conditions: {{paying: {{attributes: {{plan: pro}}}}}}
        rules:
          - {{name: a, when: {{{when}}}, then: {{respond: {{template: t.txt}}}}}}
        """
    found = validated(tmp_path, completed({"example.yaml": dedent(rules), "t.txt": template})).findings

    assert [finding.code for finding in found] == codes


def test_a_rule_that_matches_on_unknown_sets_nothing_but_defaults(tmp_path: Path) -> None:
    """If a rule matches though its pattern is unknown, the pattern's groups are unset."""
    rules = f"""
        rules:
          - name: a
            when: {{{ORDER}}}
            on_unknown: match
            then: {{respond: {{template: t.txt}}}}
        default: {{deny: {{message: x}}}}
        """
    files = completed({"example.yaml": dedent(rules), "t.txt": "$order_id ${attributes.stakes}"})

    found = validated(tmp_path, files).findings

    assert [finding.message for finding in found] == [
        "placeholder `order_id` can be left unset (line 1 of the template)"
    ]


SCHEMAS = {
    "an object": ('{"type": "object", "properties": {"a": {"$ref": "#/$defs/b"}}, "$defs": {"b": true}}', []),
    "anything": ("true", []),
    "not JSON": ('{"type": ', ["`a.json` is not JSON (line 1)"]),
    "a list": ("[]", ["`a.json` is JSON, but no schema"]),
    "elsewhere": (
        '{"$ref": "https://example.com/a.json"}',
        ["`a.json` refers to `https://example.com/a.json`, which is not in it"],
    ),
    "of a wrong form": (
        '{"required": 5}',
        ["`a.json` is not a valid JSON Schema: 5 is not of type `array` at `/required`"],
    ),
}


@pytest.mark.parametrize(("content", "messages"), SCHEMAS.values(), ids=SCHEMAS.keys())
def test_an_answer_schema_must_be_one_and_complete(content: str, messages: list[str], tmp_path: Path) -> None:
    """A file that answers are checked against is JSON, a schema, and refers to nothing outside itself."""
    steps = "cascades: {c: {steps: [{route: fast, accept: {output: {json_schema: a.json}}}, {route: frontier}]}}"
    found = validated(tmp_path, completed({"example.yaml": steps, "a.json": content})).findings

    assert [finding.message for finding in found] == messages


def test_a_circle_is_told_with_all_that_belong_to_it(tmp_path: Path) -> None:
    """A circle has one finding, which names its way round."""
    text = "conditions: {a: {condition: b}, b: {condition: c}, c: {not: {condition: a}}, d: {condition: a}}"
    (found,) = validated(tmp_path, completed({"example.yaml": text})).findings

    assert found.message == "condition `a` is defined by itself"
    assert found.help == "condition `a` uses condition `b` uses condition `c` uses condition `a`; break the circle"
    assert [related.address.keys for related in found.related] == [("conditions", "b"), ("conditions", "c")]


LANGUAGES = {
    "german": "did you mean `de`?",
    "Portugese": "did you mean `pt`?",
    "en-US": "did you mean `en`?",
    "pt_BR": "did you mean `pt`?",
    "xx": "write a code of ISO 639-1, such as `de` or `en`",
}


@pytest.mark.parametrize(("written", "help"), LANGUAGES.items())
def test_a_language_is_suggested_by_its_name(written: str, help: str, tmp_path: Path) -> None:
    """A name, a locale or a slip of the finger leads to the code."""
    rule = f"rules: [{{name: a, when: {{message: {{language: {written}}}}}, then: {{route: fast}}}}]"
    (found,) = validated(tmp_path, completed({"example.yaml": rule})).findings

    assert (found.message, found.help) == (f"no language has the code `{written}`", help)
    assert found.address.keys == ("rules", 0, "when", "message", "language")


TRAINED = empty_classifier("a", "b")
CLASSIFIERS = {
    "as it should be": (TRAINED, []),
    "in another order": (empty_classifier("b", "a"), []),
    "cut off": (TRAINED[:100], [("PE343", "`c.json` cannot be used: it is cut off or no JSON")]),
    "of a later release": (
        TRAINED.replace('"format": 1', '"format": 2'),
        [("PE343", "`c.json` cannot be used: a newer release wrote it (format 2, this one knows 1)")],
    ),
    "hostile": (
        "[" * 50_000,
        [("PE343", "`c.json` cannot be used: it is cut off or no JSON")],
    ),
    "with an embedder elsewhere": (
        TRAINED.replace('"embedder": null', '"embedder": "openai/embed-1"').replace(
            '"embedding": []', '"embedding": [[1,2]]'
        ),
        [("PE343", "`c.json` cannot be used: its embedder `openai/embed-1` is a provider's, and not on this machine")],
    ),
    "of fewer labels": (empty_classifier("a", "c"), [("PE344", "`c.json` never says `b`")]),
    "of more labels": (empty_classifier("a", "b", "c"), [("PE344", "`c.json` also says `c`")]),
}


@pytest.mark.parametrize(("content", "told"), CLASSIFIERS.values(), ids=CLASSIFIERS.keys())
def test_a_classifier_must_be_one_with_these_labels(content: str, told: list[tuple[str, str]], tmp_path: Path) -> None:
    """A file is told once, at the place that names it, and with what is wrong with it."""
    declared = "classifiers: {c: {file: c.json, labels: [a, b]}}"
    findings = validated(tmp_path, completed({"example.yaml": declared, "c.json": content})).findings

    assert [(finding.code, finding.message) for finding in findings] == told
    assert {finding.address.keys[:2] for finding in findings} <= {("classifiers", "c")}
