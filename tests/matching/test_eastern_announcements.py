import pytest

from streams.matching.titles import title_forms
from streams.normalize.text import normalize

WORDS = "coral growth in warm lagoons"


EASTERN = [
    ("訂正:珊瑚の成長に関する研究", "珊瑚の成長に関する研究"),
    ("珊瑚の成長に関する研究（訂正）", "珊瑚の成長に関する研究"),
    ("《珊瑚生长研究》更正", "珊瑚生长研究"),
    ("勘误：珊瑚生长研究", "珊瑚生长研究"),
    ("【訂正】Coral growth in warm lagoons", WORDS),
    ("Coral growth in warm lagoons 正誤表", WORDS),
]


@pytest.mark.parametrize(("title", "words"), EASTERN)
def test_scripts_without_blanks_announce_too(title: str, words: str) -> None:
    forms = title_forms(title)
    assert forms.derived == "corrects"
    assert forms.whole == normalize(words)
