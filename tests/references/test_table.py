"""Tables as databases and review tools export them, by the names of their columns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from streams.errors import UsageError
from streams.references.reading import form_of_file
from streams.references.reading import read as read_file
from streams.references.table import read

SAME = {
    "title": "On corals",
    "authors": ["Reef, Ada", "Müller, Jón"],
    "year": "2020",
    "journal": "Tides",
    "volume": "12",
    "number": "3",
    "doi": "10.5555/a",
}
NAMES = '"Reef, Ada; Müller, Jón"'
TABLES = {
    "scopus": (
        '"Authors","Author full names","Author(s) ID","Title","Year","Source title","Volume","Issue","Art. No.","Page start",'
        '"Page end","Page count","Cited by","DOI","Link","Abstract","PubMed ID","Language of Original Document","Document Type",'
        '"Publication Stage","Open Access","Source","EID"\n'
        '"","Reef, Ada (57190000000); Müller, Jón (57190000001)","57190000000; 57190000001","On corals","2020","Tides","12",'
        '"3","","1","9","","4","10.5555/a","","[No abstract available]","31234567",'
        '"English","Article","Final","","Scopus","2-s2.0-1"\n',
        "2-s2.0-1",
        {"pages": "1-9", "pmid": "31234567", "language": "English", "type": "journal-article"},
    ),
    "web of science, tags": (
        "PT\tAU\tAF\tTI\tSO\tDT\tID\tPY\tVL\tIS\tBP\tEP\tDI\tPG\tUT\tPM\r\n"
        "J\tReef, A\tReef, Ada; Müller, Jón\tOn corals\tTides\tArticle\tGROWTH\t2020\t12\t3\t1\t9\t10.5555/a\t9\t"
        "WOS:1\t31234567\r\n",
        "WOS:1",
        {"pages": "1-9", "pmid": "31234567", "type": "journal-article"},
    ),
    "web of science, names": (
        "Publication Type,Authors,Article Title,Source Title,Publication Date,Publication Year,Volume,Issue,Start Page,End Page,"
        "DOI,UT (Unique WOS ID)\n"
        f"J,{NAMES},On corals,Tides,MAR,2020,12,3,1,9,10.5555/a,WOS:1\n",
        "WOS:1",
        {"pages": "1-9"},
    ),
    "rayyan": (
        "key,title,year,month,day,journal,issn,volume,issue,pages,authors,url,notes,doi,keywords,pubmed_id,pmc_id\n"
        'rayyan-1,On corals,2020,3,1,Tides,,12,3,1-9,"Reef, Ada and Müller, Jón",,,10.5555/a,,31234567,PMC1\n',
        "rayyan-1",
        {"pages": "1-9", "pmid": "31234567", "pmcid": "PMC1"},
    ),
    "dimensions": (
        '"About the data: Exported on Jan 1, 2024. Criteria: a, b"\n'
        "Rank,Publication ID,DOI,Title,Source title,PubYear,Volume,Issue,Pagination,Authors\n"
        f"1,pub.1,10.5555/a,On corals,Tides,2020,12,3,1-9,{NAMES}\n",
        "pub.1",
        {"pages": "1-9"},
    ),
    "lens": (
        "Lens ID,Title,Date Published,Publication Year,Publication Type,Source Title,Volume,Issue Number,Start Page,End Page,DOI,"
        "Author/s\n"
        f"000-1,On corals,2020-03-02,2020,journal article,Tides,12,3,1,9,10.5555/a,{NAMES}\n",
        "000-1",
        {"pages": "1-9", "type": "journal-article"},
    ),
    "ebsco": (
        "Article Title,Author,Journal Title,Publication Date,Volume,Issue,First Page,Accession Number,DOI\n"
        f"On corals,{NAMES},Tides,2020,12,3,1,123,10.5555/a\n",
        "123",
        {"pages": "1"},
    ),
    "excel with semicolons": (
        'sep=;\r\nTitle;Authors;Year;Journal;Volume;Issue;DOI\r\nOn corals;"Reef, Ada; Müller, Jón";2020;Tides;12;3;10.5555/a\r\n',
        "",
        {},
    ),
    "excel on an old Mac": (
        f"Title,Authors,Year,Journal,Volume,Issue,DOI\rOn corals,{NAMES},2020,Tides,12,3,10.5555/a\r",
        "",
        {},
    ),
}


@pytest.mark.parametrize(("text", "key", "more"), TABLES.values(), ids=TABLES)
def test_exports(text: str, key: str, more: dict[str, Any]) -> None:
    (reference,) = read(text)
    assert reference.key == key
    assert reference.document == SAME | more


def test_the_database_is_not_the_journal() -> None:
    text = "Authors,Title,Source title,Source,EID\n[No author name available],A book,,Scopus,2-s2.0-2\n"
    assert next(read(text)).document == {"title": "A book"}
    assert next(read("Authors,Title,Source\nA B,T,Tides\n")).document["journal"] == "Tides"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_table_of_web_of_science_is_a_txt(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "savedrecs.txt"
    path.write_bytes(TABLES["web of science, tags"][0].encode(encoding))
    (reference,) = read_file(str(path))
    assert reference.document["authors"] == SAME["authors"]


def test_other_texts_are_no_table(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("Title of my notes, in short\nand more\n")
    assert form_of_file(str(path)) is None


def test_cells_of_several_lines_and_nul() -> None:
    text = 'Title,Authors,Abstract\nO\0ne,"A, B","First\n\nsecond ""line"", 5"" long"\nTwo,"C, D",x\n'
    one, two = read(text)
    assert one.document["title"] == "One"
    assert one.document["abstract"] == 'First\n\nsecond "line", 5" long'
    assert two.document["title"] == "Two"


def test_a_quotation_mark_without_end_is_no_reference_of_all_that_follows() -> None:
    with pytest.raises(UsageError, match="never closed in the row that begins with '\"Two,B'"):
        list(read('Title,Authors\nOne,A\n"Two,B\nThree,C\nFour,D\n'))
    assert len(list(read('Title,Authors\nA 5" pipe,A\nOne,"B\nC"'))) == 2
