"""What a title announces: the forms publishers use, and ordinary titles with the same words."""

import pytest

from streams.matching.announcements import are_two_notices
from streams.matching.titles import title_forms
from streams.normalize.text import normalize

TITLE = "Coral growth in warm lagoons"
WORDS = "coral growth in warm lagoons"
CORRECTS = """
Erratum: {}|Erratum to “{}” [J. Reef Sci. 12 (2003) 34–56]|Errata for “{}” by N. Okafor and P. Lindqvist
Corrigendum to ‘{}’|Addendum: {}|Addenda and corrigenda: {}|Correction: {}|Correction to: {}|CORRECTION. {}
Corrections to “{}”|Correction for Okafor et al., {}|Correction for Okafor et al., “{}”
Correction for Okafor and Lindqvist, {}|Author Correction: {}|Publisher Correction to: {}|Publisher’s Note: {}
Publisher's Note: “{}” [Phys. Rev. D 71, 012002 (2005)]|Notice of Correction: {}|Errors in “{}”|{}: Corrigendum
{} - Erratum|“{}”: Correction|“{}”: Correction to Okafor et al. (2015)|{} (Erratum)|{} [Erratum]|{} (Corrigendum)
{} (vol 142, pg 310, 2003)|{} (vol 12, e0123456, 2017)|{} (Correction of vol 12, pg 34, 2001)
{} (June, 10.1000/reef.5, 2021)|Correção: {}|Fe de erratas: {}|Corrección a: {}|Rectificatif : {}|Erratum à « {} »
Erratum zu: {}|Berichtigung: {}|Korrektur zu: {}|Nachtrag zu: {}|Errata corrige: {}
Nachtrag zum Aufsatz „{}“|Korrektur zu {}|Rectificatif à {}|Rättelse: {}|Erratum til: {}
Исправления к статье «{}»|Поправка: {}|Correction to Supporting Information for Okafor et al., {}
Erratum for the Report “{}” by Okafor et al.|Erratum: “{}” (J. Reef Sci. (2003) 12:3 (34-56) DOI: 10.1000/xyz)
Corrigendum: Erratum: {}|{} Erratum|Correction to: RETRACTED ARTICLE: {}|{} (Erratum
"""
RETRACTS = """
Retraction: {}|Retraction of: {}|Retraction Note to: {}|Retraction notice to “{}” [Reef Sci. 12 (2010) 1–10]
Statement of Retraction: {}|Notice of Retraction and Replacement. {}|Retraction—{}|Retraction for Okafor et al., {}
Partial Retraction: {}|Withdrawal: {}|Withdrawal notice to “{}”|Expression of Concern: {}
Editorial Expression of Concern: {}|Editors' Expression of Concern: {}|Expression of Concern for Okafor et al., {}
{} (Retraction)|{} (Retraction of vol 12, pg 34, 2001)|{} (Expression of Concern of Vol 12, Pg 34, 2001)
Geri çekme: {}
Retratação: {}|Rétractation : {}|Retraction: Okafor, N., Lindqvist, P. and Tanaka, H. (2015) {}. Reef Science 12:34-56
Retraction of the article “{}”|Notice of plagiarism: {}|Letter of concern: {}
"""
REPLIES = """
Reply to: {}|Reply to comment on “{}”|Reply to “Comment on ‘{}’”|Reply to Comment by A. Smith on “{}”
Reply to Letter to the Editor regarding “{}”|Authors' reply: {}|The authors reply: {}|Author response: {}
Author response for "{}"|Response to: {}|Response to “Comment on ‘{}’”|Response to Letter Regarding Article, “{}”
Response to reviewers: {}|Rejoinder: {}|Rejoinder to “Comments on ‘{}’”|In reply to “{}”
Closure to “{}” by N. Okafor and P. Lindqvist|{}: Reply|{}: A Reply|{} - Response|{}. Authors' reply
{}: a reply to Smith et al.|{} (Reply)|{} The authors reply|Réponse : {}|Erwiderung zu: {}
Respuesta de los autores: {}|Comment on "{}": Reply|In response: {}
Response to technical comment on “{}”|Reply to Matters Arising: {}|Comments on “{}” and Author’s Reply
"""
COMMENTS = """
Comment on “{}”|Comment on: {}|Comments on {}|A comment on “{}”|Comment: {}|Commentary on: {}|Invited Commentary: {}
Discussion of: {}|Discussion of “{}” by N. Okafor and P. Lindqvist|Discussion of {} by N. Okafor and P. Lindqvist
Letter to the Editor: {}|Letter to the editor re: {}|Letter by Smith et al Regarding Article, “{}”|Re: {}|RE: “{}”
Re: Okafor et al.: {}|Regarding “{}”|Correspondence: {}|Remarks on “{}”|A note on “{}”|On “{}”|Reader response: {}
Interactive comment on “{}” by N. Okafor et al.|{}: Comment|{}: Discussion|{} - Invited commentary|{} (Comment)
{} (Letter)|{} (Editorial)|{}: comment on Smith et al.|Kommentar zu: {}|Comentario sobre: {}|Комментарий: {}
Editor's Note: {}|Comment on Smith et al.: {}|Technical Comment on “{}”|Matters Arising: {}|Perspective on “{}”
{}: Discussion and reply|{}; discussion and reply|Comments on “{}” [and Reply]
"""
REVIEWS = """
Book Review: {}|Book review of {}|{} [Book review]|{} - Book review|Review of: "{}"|Review for "{}"
Review of the book {}, by N. Okafor|Rezension zu: {}|Reseña de: {}|Compte rendu: {}|Peer Review #2 of "{} (v0.1)"
Peer Review Report For: {} [version 1; peer review: 2 approved]
Referee report. For: {} [version 1; referees: 2 approved]|Reviewer #1 (Public Review): {}|Joint Public Review: {}
Decision letter: {}|Decision letter for "{}"|eLife assessment: {}|Editor’s evaluation: {}
Faculty Opinions recommendation of {}.|Recommendation of: {}|PREreview of “{}”|Review: {} — R0/PR2
ChemInform Abstract: {}.|Book note: {}|Reviewer response for version 1 of {}
"""
SUPPLEMENTS = """
Supplementary material for {}|Supplementary Table S1 from {}|Supporting Information for "{}"
Additional file 3: Table S1. of {}|MOESM2 of {}|Table_1_{}.docx|Data Sheet 1_{}.pdf|Image_2_{}.TIF|Video_1_{}.MP4
sj-pdf-1-abc-10.1177_01234567 – Supplemental material for {}
Supplemental material, sj-pdf-1-abc-10.1177_0123 for {} by Ngozi Okafor and Per Lindqvist in Reef Science
Data from: {}|Replication data for {}|Code for "{}"|Data and code for: {}|Research data supporting "{}"
ECIN Replication Package for "{}"|Appendix to {}|Poster: {}|Slides for "{}"
Figure 2 from: Okafor N, Lindqvist P (2019) {}. Reef Keys 123: 45–67. https://doi.org/10.1000/reef.123
Video abstract: {}|Plain language summary of {}|Graphical abstract: {}|Cover Feature: {} (Chem. Eur. J. 12/2019)
Innentitelbild: {} (Angew. Chem. 5/2012)|Reefs: {} (Adv. Mater. 12/2013)|S1 Table. {}
Supplementary_Material_{}.pdf|SupplementaryMaterial_{}.docx|DS_10.1177_0123 – Supplemental material for {}
Conference poster: {}|Talk: {}|Web appendix to {}
"""
ANNOUNCING = {
    "corrects": CORRECTS, "retracts": RETRACTS, "replies_to": REPLIES, "comments_on": COMMENTS, "reviews": REVIEWS,
    "supplements": SUPPLEMENTS,
}  # fmt: skip
CASES = [
    (form.format(TITLE), kind)
    for kind, forms in ANNOUNCING.items()
    for line in forms.strip().split("\n")
    for form in line.split("|")
]


