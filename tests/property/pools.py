"""The values that made-up policies test and made-up requests send: few, so that they meet."""

from __future__ import annotations

TASKS = ("chat", "code", "digest")
WORDS = (
    "hello",
    "order",
    "123456",
    "refund!",
    "trade-off",
    "prove",
    "über",
    "日本語",
    "a_b",
    "Straße",
    "x",
    "\n",
    "end.",
)
PATTERNS = (
    r"(?i)\border\s+#?(\d{6,10})\b",
    r"^hello",
    "refund|return",
    r"\d+",
    "ü",
    r"(?s)hello.*end",
    r"[^\x00-\x7F]",
    r"\.$",
    "(?i)STRASSE|straße",
)
PHRASES = ("hello", "Order", "trade-off", "order 123456", "日本", "über", "refund", "refund!", "a", "x", "b", "strasse")
GLOBS = ("*", "a*", "?cme", "*e", "acme*ltd", "[aA]*", "*[!x]")
LANGUAGES = ("en", "de", "fr")
COUNTS = (0, 1, 2, 3, 5, 8, 13, 40, "0.01k", "0.1k")
SHARES = (0, 0.05, 0.3, "30%", 0.5, "50%", 0.9, "95%", 1)
NUMBERS = (-2, 0, 0.1, 0.2, 0.3, 1, 2.5, 5, "1k")
MONEY = (0, "$0.5", "$5", 20)
DURATIONS = ("0s", "400ms", "1s", "2.5s", "1m")
WINDOWS = ("09:00-17:00", "22:00-06:00", "00:00-24:00", "12:00-12:30", "18:00-00:00")
DAYS = ("mon-fri", "sat", "sun-tue", ["mon", "wed-thu"], "fri-mon")
DATES = ("2026-11-23", "2026-11-20..2026-11-24", ["2026-12-24..2026-12-26", "2026-11-25"])
ZONES = ("Europe/Berlin", "UTC", "America/New_York", "Asia/Kolkata")
MOMENTS = (
    "2026-11-23T10:00:00Z",
    "2026-11-23T22:59:59Z",
    "2026-11-24T04:30:00Z",
    "2026-11-25T00:00:00+01:00",
    "2026-11-28T12:00:00Z",
    "2026-12-24T23:30:00-05:00",
    "2026-03-29T01:30:00Z",
)

STRINGS = ("", "acme", "Acme Ltd", "über gmbh", "x")
INTEGERS = (0, 1, 2, 5, 40, -3)
FLOATS = (0, 0.0, 0.1, 0.25, 0.3, 1, 1.0, 2.5, 3, 3.0, 1000, 1000.0)
"""Numbers that are whole are there in both spellings, which are the same."""
ITEMS = ("red", "green", "blue", "1", 0, 1, 1.0, 2.5, True, False)
"""To Python, true is 1; to the language it is not."""
PLANS = ("free", "pro", "max")
LEVELS = (1, 2, 3)
MARKS = ("red", 1, False)
SEVERITIES = ("low", "high")
LABELS = ("easy", "hard")

ATTRIBUTE_TYPES = {
    "plan": "string",
    "tenant": "string",
    "items": "string",
    "seats": "integer",
    "level": "integer",
    "ratio": "number",
    "vip": "boolean",
    "labels": "list",
    "marks": "list",
}
"""An attribute may be called `items`, like a method of mappings."""
SIGNAL_TYPES = {"risk": "number", "hops": "integer", "severity": "string", "flagged": "boolean", "topics": "list"}
VALUES = {
    "plan": PLANS,
    "tenant": STRINGS,
    "items": STRINGS,
    "seats": INTEGERS,
    "level": LEVELS,
    "ratio": FLOATS,
    "vip": (True, False),
    "risk": FLOATS,
    "hops": INTEGERS,
    "severity": SEVERITIES,
    "flagged": (True, False),
}
"""What an attribute or own signal can be, by name; lists are made of ITEMS."""
ENUMS = {"plan": PLANS, "level": LEVELS, "severity": SEVERITIES, "marks": MARKS}

MODELS = ("tiny", "small", "large", "huge")
TIERS = ("fast", "slow")
CACHES = ("semantic", "exact")
CASCADES = ("careful", "plain")

CONVERSATION_COUNTS = ("messages", "turns", "tools", "tool_calls", "tool_results", "tool_errors", "images", "repeats")
CONVERSATION_FLAGS = ("has_system", "in_tool_loop")
KEYS = ("id", "session", "user", "attributes.tenant", "attributes.vip", "attributes.seats", "attributes.ratio")
