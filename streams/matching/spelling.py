"""One spelling for words that are written in several ways: British and American, and the names of one disease.

`one_spelling` is applied to every title in normal form, so that both spellings make equal titles and equal keys.
"""

from __future__ import annotations

import re
from functools import lru_cache

from streams.normalize.text import word_set

__all__ = ["ORDINALS", "is_inflection", "one_spelling"]

# Stems, not rules of sound, so that hour, noise, science, Israel, aerosol and algae stay as they are. Source: the variant
# spellings of SCOWL's VarCon; of 134,000 English words no two that differ in meaning become one.
_OUR = re.compile(
    r"(behavi|col|endeav|fav|ferv|flav|harb|hon|hum|lab|misdemean|neighb|od|parl|ranc|rig|rum|sav|splend|tum|val|vap|vig|arm)our"
)
_AE = re.compile(
    r"^haem|(?<=[a-z])aemi[ac]|anaem|paed|naec|naesth|^aeti|^aesth|^faec|palae|mediaev|chaeo|^caec|(?<=h)aem[ao]"
)
_OE = re.compile(r"oedem|^oes|foet|(?<=[a-z])oestr|(?<=[a-z])oesoph|rrhoe|pnoe|amoeb|^coeli|homoeo|manoeuv")
_IS = re.compile(r"(?<=[a-z]{3})is(e[sdr]?|ing|ations?|ational|able|ers)$")
_NOT_IS = re.compile(
    r"(?:exerc|prem|prom|prec|conc|surpr|compr|enterpr|superv|telev|adv|rev|dev|desp|disgu|expert|merchand|franch|w|parad|treat|"
    r"demarc|exc|circumc|inc|improv|apr|appr|chem|prof|preci|vis|collis|anis|mis|advert|dem|lou|mala|upr|franco|torto|marqu|sunr|"
    r"[aou])is"
)
_YS = re.compile(r"(?<=[aeo]l)ys(e[sdr]?|ing)$")
_LL = re.compile(r"(?<=[a-z]{2}[ae])ll(ed|ing|er|ers)$")
_KEPT_LL = word_set(
    "called calling caller callers falling telling selling seller sellers smelling dwelling dwellings spelling swelling "
    "controlled compelling excelling propelled propelling propeller repelling stalled stalling walled installed installing "
    "recalling yelling quelling expelled expelling impelling smaller taller storytelling upwelling compelled schelling "
    "indwelling shelling impeller impellers"
)
_RE = re.compile(r"(?:cent|met|lit|fib|theat|calib|lust|spect|tit|sab|goit|ochr?)re(s?)$")
_WORDS = {
    "defence": "defense", "offence": "offense", "licence": "license", "pretence": "pretense", "programme": "program",
    "programmes": "programs", "grey": "gray", "aluminium": "aluminum", "ageing": "aging", "judgement": "judgment",
    "judgements": "judgments", "artefact": "artifact", "artefacts": "artifacts", "sceptical": "skeptical", "scepticism":
    "skepticism", "fulfil": "fulfill", "fulfilment": "fulfillment", "enrolment": "enrollment", "instalment": "installment",
    "mould": "mold", "moulds": "molds", "moulding": "molding", "plough": "plow", "ploughing": "plowing", "cheque": "check",
    "tyre": "tire", "tyres": "tires", "skilful": "skillful", "caesium": "cesium", "draught": "draft", "practise": "practice",
    "orientated": "oriented", "analogue": "analog", "analogues": "analogs", "catalogue": "catalog", "catalogues": "catalogs",
    "dialogue": "dialog", "dialogues": "dialogs", "disc": "disk", "discs": "disks", "heterogenous": "heterogeneous",
    "aeroplane": "airplane", "kerb": "curb",
    "pyjamas": "pajamas", "storey": "story", "gaol": "jail", "woollen": "woolen", "jewellery": "jewelry", "marvellous":
    "marvelous", "tranquillity": "tranquility", "signalling": "signaling", "preventative": "preventive", "cypher": "cipher",
}  # fmt: skip


ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth "
    "seventeenth eighteenth nineteenth twentieth"
)
_NTH = "1st 2nd 3rd 4th 5th 6th 7th 8th 9th 10th 11th 12th 13th 14th 15th 16th 17th 18th 19th 20th"
_ORDINALS = dict(zip(_NTH.split(" "), ORDINALS.split(" "), strict=True))
_MONTHS = {
    "jan": "january", "feb": "february", "mar": "march", "apr": "april", "jun": "june", "jul": "july", "aug": "august",
    "sep": "september", "sept": "september", "oct": "october", "nov": "november", "dec": "december",
}  # fmt: skip
# A short form is a month only beside a day or a year: "feb 14", "14 17 feb 1995".
_MONTH = re.compile(rf"(?<=\d )(?:{'|'.join(_MONTHS)})\b|\b(?:{'|'.join(_MONTHS)})(?= \d)")
_A_DIGIT = re.compile(r"\d")


