"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperCommand

EMBEDDED = "sqlite:///mlflow.db"
"""Where ``--mlflow`` logs without a URI."""
Mlflow = Annotated[
    str | None,
    typer.Option("--mlflow", metavar="[URI]", show_default=False, help=f"Log to MLflow: to a server, or without a URI to {EMBEDDED}."),
]


class MlflowCommand(TyperCommand):
    """A command whose ``--mlflow`` may stand without its URI: what follows is one only if it reads like one."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        filled = []
        for arg, following in zip(args, [*args[1:], ""], strict=True):
            filled.append(f"--mlflow={EMBEDDED}" if arg == "--mlflow" and "://" not in following else arg)
        return super().parse_args(ctx, filled)
