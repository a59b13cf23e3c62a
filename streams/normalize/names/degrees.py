"""Text around a name that is no part of it: degrees and fellowships behind it, titles before it, marks of footnotes."""

from __future__ import annotations

import re

from streams.normalize.text import word_set

__all__ = ["is_degree", "may_be_initials", "without_degrees", "without_marks"]

# Letters alone, for M.D. and MD are both in use. Degrees of up to three letters may as well be initials.
_DEGREES = word_set(
    "jr sr ii iii iv v 2nd 3rd esq phd dphil drphil dr drmed drrernat drhc md mdphd do mbbs mbchb mbbch mbbchir bmbs "
    "bmbch mb bs ba bsc bschons bahons bsn ms ma msc msci mscph msn mph msph mhs mhsc mha mhi mba mphil mres mpharm "
    "bpharm pharmd dpharm mpa mpp msw lcsw med edd edm mtech btech meng beng bds bdsc mds dds dmd dvm vmd dscm dsc "
    "scd scm drph psyd dnp rn np aprn crnp cns rd rdn ldn pt dpt mpt ot otr pa pac jd llb llm lld mlis mls mfa march "
    "cpa cfa pe od aud ccc ccrn facn facp facs facc faha fase fesc fhrs faap faan facog facep fccp fchest frcp frcpc "
    "frcpe frcpi frcs frcsc frcse frcsed frcpath frcpsych frcpch frcr frca frcog frcgp mrcp mrcs mrcog mrcpch mrcgp "
    "mrcpsych mrcpath fracp fracs fracgp franzcog ranzcr fcps mcps fwacs fwacp fcp fcs frs frse fmedsci frsc fba "
    "freng fieee faimbe fahms pgdip pgcert dip dipl diplom mag ing habil univprof hdr cand stud"
)
_SEPARATOR = re.compile(r"[\s,;/&-]+")
_INITIALS = re.compile(r"(?:[A-Z][\s.-]{0,3}){1,3}", re.IGNORECASE)
_NO_INITIALS = frozenset(("phd", "msc", "bsc", "dsc", "edd", "jr", "sr", "ii", "iii", "iv"))
_DOCTOR = re.compile(r"m\.?d\.?", re.IGNORECASE)  # one word: "M. D." are initials
# In capitals DR may be the initials of a name; with a name and initials or a given name behind it, it is none.
_TITLE = re.compile(
    r"(?:(?:Dr|Prof|Professor|Mr|Mrs|Ms|Mx|Sir|Dame|Rev|Assoc|Asst|Priv\.-Doz|Dipl\.-Ing)\b\.?\s+|(?:DR|PROF)\b\.?\s+(?=\S+\s+\S)|"
    r"(?:med|rer|nat|phil|habil|h)\.\s?|c\.\s)+"
)
# Digits within a word are misread letters: Gy6ngy.
_MARKS = re.compile(r"\d+(?:st|nd|rd|th)\b|\d+(?![^\W_])|[*†‡§¶‖#^|✉⁎∗]+")
_PARTICLES = word_set(
    "van von der den de del della di da dos das du la le ter ten te al el bin ibn af av san mac mc st"
)


def is_degree(text: str) -> bool:
    """Tell whether a text consists of degrees, fellowships or suffixes of names alone: `M.D., Ph.D.`, `Jr.`."""
    plain = text.replace(".", "").lower()
    if plain in _DEGREES:
        return True
    first = plain.replace(",", " ").partition(" ")[0]
    if first not in _DEGREES or first == plain or len(text) > 60:
        return False
    words = [word for part in _SEPARATOR.split(text) if (word := _letters(part))]
    return bool(words) and (all(word in _DEGREES for word in words) or "".join(words) in _DEGREES)


def _letters(word: str) -> str:
    return "".join(filter(str.isalnum, word)).lower()


def may_be_initials(family: str, part: str) -> bool:
    """Tell whether a text behind a comma is initials rather than a degree: `Leite Lopes, M. A.`, but not `Smith, MPH`.

    Behind several words, which must be given and family name, `MD` is a doctor and `MPH` a degree.
    """
    part = part.strip()
    letters = _letters(part)
    if not _INITIALS.fullmatch(part) or letters in _NO_INITIALS:
        return False
    words = [word for word in family.split() if word.lower() not in _PARTICLES]
    return len(words) < 2 or (len(letters) < 3 and not _DOCTOR.fullmatch(part))


def without_degrees(name: str) -> str:
    """Return a name, whose order is not known, without degrees at commas and without the titles before it."""
    if "," in name:
        first, *rest = (part.strip() for part in name.split(","))
        several = len([part for part in rest if part]) > 1
        kept = [first]
        for at, part in enumerate(rest):
            alone = " " not in first or not several
            if part and not (is_degree(part) and not (at == 0 and alone and may_be_initials(first, part))):
                kept.append(part)
        name = ", ".join(kept)
    if name[:1] in "DPMSRA" and (title := _TITLE.match(name)):
        name = name[title.end() :]
    return name


def without_marks(name: str) -> str:
    """Return a name without digits and signs of footnotes: `Smith1,2`, `Smith*`, `†Smith`."""
    return " ".join(_MARKS.sub(" ", name).replace(" ,", ",").split()).lstrip(" ,;.").rstrip(" ,;")
