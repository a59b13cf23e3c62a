"""Rules kept as data: how texts and patterns over several lines are read."""

from __future__ import annotations

import re

from streams.matching.rule_files import joined_pattern, joined_text, read_rules, read_titles
from streams.normalize.text import normalize


def test_a_text_of_several_lines_is_one() -> None:
    assert joined_text("ice\n   and   snow\n") == "ice and snow"
    assert joined_text("{ice} and\n {snow}", {"ice": "frost"}) == "frost and {snow}"


def test_line_ends_mean_nothing_in_a_pattern_and_blanks_within_a_line_do() -> None:
    assert joined_pattern("(?:ice|\n   snow) {count}\n", {"count": r"\d{1,2}"}) == r"(?:ice|snow) \d{1,2}"
    assert re.fullmatch(joined_pattern(r"ice\n{2}"), "ice\n\n"), "a repetition is no piece"


def test_every_rule_file_and_list_can_be_read() -> None:
    assert read_rules("title_labels.toml")["label"]
    assert read_rules("serial_titles.toml")["serial"]
    titles = read_titles("placeholders.txt")
    assert titles
    assert all(normalize(title) == title for title in titles if not title.isascii())