def _without_second(match: re.Match[str]) -> str:
    text = match.group()
    return text.replace("ae", "e").replace("oe", "e")


# Of words seen lately, for the words of titles recur. A dictionary takes half of the time of `lru_cache`.
_SPELLINGS: dict[str, str] = {}
_MOST_SPELLINGS = 65_536


def _remember(word: str) -> str:
    if len(_SPELLINGS) >= _MOST_SPELLINGS:
        _SPELLINGS.clear()
    spelling = _SPELLINGS[word] = _american(word)
    return spelling


def _american(word: str) -> str:
    """Return the American spelling of a word in normal form, the word itself where there is no other."""
    if word in _ORDINALS:
        return _ORDINALS[word]
    if len(word) < 4:
        return word
    if word in _WORDS:
        return _WORDS[word]
    if "our" in word:
        word = _OUR.sub(r"\1or", word)
    if "ae" in word:
        word = _AE.sub(_without_second, word)
    if "oe" in word:
        word = _OE.sub(_without_second, word)
    if "is" in word and not _NOT_IS.search(word):
        word = _IS.sub(r"iz\1", word)
    elif "ys" in word:
        word = _YS.sub(r"yz\1", word)
    if "ll" in word and word not in _KEPT_LL:
        word = _LL.sub(r"l\1", word)
    if "sulph" in word:
        word = word.replace("sulph", "sulf")
    return _RE.sub(lambda m: m.group()[: -2 - len(m[1])] + "er" + m[1], word) if word.endswith(("re", "res")) else word


# One disease and its virus, which titles of 2020 name in a dozen ways: a preprint says 2019-nCoV, its article COVID-19.
_COVID = re.compile(
    r"\b(?:(?:the )?(?:20)?19 ?n ?cov(?: ?(?:20)?19)?|n ?cov ?(?:20)?19|n ?covid ?19|covid ?(?:20)?19|(?:human )?sars ?cov ?2|"
    r"severe acute respiratory (?:syndrome|disease) (?:coronavirus|corona virus) (?:type )?2|"
    r"(?:novel |new )?(?:coronavirus|corona virus) ?(?:disease|infection|pneumonia)s? ?(?:of )?(?:20)?19|"
    r"(?:the )?(?:(?:20)?19 )?(?:novel|new) (?:coronavirus|corona virus)"
    r"(?: (?:disease|infection|pneumonia)s?)?(?: (?:20)?19(?! n))?|"
    r"(?:coronavirus|corona virus) ?(?:20)?19|covid)(?=\b|(?<=ncov)[a-z])"
)
_TWICE = re.compile(r"\bcovid19(?: (?:virus |disease )?covid19)+\b")


def one_spelling(title: str) -> str:
    """Return a title in normal form with every word in one spelling.

    >>> one_spelling("modelling tumour growth in haematology")
    'modeling tumor growth in hematology'
    """
    known = _SPELLINGS.get
    title = " ".join([known(word) or _remember(word) for word in title.split(" ")])
    if not title.replace(" ", "").isalpha() and _A_DIGIT.search(title):
        title = _MONTH.sub(lambda match: _MONTHS[match[0]], title)
    # Not in discovery and recovery.
    if "corona" in title or (
        "cov" in title and ("covid" in title or "ncov" in title or " cov" in title or "sarscov" in title)
    ):
        title = _TWICE.sub("covid19", _COVID.sub("covid19 ", title).replace("  ", " ").strip())
    return title


_ENDINGS = ("ations", "ation", "ions", "ion", "ings", "ing", "ies", "ied", "es", "ed", "s", "e", "y", "")
_LEAST_STEM = 4


def is_inflection(one: str, other: str) -> bool:
    """Tell whether two words differ only in a plural, a verb's ending or a noun of action: study, studies; sample, sampling.

    The stem before the ending has four letters or more and is compared as it is spelled, so `oxide` and `oxidation` are forms of
    one word, too. Endings of adverbs, adjectives and persons make another word: `linear` and `linearly`, `oxide` and `oxidative`.
    """
    short, long = (one, other) if len(one) < len(other) else (other, one)
    if len(short) < 3:
        return False
    if long.startswith(short) and long[len(short) :] in ("s", "es"):
        return True
    return len(short) > _LEAST_STEM and _stem(short) == _stem(long)


@lru_cache(maxsize=4096)
def _stem(word: str) -> str:
    """Return a word without its ending as a verb, a noun of action or a plural."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _LEAST_STEM:
            return word[: len(word) - len(ending)]
    return word
