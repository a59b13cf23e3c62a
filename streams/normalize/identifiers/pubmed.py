"""Identifiers of PubMed and PubMed Central in normal form.

A record's number is written with a label before or behind, as a URL, with leading zeros, with a version, and by table
tools as a decimal number or in powers of ten.
"""

from __future__ import annotations

import re

__all__ = ["normalize_pmcid", "normalize_pmid"]

_PLAIN = re.compile(r"0*([1-9]\d{0,8})")
_DECIMAL = re.compile(r"0*([1-9]\d{0,8})[.,]0+")
_GROUPED = re.compile(r"[1-9]\d{0,2}(?:,\d{3}){1,2}")
# R writes 12000000 as 1.2e+07; two decimals and a capital E are a spreadsheet's, which rounded the number.
_POWER = re.compile(r"([1-9])(?:\.(\d{1,8}))?[eE]\+?0?([1-8])")
_ROUNDED = re.compile(r"\d\.\d\dE\+\d\d")
_LABEL = (
    r"(?:pubmed|medline|pmid|pmed|pm|med)(?:\s*(?:pmid|uid|id|number|no\.?|accession))*[\]:#=_/\s-]*|"
    r"(?:list_)?uids?=|\[(?:uid|pmid)\][:=\s]*"
)
_LABELLED_PMID = re.compile(rf"(?<![a-z0-9])(?:{_LABEL})0*([1-9]\d{{0,8}})(?:\.0*)?(?![\w.-])", re.IGNORECASE)
_FIRST_PMID = re.compile(
    r"[\s#(\[{\"'<]*0*([1-9]\d{0,8})(?:\.0+)?(?:\s*\[[a-z]|(?<=\d{5})\s*[;,|(]|\s+pm|[)\]}>\"']|\.?\s*/?$)",
    re.IGNORECASE,
)
_PUBMED_URL = re.compile(
    r"(?:pubmed(?:\.ncbi\.nlm\.nih\.gov)?|/med|pubmed:)/?(?:\?(?:.*[?&])?(?:term|id)=)?0*([1-9]\d{0,8})(?!\w|-)",
    re.IGNORECASE,
)
_PMCID = re.compile(
    r"(?<![a-z0-9])(?:pmc(?:id|\s*id)?(?:/articles/)?[\s:=_/-]*)+0*([1-9]\d{0,8})(?:\.\d+)?(?!\w|-\d)", re.IGNORECASE
)
_FIRST_PMCID = re.compile(
    r"[\s#(\[{\"'<]*0*([1-9]\d{0,8})(?:\.\d+)?(?:\s*[\[;,|]|\s+pm|[)\]}>\"']|\.?\s*$)", re.IGNORECASE
)
_LAST_OF_URL = re.compile(r"[^\s?#]+[/=:]0*([1-9]\d{0,8})(?:\.\d+)?/?(?:[?#].*)?")


def _number(text: str) -> str:
    """Return the digits of a text that is a number in any form, `""` where it is none."""
    if match := _PLAIN.fullmatch(text) or _DECIMAL.fullmatch(text):
        return match[1]
    if _GROUPED.fullmatch(text):
        return text.replace(",", "")
    power = _POWER.fullmatch(text)
    if power and not _ROUNDED.fullmatch(text):
        decimals, exponent = power[2] or "", int(power[3])
        if len(decimals.rstrip("0")) <= exponent:
            return (power[1] + decimals.rstrip("0")).ljust(exponent + 1, "0")
    return ""


def normalize_pmid(text: str) -> str:
    """Return a PubMed identifier as its digits, `""` where the text has none.

    >>> normalize_pmid("PMID: 0012345678.0")
    '12345678'
    """
    if number := _number(text):
        return number
    if "/" not in text:
        match = _LABELLED_PMID.search(text) or _FIRST_PMID.match(text)
    else:
        match = (
            _PUBMED_URL.search(text) or _LABELLED_PMID.search(text) or _last(text, ("pmc/", "pmc.ncbi", "/articles/"))
        )
    return match[1] if match else ""


def normalize_pmcid(text: str) -> str:
    """Return a PubMed Central identifier as `PMC` and its digits, without version, `""` where the text has none.

    >>> normalize_pmcid("PMCID: PMC0012345.2")
    'PMC12345'
    """
    number = _number(text)
    if not number:
        match = _PMCID.search(text) or _FIRST_PMCID.match(text) or _last(text, ("pubmed.ncbi", "/pubmed/"))
        number = match[1] if match else ""
    return f"PMC{number}" if number else ""


def _last(url: str, others: tuple[str, ...]) -> re.Match[str] | None:
    """Return the match of the number that ends a URL, None for a URL with a DOI or of a server in `others`."""
    lower = url.lower()
    return None if "10." in url or any(other in lower for other in others) else _LAST_OF_URL.fullmatch(url)
