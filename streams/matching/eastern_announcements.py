"""Announcements in Chinese, Japanese and Korean, which have no blanks to find a first word by."""

from __future__ import annotations

import re

__all__ = ["eastern_announcement"]

_WORDS = {
    "corrects": "訂正|正誤表|正誤|更正|勘误表|勘誤表|勘误|勘誤|订正|誤植訂正|정정|정오표",
    "retracts": "撤稿|撤回|撤销|撤銷|取り下げ|철회",
    "replies_to": "答复|答覆|回复|回覆|への回答|に対する回答|へのリプライ",
    "comments_on": "への討議|に対する討議|へのコメント|に対するコメント|商榷",
}
_ANY = re.compile("|".join(_WORDS.values()))
# "訂正:title", "关于"title"的更正", "title(訂正)", "titleの訂正"
_FORMS = (
    r"^\W*(?:论文|論文|お詫びと|关于|關於)?(?:{words})(?:启事|啟事|声明|聲明|通知|公告|说明|說明|について)?\s*[\]】)]?\s*[:—\-\s\[(】\])]\s*(?P<title>.{{4,}}?)[\])]?$",
    r"^[^\"]{{0,6}}\"(?P<title>.{{4,}})\"[^\"]{{0,8}}?(?:{words})(?:启事|啟事|声明|聲明|表|について)?\W*$",
    r"^(?P<title>.{{4,}}?)\s*[\[(—:\s-]\s*(?:论文|論文)?(?:{words})(?:启事|啟事|声明|聲明)?\s*[\])]?\W*$",
    r"^(?P<title>.{{6,}}?)(?:の|的|에 대한)\s?(?:{words})(?:启事|啟事|声明|聲明|表|について)?\W*$",
)
_RULES = tuple((kind, re.compile(form.format(words=words))) for kind, words in _WORDS.items() for form in _FORMS)


def eastern_announcement(text: str) -> tuple[str, str] | None:
    """Return the kind of notice that a title announces and the title of its work, None where it announces nothing.

    Quotation marks must be straight.
    """
    if _ANY.search(text):
        for kind, pattern in _RULES:
            if match := pattern.match(text):
                return kind, match["title"]
    return None
