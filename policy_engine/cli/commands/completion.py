"""`policy-engine completion`: the script that teaches a shell to complete commands, options and names."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from policy_engine.cli.console import Console, with_console

_VARIABLE = "_POLICY_ENGINE_COMPLETE"


@click.command()
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
@click.pass_context
@with_console
def command(ctx: click.Context, shell: str, console: Console) -> None:
    """
    Print the completion script of SHELL.

    \b
    bash: eval "$(policy-engine completion bash)"     in ~/.bashrc
    zsh:  eval "$(policy-engine completion zsh)"      in ~/.zshrc, after compinit
    fish: policy-engine completion fish > ~/.config/fish/completions/policy-engine.fish
    """
    found = get_completion_class(shell)
    assert found is not None  # click knows the three
    console.data(found(ctx.find_root().command, {}, "policy-engine", _VARIABLE).source())
