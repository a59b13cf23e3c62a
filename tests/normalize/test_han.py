import pytest

from streams.normalize.han import _variants, fold_han
from streams.normalize.names import author_key
from streams.normalize.text import normalize
from streams.records.record import Author


@pytest.mark.parametrize(
    "forms",
    [
        ("圖書館學", "图书馆学", "図書館学"),
        ("頭髮發展", "头发发展"),
        ("國際經濟", "国际经济", "国際経済"),
        ("说话", "說話", "説話"),
    ],
)
def test_variants_of_a_character_compare_as_one(forms: tuple[str, ...]) -> None:
    assert len({fold_han(form) for form in forms}) == 1
    assert len({normalize(form) for form in forms}) == 1


def test_other_characters_stay_apart() -> None:
    assert len({fold_han(form) for form in ("大", "太", "犬", "土", "士", "未", "末")}) == 7


def test_names_in_both_scripts_are_one() -> None:
    assert author_key(Author("張偉")) == author_key(Author("张伟"))


def test_no_form_leads_to_another() -> None:
    variants = _variants()
    assert len(variants) > 2_500
    assert not set(variants) & set(map(ord, variants.values()))
