r"""LaTeX, MathML and HTML in titles, turned into plain Unicode text.

arXiv writes titles in LaTeX, publishers in MathML or JATS tags, indexers in Unicode; all three must give
the same text. Only markup that titles really contain is understood. A command for a letter (`\alpha`) becomes the letter's
name, as the letter itself does; an unknown command keeps its name.
"""

from __future__ import annotations

import html
import re
import unicodedata

__all__ = ["looks_like_latex", "strip_latex", "strip_markup"]

_ACCENTS = {
    "'": "\u0301", "`": "\u0300", "^": "\u0302", '"': "\u0308", "~": "\u0303", "=": "\u0304", ".": "\u0307",
    "u": "\u0306", "v": "\u030c", "H": "\u030b", "c": "\u0327", "k": "\u0328", "r": "\u030a", "d": "\u0323", "b": "\u0331",
}  # fmt: skip
_LETTERS = {
    "o": "ø", "O": "Ø", "l": "ł", "L": "Ł", "ss": "ß", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "aa": "å",
    "AA": "Å", "i": "i", "j": "j", "dh": "ð", "DH": "Ð", "th": "þ", "TH": "Þ", "dj": "đ", "DJ": "Đ", "S": "§",
}  # fmt: skip
_SYMBOLS = {
    "infty": "∞", "partial": "∂", "times": "×", "cdot": " ", "to": " ", "rightarrow": " ", "leftarrow": " ", "mapsto": " ",
    "longrightarrow": " ", "leftrightarrow": " ", "le": "≤", "leq": "≤", "ge": "≥", "geq": "≥", "lt": "<", "gt": ">",
    "neq": " ", "ne": " ", "sim": " ", "simeq": " ", "approx": " ", "pm": "±", "mp": "∓", "in": " ", "ldots": " ",
    "dots": " ", "cdots": " ", "quad": " ", "qquad": " ", "mid": " ", "vert": " ", "Vert": " ", "circ": "°", "degree": "°",
    "deg": "°", "star": "*", "ast": "*", "dagger": " ", "prime": "′", "hbar": "ħ", "ell": "l", "nabla": "∇", "sqrt": "√",
    "sum": "∑", "prod": "∏", "int": "∫", "oplus": " ", "otimes": "×", "wedge": " ", "cup": " ", "cap": " ", "equiv": " ",
    "subset": " ", "setminus": " ", "colon": " ", "emptyset": "∅", "perp": " ", "parallel": " ", "ltimes": "×",
    "rtimes": "×", "bullet": " ", "propto": " ", "geqslant": " ", "leqslant": " ", "lesssim": " ", "gtrsim": " ",
    "langle": " ", "rangle": " ", "lVert": " ", "rVert": " ", "copyright": " ", "textendash": "-", "textemdash": "-",
    "textregistered": " ", "texttrademark": " ", "textquoteright": "'", "textquoteleft": "'", "textmu": "μ",
    "textdegree": "°", "texttimes": "×", "textpm": "±", "textasteriskcentered": "*", "textasciitilde": "~",
    "textless": "<", "textgreater": ">", "textunderscore": "_", "textperiodcentered": "·", "lq": "'", "rq": "'",
}  # fmt: skip
# Wrappers and spacing that set the look of a text, not its meaning.
_SILENT_WORDS = (
    "left right big bigl bigr Big Bigl Bigr bigg biggl biggr displaystyle textstyle scriptstyle textit textbf textrm "
    "texttt textsf textsc textsl textup emph em it bf rm tt sc sl sf cal mathrm mathbf mathbb mathcal mathfrak mathscr "
    "mathsf mathit mathtt boldsymbol bm bold pmb operatorname operatorname* text mbox hbox ensuremath xspace "
    "textsuperscript textsubscript overline underline bar hat tilde vec dot ddot widehat widetilde overrightarrow check "
    "breve acute grave mathring frac dfrac tfrac binom limits nolimits protect noindent newline linebreak break small "
    "large Large tiny uppercase lowercase MakeUppercase mathop mathbin mathrel stackrel overset underset not "
    "hspace vspace phantom slash rmfamily bfseries itshape normalfont smash nobreak allowbreak hskip kern scriptsize "
    "footnotesize normalsize mathcode rule raisebox"
)
_SILENT = frozenset(_SILENT_WORDS.split())
_DROP_WITH_ARGUMENT = re.compile(
    r"\\(?:cite\w*|footnote\w*|thanks|label|ref|eqref|url|tnoteref|fnref|[hv]space|usepackage|documentclass(?:\[[^\]]*\])?|"
    r"setlength\s*\{[^{}]*\}|color|fontsize)\*?\s*\{[^{}]*\}|\\(?:begin|end)\s*\{[^{}]*\}|"
    r"\\kern\s*-?[\d.]+\s*(?:em|ex|pt|mu)"
)
# A raised minus is a charge (text.py reads it so), unless a number or a name follows: it is an exponent's then.
_RAISED_MINUS = re.compile(
    r"\^\s*(?:\{\s*[-\u2212]\s*\}|[-\u2212](?![\d{A-Za-z\\]))|(?<=[A-Za-z}])\^[-\u2212](?=[A-Za-z](?![A-Za-z]))"
)
_ACCENT = re.compile(
    r"\\(?:(['`^\"~=.])\s*\{?\s*\\?([A-Za-z])\s*\}?|([uvHckrdb])(?:\s*\{\s*\\?([A-Za-z])\s*\}|\s+([A-Za-z])\b))"
)
_ACCENT_BRACED = re.compile(r"\{(\\(?:['`^\"~=.]\s*\{?\\?[A-Za-z]\}?|[uvHckrdb]\s*\{?\s*\\?[A-Za-z]\}?))\}")
_COMMAND = re.compile(r"\\([A-Za-z]+)\*?[ \t]?|\\(.)", re.DOTALL)
_LETTER_BRACED = re.compile(r"\{\\(" + "|".join(sorted(_LETTERS, key=len, reverse=True)) + r")\s*\}")
_DISCARD = str.maketrans({"$": None, "{": None, "}": None, "^": None, "~": " "})
_GREEK_VARIANT = re.compile(
    r"^(?:var(?=epsilon|theta|phi|rho|sigma|pi|kappa)|(?:up|text)(?=alpha|beta|gamma|delta|epsilon|theta|kappa|lambda|mu|nu|"
    r"pi|rho|sigma|tau|phi|chi|psi|omega))"
)

