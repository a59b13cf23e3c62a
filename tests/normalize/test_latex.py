"""LaTeX, MathML and HTML in titles as plain text."""

from __future__ import annotations

import pytest

from streams.normalize.latex import looks_like_latex, strip_latex, strip_markup


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Moss &amp;amp; ice", "Moss & ice"),
        ("<i>Cladonia</i> on <b>rock</b>", "Cladonia on rock"),
        ("H<sub>2</sub>O and Na<sup>-</sup>", "H2O and Na(-)"),
        ("<p>Moss</p><p>ice</p>", " Moss  ice "),
        ("where a <b and c> d", "where a <b and c> d"),
        ("<math alttext='$x$'/>", "$x$"),
        ("Moss and ice", "Moss and ice"),
    ],
)
def test_tags_and_entities_go_and_their_content_stays(text: str, plain: str) -> None:
    assert strip_markup(text) == plain


def test_of_two_copies_of_a_formula_one_is_kept() -> None:
    mathml, tex = "<math><mi>x</mi></math>", "<tex-math>$x$</tex-math>"
    assert strip_markup(mathml + tex).split() == ["x"]
    assert strip_markup(tex).split() == ["$x$"]


@pytest.mark.parametrize(
    ("latex", "plain"),
    [
        (r"Erd\H{o}s and Sch\"odinger", "Erdős and Schödinger"),
        (r"{\it Cladonia} of {\O}resund", "Cladonia of Øresund"),
        (r"$L^\infty$ of $\mathbb{R}^n$", "L∞ of Rn"),
        (r"moss\footnote{of ice}", "moss"),
        (r"$\pi^-$ and $10^{-3}$", " pi (-) and 10-3"),
        (r"$\RR$ and \upbeta", "R and  beta "),
        ("``moss'' ~ice", '"moss"  ice'),
    ],
)
def test_commands_are_read_as_what_they_print(latex: str, plain: str) -> None:
    assert strip_latex(latex) == plain


@pytest.mark.parametrize(("text", "is_latex"), [(r"\alpha", True), ("$x$", True), ("costs $5", False), ("moss", False)])
def test_what_latex_looks_like(text: str, is_latex: bool) -> None:
    assert looks_like_latex(text) is is_latex
