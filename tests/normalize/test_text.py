import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.normalize.text import compact, fold_words, informative, normalize, plain


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (r"The $\alpha$-Divergence of Schr\"odinger Operators", "the alpha divergence of schrodinger operators"),
        ("The α-Divergence of Schrödinger Operators", "the alpha divergence of schrodinger operators"),
        (r"Estimates in $L^\infty$ and $\mathbb{R}^n$", "estimates in l infinity and rn"),
        ("Estimates in L∞ and ℝn", "estimates in l infinity and rn"),
        (
            r"Motion on {\it K\"ahler} manifolds by \v{S}koda and \L{}ukasz",
            "motion on kahler manifolds by skoda and lukasz",
        ),
        ("CO<sub>2</sub> uptake &amp;lt; 5 &amp;amp; rising", "co2 uptake 5 and rising"),
        ("<jats:title>Growth of <jats:italic>E. coli</jats:italic></jats:title>", "growth of e coli"),
        (
            "<mml:math><mml:mi>x</mml:mi><annotation encoding='tex'>x</annotation></mml:math> bosons",
            "x bosons",
        ),
        ("Ｆｕｌｌ ｗｉｄｔｈ 𝐁𝐨𝐥𝐝 letters", "full width bold letters"),
        ("soft\u00adhyphen zero\u200bwidth", "softhyphen zerowidth"),
        ("neuro-\n degenerative disease", "neurodegenerative disease"),
        ("O’Neill's theorem", "oneills theorem"),
        ("Die Straße nach Łódź", "die strasse nach lodz"),
        ("Мой дом", "мой дом"),
        ("Краткий обзор", "краткий обзор"),
        ("日本語のがか", "日本語のがか"),
        ("हिन्दी भाषा", "हिन्दी भाषा"),
        ("Περί φύσεως", "περι φυσεως"),
        ("Quantum groups, Part IV", "quantum groups part 4"),
        ("Quantum groups III: Representations", "quantum groups 3 representations"),
        ("Vitamin D and I", "vitamin d and 1"),
        ("Twelve angry tensors", "12 angry tensors"),
        ("Sixty-eight tensors and twenty two graphs", "68 tensors and 22 graphs"),
        ("Nineteen tensors of the twenty-first century", "19 tensors of the twenty first century"),
        ("The second and the first of seventeen", "the second and the first of 17"),
        ("αβ tensors and γδ graphs", "alpha beta tensors and gamma delta graphs"),
        (r"$\alpha\beta$ tensors", "alpha beta tensors"),
        (r"$\upbeta$-tungsten of 5\,\textmu m\hspace{1mm}", "beta tungsten of 5 mu m"),
        ("Graphs with <m vertices and k> edges", "graphs with m vertices and k edges"),
        ("Whether a <b and c> d", "whether a b and c d"),
        ("The mean degree <k> of graphs", "the mean degree k of graphs"),
        ("For p<0.05 and x>3", "for p 0.05 and x 3"),
        ("<p>On <i>A. thaliana</i> and <span class='x'>B</span></p>", "on a thaliana and b"),
        ('Of <Emphasis Type="Italic">A. thaliana</Emphasis>', "of a thaliana"),
        ("", ""),
        ("!?…", ""),
    ],
)
def test_one_spelling_of_what_is_written_in_many_ways(text: str, words: str) -> None:
    assert normalize(text) == words


ALONE = r'<inline-formula><tex-math notation="LaTeX">$\beta$ </tex-math></inline-formula>'
BESIDE = "<mml:math><mml:mi>β</mml:mi></mml:math>"
DOCUMENT = r"\documentclass[12pt]{minimal} \usepackage{amsmath} \begin{document}$$\beta$$\end{document}"


@pytest.mark.parametrize(
    "formula",
    [
        "β",
        ALONE,
        f"<inline-formula><alternatives><tex-math>$$\\beta$$</tex-math>{BESIDE}</alternatives></inline-formula>",
        f"<inline-formula><alternatives>{BESIDE}<tex-math>{DOCUMENT}</tex-math></alternatives></inline-formula>",
        f"<jats:tex-math>{DOCUMENT}</jats:tex-math>",
        r"<math><semantics><mi>β</mi><annotation encoding='x'>\beta</annotation></semantics></math>",
        r"<math><semantics><annotation encoding='x'>$\beta$</annotation></semantics></math>",
        r"<math alttext='$\beta$'/>",
        "<inline-formula><math><mi>β</mi></math></inline-formula>",
    ],
)
def test_a_formula_is_read_once_be_it_tex_or_mathml(formula: str) -> None:
    assert normalize(f"{formula}-tungsten on silica") == "beta tungsten on silica"


def test_letters_of_other_scripts_are_never_folded_into_each_other() -> None:
    assert normalize("й") != normalize("и")
    assert normalize("が") != normalize("か")


def test_latex_and_unicode_agree_once_spaces_are_gone() -> None:
    assert compact(normalize(r"Bounds in $H^{s}$ for $\partial\Omega$")) == compact(normalize("Bounds in H^s for ∂Ω"))


def test_a_dollar_alone_is_no_latex() -> None:
    assert plain("The price of $5") == "The price of $5"


def test_names_of_people_keep_letters_that_a_title_would_read_as_numerals() -> None:
    assert fold_words("Vi, I") == "vi i"


def test_informative_words_leave_out_those_every_title_has() -> None:
    assert informative(normalize("On the theory of the knots in a sphere")) == ["theory", "knots", "sphere"]


@given(st.text())
def test_any_text_has_a_normal_form_that_is_its_own_normal_form_without_spaces_around(text: str) -> None:
    words = normalize(text)
    assert words == " ".join(words.split())


@given(st.text(alphabet="abcdefg &<>$\\{}^_;", max_size=60))
def test_broken_markup_never_raises(text: str) -> None:
    normalize(text)
