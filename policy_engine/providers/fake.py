"""A provider that makes its answers up, the same for the same prompt, for tests, examples and dry runs."""

from __future__ import annotations

from policy_engine.model.call import Failure, Prompt, Reply, Usage
from policy_engine.model.texts import estimate_tokens, newest_user_text, whole_text
from policy_engine.providers.local import LocalProvider

_SURE = 0.0  # the logarithm of a probability of 1


class FakeProvider(LocalProvider):
    """
    Answers with `reply`, or if that is None with what it was asked; it takes no time.

    Tokens are estimated as UTF-8 bytes / 4. It is certain of each token, if token probabilities are asked for.
    """

    def __init__(self, reply: str | None = None) -> None:
        self._reply = reply

    def answer(self, prompt: Prompt, model: str) -> Reply | Failure:
        """A whole answer."""
        text = self._reply if self._reply is not None else newest_user_text(prompt.messages) or ""
        tokens = estimate_tokens(text)
        return Reply(
            message={"role": "assistant", "content": text},
            finish_reason="stop",
            usage=Usage(input_tokens=estimate_tokens(whole_text(prompt.messages)), output_tokens=tokens),
            elapsed_s=0.0,
            logprobs=(_SURE,) * tokens if prompt.logprobs and tokens else None,
            served_by=model,
        )