@pytest.mark.parametrize(("title", "kind"), CASES)
def test_an_announcement_says_what_the_work_is_and_the_words_of_the_article_stay(title: str, kind: str) -> None:
    forms = title_forms(title)
    assert (forms.derived, forms.whole) == (kind, WORDS)


ORDINARY = """
Fault-tolerant quantum error-correction|Alcohol and mortality: modelling the dose-response
Tropical reefs: response to heat and light|Tropical reefs - response to heat
Carbon pricing: discussion on policy options|The Iliad: a commentary|Models of choice: a discussion
Corrections to scaling in the Ising model|Correction of spinal deformity|Correction for multiple testing in genomics
Response of corals to warming|Response surfaces in the lagoon|Comments in source code: an empirical study
Discussion of sampling theorems|A discussion of sampling theorems|Letters from a reef
Letter recognition in the parafovea|Retraction of the tibial plateau|Withdrawal of statin treatment in mice
Removal of heavy metals from water|A review of coral growth|Review: corals and their growth|Referees for teamwork
Remarks on the theory of corals|Some comments on coral growth|Note on the growth of corals|On “big data”
Supporting information retrieval with corals|Supplemental oxygen in the newborn|Data for development
Code: the hidden tongue of machines|Poster presentations in education|Cover crops and soil
Clarification of apple juice by membranes|Regarding the pain of others|Closure of the ductus arteriosus
Errors in medicine|Correspondence analysis of corals|Critique of Pure Reason|Korrektur der Skoliose
In response to climate change, reefs move|Stress: the immune response|Reefs (letter to parliament)
Coral growth (response to heat)|Reef handbook (vol. 2)|Corección de la escoliosis|Nachrichten aus dem Riff
Nachträge aus der Lagune|Réponse à la sécheresse
Expression of genes in corals|Author names in catalogues
Perspectives on coral growth|Technical comments in source code|Matters of state|Figures of speech in the lagoon
"""


