"""Words that sources write in place of a title they do not have: `Untitled`, `nan`, `(:unav)`, `OUP accepted manuscript`."""

from __future__ import annotations

import re

__all__ = ["is_file_name", "is_placeholder"]

_LONGEST = 48
_EXACT = frozenset(
    text.strip()
    for text in (
        # what a program writes for nothing; DataCite's codes
        "nan,null,none,nil,undefined,na,n a,unknown,missing,not set,not specified,unspecified,not applicable,"
        "unav,unas,unkn,unac,unal,unap,tba,tbd,to be announced,to be determined,to be defined,tbc,xxx,xx,lorem ipsum,"
        # that there is no title
        "no title,no title available,no title given,no title found,no title provided,no title supplied,no title specified,title not available,"
        "title unavailable,title unknown,title missing,missing title,title not found,title not specified,title not provided,title pending,"
        "title to be announced,title to be determined,unknown title,not available,no name,no data,without title,untitled,untitled document,"
        "untitled article,untitled item,untitled work,untitled paper,untitled page,untitled document 1,untitled 1,sin titulo,sem titulo,sans titre,"
        "ohne titel,kein titel,senza titolo,zonder titel,uten tittel,utan titel,uden titel,bez nazvy,bez nazwy,bez tytulu,без названия,без заглавия,"
        "без имени,无标题,無標題,無題,无题,タイトルなし,제목 없음,s n,s t,titre inconnu,titulo no disponible,titulo nao disponivel,"
        # a field's name in place of its value
        "title,titel,titre,titulo,titolo,article title,paper title,document title,manuscript title,insert title here,type title here,enter title here,"
        "title here,title of paper,title of the paper,title of article,the title,your title here,article,document,manuscript,full text,fulltext,"
        "full text pdf,pdf,view pdf,download,download pdf,"
        # what a publisher shows before the title is typeset, and what is left of a record
        "oup accepted manuscript,accepted manuscript,author accepted manuscript,authors accepted manuscript,author manuscript,in press,article in press,"
        "articles in press,uncorrected proof,corrected proof,ahead of print,early view,accepted article,just accepted,deleted,record deleted,"
        "deleted record,item deleted,withdrawn,this article has been withdrawn,this item has been withdrawn,duplicate record,"
        # a page that is no article
        "page not found,404 not found,not found,access denied,redirecting,login,log in,sign in,just a moment,cookies disabled,cookie absent,"
        "sciencedirect,untitled presentation,powerpoint presentation,microsoft powerpoint,microsoft word,document1,presentation1,slide 1,no slide title"
    ).split(",")
    if text.strip()
)  # fmt: skip
_NUMBERED = re.compile(r"(?:document|untitled|presentation|scan|img|dsc|doc|microsoft word)(?: ?\d+)+")
_FILE_NAME = re.compile(r"[^.:?!]{1,90}\.(?:pdf|docx?|pptx?|rtf|tiff?|jpe?g|png|xlsx?|csv|zip|mp4|eps)", re.IGNORECASE)


def is_placeholder(words: str) -> bool:
    """Whether words in normal form stand in place of a title."""
    return len(words) <= _LONGEST and (
        words in _EXACT or (words[-1:].isdigit() and _NUMBERED.fullmatch(words) is not None)
    )


def is_file_name(text: str) -> bool:
    """Whether a title is the name of a file."""
    return text[-4:-3] == "." and _FILE_NAME.fullmatch(text) is not None or text[-5:-4] == "." and _FILE_NAME.fullmatch(text) is not None
