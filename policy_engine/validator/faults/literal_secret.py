"""
literal-secret: a secret stands in a policy file.

Avoid:
    providers:
      openai: {kind: openai, api_key: sk-not-a-real-key}
Prefer:
    providers:
      openai: {kind: openai, api_key: "${OPENAI_API_KEY}"}
Why:
    Policy files are reviewed, copied, hashed and shown in diffs, so what stands in them is no secret for long. Write
    `${NAME}`: the environment variable is read when a call is made, and a bundle loads without it. If a real key was
    here, replace it at its provider.
"""

CODE = "PE211"
NAME = "literal-secret"