# The TeX copy of a formula, and that a MathML copy of it is beside it: before, within the same element, or behind.
_ANNOTATION = re.compile(
    r"(<(?:mml:|m:)?semantics[^<>]*>\s*)?<((?:mml:|m:)?annotation(?:-xml)?)\b[^<>]*>(.*?)</\2>",
    re.DOTALL | re.IGNORECASE,
)
_TEX_MATH = re.compile(r"<((?:jats:)?tex-math)\b[^<>]*>(.*?)</\1>", re.DOTALL | re.IGNORECASE)
_BETWEEN = r"(?:\s|</?(?:jats:)?(?:alternatives|inline-graphic|graphic|inline-formula)\b[^<>]*>)*"
_MATHML_BEFORE = re.compile(rf"</(?:mml:|m:)?math\s*>{_BETWEEN}$", re.IGNORECASE)
_MATHML_BEHIND = re.compile(rf"{_BETWEEN}<(?:mml:|m:)?math\b", re.IGNORECASE)
_ONLY_ALTTEXT = re.compile(
    r"<((?:mml:|m:)?math)\b[^<>]*?\balttext=(?:\"([^\"]*)\"|'([^']*)')[^<>]*?(?:/>|>\s*</\1\s*>)", re.IGNORECASE
)
_TEX_BODY = re.compile(r"\\begin\{document\}(.*?)\\end\{document\}", re.DOTALL)
_SUP_MINUS = re.compile(r"<((?:jats:)?sup)>\s*[-\u2013\u2212]\s*</\1>", re.IGNORECASE)
# Attributes, which distinguish a tag from `a < b and c > d`.
_ATTRIBUTES = r"(?:\s+[\w:.-]+(?:\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s\"'<>]+))?)*"
_NAMED_ATTRIBUTES = r"(?:\s+[\w:.-]+\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s\"'<>]+))*"
# Tags inside a word (H<sub>2</sub>O) leave nothing behind; the others separate words.
_INLINE_TAG = re.compile(
    rf"</?(?:(?:jats|mml|m):)?(?:(?:em|strong|sub|sup|inf|italic|bold|sc|scp|tt|span|font|small|mi|mo|mn|ms|mrow|msub|"
    rf"msup|msubsup|mstyle|mfrac|msqrt|mover|munder|mtext|semantics|mpadded|mfenced|roman|named-content|styled-content|"
    rf"monospace|overline|underline|sans-serif|inline-formula|math|formula|tex|nobr|wbr|tex-math){_ATTRIBUTES}|"
    rf"[ibua]{_NAMED_ATTRIBUTES})\s*/?>",
    re.IGNORECASE,
)
_TAG = re.compile(
    rf"</?(?:[A-Za-z][\w.-]*:[\w.-]+|p|q|s|h[1-6]|[a-z][a-z-]*[a-z]){_NAMED_ATTRIBUTES}\s*/?>|</[A-Za-z][\w:.-]*\s*>|<!--.*?-->",
    re.DOTALL | re.IGNORECASE,
)


