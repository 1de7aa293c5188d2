"""The command that prints what makes a shell complete the others."""

from __future__ import annotations

import sys
from typing import Annotated, Literal

import typer

from service.cli.app import HERE, app

COMPLETES = "_ADALINE_COMPLETE"  # by click's convention, from the program's name
Shell = Annotated[Literal["bash", "zsh", "fish"], typer.Argument(help="The shell to complete in.")]


@app.command(rich_help_panel=HERE)
def completion(shell: Shell) -> None:
    """Print a shell script that completes commands, options, models and ids.

    bash: adaline completion bash >> ~/.bashrc; zsh: adaline completion zsh >> ~/.zshrc; fish: adaline completion fish >
    ~/.config/fish/completions/adaline.fish
    """
    from typer._completion_shared import get_completion_script

    sys.stdout.write(get_completion_script(prog_name="adaline", complete_var=COMPLETES, shell=shell) + "\n")
