"""What commands print where nobody watches."""

from __future__ import annotations

import pytest
from rich.table import Table

from streams.cli.context import console

REASON = "two editions of one book that nobody should take for one another " * 4


def test_what_is_piped_keeps_ids_and_reasons_in_one_piece(capsys: pytest.CaptureFixture[str]) -> None:
    table = Table("cluster", "type", "cause", "reason", box=None)
    table.add_row("ctwjuxeint6bse", "merged into ct3xcshbz7y5g4", "correction:k690a21134984", REASON)
    screen = console()
    screen.print(table)
    screen.print(REASON)
    heading, row, text = capsys.readouterr().out.splitlines()
    assert "correction:k690a21134984" in row
    assert REASON.strip() in row
    assert REASON.strip() in text
    assert len(heading) == len(row) < 1000, "as wide as what is in it"


def test_texts_of_others_are_texts(capsys: pytest.CaptureFixture[str]) -> None:
    table = Table("reason", box=None)
    table.add_row("see [/b] and [bold] and \x1b[2J")
    screen = console()
    screen.print(table)
    screen.print("[red]x\x07", style="bold")
    said = capsys.readouterr().out
    assert "see [/b] and [bold] and \\x1b[2J" in said
    assert "[red]x\\x07" in said