def strip_markup(text: str) -> str:
    """Return a text without tags and entities, their content kept; of a formula in MathML and TeX, the MathML.

    Entities are decoded twice: `&amp;lt;` is what a feed makes of `<` when it escapes what was escaped.
    """
    if "&" in text:
        text = html.unescape(text)
        if "&" in text:
            text = html.unescape(text)
    if "<" in text:
        if "tex-math" in text or "annotation" in text or "alttext" in text:
            text = _one_copy_of_formulas(text)
        if "sup>" in text:
            text = _SUP_MINUS.sub("(-)", text)
        text = _INLINE_TAG.sub("", text)
        text = _TAG.sub(" ", text)
    return text


def _one_copy_of_formulas(text: str) -> str:
    text = _ONLY_ALTTEXT.sub(lambda match: match[2] or match[3] or "", text)
    text = _ANNOTATION.sub(lambda match: match[3] if match[1] else " ", text)
    return _TEX_MATH.sub(_tex_alone, text)


def _tex_alone(match: re.Match[str]) -> str:
    """Return the TeX of a formula, `""` where MathML of the same formula is beside it."""
    text = match.string
    if _MATHML_BEHIND.match(text, match.end()) or _MATHML_BEFORE.search(text[: match.start()]):
        return " "
    body = _TEX_BODY.search(match[2])
    return body[1] if body else match[2]


def looks_like_latex(text: str) -> bool:
    """Tell whether a text is LaTeX: a backslash, or two dollar signs (source: S2APLER)."""
    return "\\" in text or ("$" in text and text.count("$") > 1)


def _compose(match: re.Match[str]) -> str:
    accent = match.group(1) or match.group(3)
    letter = match.group(2) or match.group(4) or match.group(5)
    return unicodedata.normalize("NFC", letter + _ACCENTS[accent])


def _command(match: re.Match[str]) -> str:
    name = match.group(1)
    if name is None:
        other = match.group(2)
        return " " if other in ",;:! \\>/\n" else other
    if name in _SILENT:
        return ""
    if name in _SYMBOLS:
        return _SYMBOLS[name]
    if name in _LETTERS:
        return _LETTERS[name]
    if len(name) == 2 and name[0] == name[1] and name.isupper():  # \RR, \ZZ: an author's macro for a blackboard letter
        return name[0]
    return " " + _GREEK_VARIANT.sub("", name) + " "


def strip_latex(text: str) -> str:
    """Turn LaTeX into Unicode text: accents composed, wrappers dropped, symbols and letter names kept."""
    if "^" in text:
        text = _RAISED_MINUS.sub("(-)", text)
    if "\\" in text:
        text = _DROP_WITH_ARGUMENT.sub("", text)
        text = _ACCENT_BRACED.sub(r"\1", text)
        text = _LETTER_BRACED.sub(lambda m: _LETTERS[m.group(1)], text)
        text = _ACCENT.sub(_compose, text)
        text = _COMMAND.sub(_command, text)
    return text.translate(_DISCARD).replace("``", '"').replace("''", '"')
