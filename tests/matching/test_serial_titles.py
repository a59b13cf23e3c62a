import pytest

from streams.matching.serial_titles import SERIALS, serial_title
from streams.normalize.text import normalize


def test_every_serial_has_an_example_it_knows() -> None:
    for serial in SERIALS:
        assert serial_title(normalize(serial.example)) == serial.code


@pytest.mark.parametrize(
    "title",
    [
        "World malaria report", "Global reef report", "Annual report of the reef commission",
        "Quarterly bulletin of reefs", "Jahresbericht", "Rapport annuel de la société",
        "Yearbook of forest products", "World economic outlook", "The state of food insecurity in the world",
    ],
)  # fmt: skip
def test_serial_titles_are_known(title: str) -> None:
    assert serial_title(normalize(title))


@pytest.mark.parametrize(
    "title",
    [
        "Annual report 1996", "Proceedings of the 5th workshop on reefs", "A progress report on coral growth",
        "Annual growth of corals", "Statistics of random reefs", "First report of bleaching in the lagoon",
        "Report on the workshop on reefs", "Reefs: an interim report",
    ],
)  # fmt: skip
def test_titles_that_appear_once_or_name_their_number_are_no_serials(title: str) -> None:
    assert serial_title(normalize(title)) == ""