@pytest.mark.parametrize("title", [title for line in ORDINARY.strip().split("\n") for title in line.split("|")])
def test_words_of_announcements_in_ordinary_titles_announce_nothing(title: str) -> None:
    forms = title_forms(title)
    assert forms.derived == ""
    assert forms.full == ""


@pytest.mark.parametrize(
    ("title", "subtitle"),
    [
        ("Tropical reefs", "response to heat and light"),
        ("Coral growth", "a commentary"),
        ("Coral growth", "Comment"),
        ("Coral growth", "Erratum"),
        ("Erratum", TITLE),
        ("Erratum: Coral growth", "a lattice model"),
        ("Coral growth in lagoons", "Part II [33 refs]"),
    ],
)
def test_a_subtitle_in_a_field_of_its_own_reads_as_one_behind_a_colon(title: str, subtitle: str) -> None:
    assert title_forms(title, subtitle) == title_forms(f"{title}: {subtitle}")


def test_the_whole_title_is_kept_with_its_announcement() -> None:
    assert title_forms(f"Comments on {TITLE}").full == f"comments on {WORDS}"
    assert title_forms(f"{TITLE}: Rejoinder").full == f"{WORDS} rejoinder"
    assert title_forms(TITLE).full == ""


def test_an_announcement_that_is_all_there_is_stays_the_title() -> None:
    for title, kind in (
        ("Authors' reply", "replies_to"),
        ("Erratum", "corrects"),
        ("Reply to Okafor et al.", "replies_to"),
    ):
        forms = title_forms(title)
        assert (forms.derived, forms.whole) == (kind, normalize(title))


@pytest.mark.parametrize(
    ("title", "ordinal"),
    [
        ("Erratum to: Coral growth", ""),
        ("Second erratum to: Coral growth", "2"),
        ("Erratum 2 to “Coral growth”", "2"),
        ("Corrigendum II: Coral growth", "2"),
        ("Erratum (3): Coral growth", "3"),
        ("Erratum (12 May 2019): Coral growth", "12-may-2019"),
        ("Correction, May 2019: Coral growth", "may-2019"),
        ("Publisher Correction: Coral growth", "publisher"),
        ("Author Correction: Coral growth", "author"),
        ("Reviewer #2 (Public review): Coral growth", "report 2"),
        ("Decision letter: Coral growth", "decision"),
        ("Table_1_Coral growth.docx", "table1"),
        ("Image_1_Coral growth.tif", "image1"),
        ("Figure 2: Coral growth", "figure2"),
    ],
)
def test_notices_keep_their_number_and_their_name(title: str, ordinal: str) -> None:
    forms = title_forms(title)
    assert (forms.whole, forms.ordinal) == ("coral growth", ordinal)


def test_two_notices_about_one_work_are_told_apart_by_number_or_name() -> None:
    assert are_two_notices("", "2")
    assert are_two_notices("1", "2")
    assert are_two_notices("table1", "image1")
    assert not are_two_notices("2", "2")
    assert not are_two_notices("", "1")
    assert not are_two_notices("", "publisher")
    assert not are_two_notices("", "12-may-2019")
    assert are_two_notices("3-june-2019", "12-may-2019")
