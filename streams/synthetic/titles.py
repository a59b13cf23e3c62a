"""Titles and abstracts composed from a field's words, and the changes that sources make to a title."""

from __future__ import annotations

import re
from random import Random

from streams.synthetic.people import name_ascii
from streams.synthetic.vocabulary import LATEX, SYLLABLES, VERBS, Field

__all__ = ["abstract", "capitalised", "latex", "proper", "replace_slot", "title", "typo"]

_Words = tuple[str, str, str, str]  # quality, method, object, context
_SYSTEMS = ("Net", "Former", "BERT", "Bench", "QA", "GAN", "Flow", "Diff", "RL", "Eval")


def proper(rng: Random) -> str:
    """Make a proper name of two or three syllables: a place, a scholar, a gene."""
    count = 2 + (rng.random() < 0.4)
    return "".join(SYLLABLES[int(rng.random() * len(SYLLABLES))] for _ in range(count)).capitalize()


def title(rng: Random, field: Field) -> tuple[str, str]:
    """Make a title and its subtitle (mostly empty), natural for the field and rare enough to be its own."""
    random = rng.random
    words = (
        field.qualities[int(random() * len(field.qualities))],
        field.methods[int(random() * len(field.methods))],
        field.objects[int(random() * len(field.objects))],
        field.contexts[int(random() * len(field.contexts))],
    )
    name = proper(rng)
    form = int(random() * 8)
    if field.name in ("medicine", "society"):
        main, subtitle = _study(form, words, name), words[1] if random() < 0.7 else ""
    elif field.name == "learning":
        main, subtitle = _system(rng, form, words, name)
    else:
        main, subtitle = _result(rng, form, words, name), ""
    return main[0].upper() + main[1:], subtitle[:1].upper() + subtitle[1:]


def _study(form: int, words: _Words, name: str) -> str:
    quality, _, thing, context = words
    return (
        f"{quality} {thing} {context} of the {name} region",
        f"Effect of {name.lower()}ine on {quality} {thing} {context}",
        f"Prevalence and predictors of {quality} {thing} {context}: the {name.upper()} study",
        f"The {name} programme and {thing} {context}",
        f"{name} index as a marker of {quality} {thing} {context}",
        f"What explains {quality} {thing} {context}? Evidence from {name}",
        f"{quality} {thing} and its determinants in {name}",
        f"Outcomes of {name.lower()}al support for {quality} {thing} {context}",
    )[form]


def _system(rng: Random, form: int, words: _Words, name: str) -> tuple[str, str]:
    quality, method, thing, context = words
    system = name[:4].rstrip("aeiou") + _SYSTEMS[int(rng.random() * len(_SYSTEMS))]
    verb = VERBS[int(rng.random() * len(VERBS))]
    return (
        (system, f"{quality} {method} for {thing} {context}"),
        (f"{quality} {method} for {thing} {context}", ""),
        (f"{verb} {quality} {thing} {context} with {method}", ""),
        (system, f"a {quality} approach to {thing} {context}"),
        (f"{thing} {context} via {quality} {method}", f"the {name} benchmark" if rng.random() < 0.3 else ""),
        (f"{name} {method} for {quality} {thing}", ""),
        (f"{verb} {thing} {context}", f"{quality} {method} revisited"),
        (f"On the role of {method} in {quality} {thing} {context}", ""),
    )[form]


def _result(rng: Random, form: int, words: _Words, name: str) -> str:
    quality, method, thing, context = words
    other = proper(rng)
    return (
        f"{method} of {quality} {thing} {context}",
        f"{quality} {thing} {context}: {method}",
        f"On the {name}–{other} conjecture for {quality} {thing}",
        f"{method} for {quality} {thing} and the {name} effect",
        f"{name} {thing} {context}",
        f"{quality} {thing} of {name} type {context}",
        f"A note on {quality} {thing} {context} and {name} {method}",
        f"{thing} {context} in the {name} {('system', 'class', 'regime', 'valley')[form % 4]}: {method}",
    )[form]


def replace_slot(rng: Random, field: Field, text: str) -> str:
    """Make the title of a sibling paper: one word of `text` from the field's lists is exchanged for another."""
    for words in rng.sample((field.contexts, field.objects, field.qualities), 3):
        for word in words:
            if word.lower() in text.lower():
                other = words[(words.index(word) + 1 + int(rng.random() * (len(words) - 1))) % len(words)]
                changed = re.sub(re.escape(word), lambda _: other, text, count=1, flags=re.IGNORECASE)  # noqa: B023 - called at once
                return changed[0].upper() + changed[1:]
    return f"{text} {field.contexts[int(rng.random() * len(field.contexts))]}"


_OPENINGS = (
    "We study {main}.", "This paper is about {main}.", "Little was known of {main} until recently.",
    "What is known of {main} rests on few observations.", "Here {main} is looked at anew.", "We ask what governs {main}.",
    "For a decade {main} has been debated.", "An open question concerns {main}.", "Models of {main} disagree with one another.",
    "Motivated by earlier reports, we return to {main}.", "The aim of this work was to understand {main}.",
    "We give an account of {main}.",
)  # fmt: skip
_BODIES = (
    "Our work rests on {method} and on {thing}, with {count} cases from {name}.",
    "By {method} we followed {count} examples of {thing} near {name}.",
    "In {count} samples {thing} was compared, using {method} as {name} did.",
    "We combine {method} with data on {thing} that {name} collected in {count} places.",
    "{count} runs, each with its own seed, tell {method} from what {name} called {thing}.",
    "Sources from {name} describe {thing}; we read {count} of them by means of {method}.",
    "The proof uses {method}, a lemma of {name}, and {count} computed instances of {thing}.",
    "Participants ({count}) were recruited in {name}; {method} served to measure {thing}.",
    "A survey of {thing} with {count} entries, made for {name}, is analysed through {method}.",
    "We extend {method} to {thing} and test it on {count} records of the {name} archive.",
)  # fmt: skip
_ENDINGS = (
    "The results improve on earlier ones by {part} per cent and agree with {name} and {other}.",
    "Errors fall by {part} per cent where the conditions of {name} hold, and not at all in {other}.",
    "This contradicts {name}, whose figure was {part} per cent higher, and supports {other}.",
    "A share of {part} per cent is left unexplained; {name} and {other} may account for it.",
    "Open problems, among them those of {name}, are listed; {other} has since solved {part} per cent.",
    "We conclude that {part} per cent of the variance is due to {name}, as {other} had guessed.",
    "Code, tables and the {name} corpus are available; {other} reproduced {part} per cent of it.",
    "With {part} per cent the effect is small but larger than in {name} or {other}.",
)  # fmt: skip


def abstract(rng: Random, field: Field, main: str) -> str:
    """Make three sentences that go with a title.

    There are so many possible sentences that two works seldom share more than words.
    """
    random = rng.random
    pick = [
        words[int(random() * len(words))] for words in (field.qualities, field.objects, field.contexts, field.methods)
    ]
    opening, body, ending = (texts[int(random() * len(texts))] for texts in (_OPENINGS, _BODIES, _ENDINGS))
    return " ".join(
        (
            opening.format(main=f"{main[0].lower()}{main[1:]}"),
            body.format(method=pick[3], thing=" ".join(pick[:3]), count=int(random() * 900) + 20, name=proper(rng)),
            ending.format(part=int(random() * 400) / 10, name=proper(rng), other=proper(rng)),
        )
    )


def latex(text: str) -> str:
    """Return a text as TeX sources write it: accents as commands, Greek and symbols as mathematics."""
    for plain, tex in LATEX.items():
        if plain in text:
            text = text.replace(plain, tex)
    return text


def typo(rng: Random, text: str) -> str:
    """Return a text with one slip of a typist: a letter lost, doubled, or two exchanged; digits stay, for they carry meaning."""
    at = 1 + int(rng.random() * max(1, len(text) - 3))
    pair = text[at : at + 2]
    if len(pair) < 2 or not pair.isalpha():
        return text
    return text[:at] + (pair[1], pair[0] + pair, pair[::-1])[int(rng.random() * 3)] + text[at + 2 :]


def capitalised(text: str) -> str:
    """Return a title in Title Case, with small words in lower case."""
    small = {"of", "the", "in", "on", "for", "with", "and", "a", "an", "at", "to", "from", "by", "under", "via"}
    words = (word if word in small or not word.islower() else word[0].upper() + word[1:] for word in text.split(" "))
    return " ".join(words)


def ascii_title(text: str) -> str:
    """Return a title without accents and with ASCII dashes, as old systems stored it; Greek letters stay."""
    return name_ascii(text).replace("–", "-").replace("“", '"').replace("”", '"')
