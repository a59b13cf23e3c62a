"""Announcements of corrections, retractions, replies, comments and reviews: the rules, as data.

How a rule is written is told in `streams.matching.announcement`.
"""

from __future__ import annotations

from streams.matching.announcement import Announcement, bracket, bracketed, end, form, last, start, tail

__all__ = ["NOTICES"]

# Words of several languages; `(s)` is an ending that may be missing.
_ERRATA = (
    "erratum, errata, erratas, errate, erată, corrigendum, corrigenda, addendum, addenda, fe de errata(s), fe d'errata, fe d'errates, "
    "fe de erros, fe de errores, errata corrige, berichtigung, berichtigungen, korrigendum, korrigenda, druckfehler, "
    "druckfehlerberichtigung, druckfehlerberichtigungen, rättelse, rättelser, rettelse, rettelser, sprostowanie, исправление, "
    "исправления, опечатка, опечатки, виправлення"
)
_CORRECTION = (
    "correction(s), clarification(s), amendment(s), rectification(s), rectificatif(s), correctif(s), corrección, correccion, "
    "correcciones, rectificación, rectificacion, enmienda, adenda, correção, correcao, correções, correcoes, retificação, "
    "retificacao, adendo, correctie, rectificatie, correzione, correzioni, rettifica, korrektur, korrekturen, nachtrag, korrigering, "
    "korjaus, oikaisu, poprawka, korekta, oprava, düzeltme, helyesbítés, поправка, уточнение, correcció"
)
_RETRACTION = (
    "retraction(s), withdrawal(s), removal, retraction and replacement, retraction and republication, rétractation, retrait, "
    "retractación, retractacion, retracción, retraccion, retratação, retratacao, zurückziehung, rücknahme, widerruf, ritrattazione, "
    "ritiro, wycofanie, retrakcja, tillbakadragande, ретракция, отзыв статьи"
)
_REPLY = (
    "reply, replies, response(s), rejoinder(s), closure, réponse, reponse, erwiderung, entgegnung, replik, schlusswort, antwort, "
    "respuesta, réplica, resposta, risposta, contestación, naschrift, repliek, rebuttal, ответ"
)
_COMMENT = (
    "comment(s), commentary, commentaire(s), kommentar, kommentare, comentario(s), comentário(s), commento, commenti, "
    "commentaar, комментарий, комментарии, comment(s) and reply, comment(s) and discussion"
)

CORRECTS: tuple[Announcement, ...] = (
    start("corrects", f"{_ERRATA}, erratum and addendum, corrigendum and addendum, erratum note(s), errata note(s)",
           "Erratum to: ...", "Crossref, Springer, Elsevier", links="*"),
    start("corrects", "publisher's note(s), publisher's erratum", "Publisher's Note: ...", "American Physical Society",
           links="to on for", name="publisher"),
    start("corrects", "publisher's correction(s), publisher correction(s)", "Publisher Correction: ...", "Springer Nature",
           links="to", name="publisher"),
    start("corrects", "author's correction(s), author correction(s)", "Author Correction: ...", "Springer Nature", links="to",
           name="author"),
    start("corrects", "correction notice, notice of correction, notice of duplicate publication, notice of redundant publication, "
           "corrections and clarifications, correction and clarification",
           "Notice of correction: ...", "Wiley, JAMA", links="*"),
    start("corrects", _CORRECTION, "Correction: ...", "PLOS, IEEE, SciELO"),
    form("corrects", "correction", r"correction to (?=(?-i:[A-Z\d(\[][^:]*[a-z]))", "Correction to Coral growth",
          "American Chemical Society"),
    form("corrects", "correction", r"corrections? (?:for|to) supporting information (?:for|to|of)\b", "Correction for Supporting Information for ...",
          "PNAS"),
    form("corrects", "error errors mistake mistakes", r"(?:errors?|mistakes?) in(?: the (?:article|paper))?\s*(?=[\"'])",
          "Errors in \"...\"", "ACM, IEEE"),
    end("corrects", f"{_ERRATA}, correction(s), publisher's note", "...: Corrigendum", "JSTOR, PsycINFO"),
    last("corrects", "erratum corrigendum corrigenda errata addendum", r"\s[\[(]\s*(?:errat(?:um|a)|corrigend(?:um|a)|addendum)", "... (Erratum", "titles cut off"),
    last("corrects", "erratum corrigendum corrigenda errata", r"\s(?-i:Erratum|Corrigend(?:um|a)|Errata|ERRATUM|CORRIGENDUM)",
         "... Erratum", "EndNote exports"),
    bracket("corrects", f"{_ERRATA}, {_CORRECTION}, publisher's note", "... (Erratum)", "INSPIRE, JSTOR"),
    bracketed("corrects", "correction corrections corrigendum erratum addendum", r"[\[(]\s*(?:correction|corrigendum|erratum|addendum)s? (?:of|to|for):? .*",
               "... (Correction of vol 12, pg 34, 2001)", "Web of Science"),
    bracketed("corrects", "vol volume", r"\(\s*vol(?:ume)?\.?\s*[\w.-]+\s*(?:\([\w -]+\)\s*)?,.*\d.*", "... (vol 12, pg 34, 2001)", "Web of Science"),
    bracketed("corrects", "", r"\(\s*(?-i:[A-Z])[a-z]+(?:,? \d{4})?,\s*10\.\d{4,9}/.*", "... (June, 10.1000/abc, 2021)",
               "Web of Science"),
)  # fmt: skip
RETRACTS: tuple[Announcement, ...] = (
    start("retracts", "retraction notice(s), retraction note(s), retraction statement, withdrawal notice, withdrawal note, withdrawal "
           "statement, removal notice, notice of retraction, notice of partial retraction, notice of retraction and replacement, notice of "
           "withdrawal, notice of removal, statement of retraction, statement of withdrawal, retraction announcement, nota de retratação, "
           "nota de retractación, nota de retracción, avis de rétractation",
           "Retraction notice to: ...", "Springer, Elsevier, Taylor & Francis", links="*"),
    start("retracts", "expression(s) of concern, expression of editorial concern, notice of concern, statement of concern, expresión de "
           "preocupación, expressão de preocupação, manifestação de preocupação, avis de préoccupation",
           "Editorial Expression of Concern: ...", "Springer Nature, Science, PNAS", links="*", name="concern"),
    start("retracts", _RETRACTION, "Retraction: ...", "Wiley, PNAS, SciELO", links="to"),
    end("retracts", "retraction, retraction notice, retraction note, expression of concern, withdrawal notice", "...: Retraction", "JSTOR"),
    bracket("retracts", f"{_RETRACTION}, retraction notice, retraction note, retraction statement, expression of concern, withdrawal notice",
             "... (Retraction)", "SciELO"),
    bracketed("retracts", "retraction withdrawal expression", r"[\[(]\s*(?:partial )?(?:retraction|withdrawal|expression of concern) (?:of|for|to):? .*",
               "... (Retraction of vol 12, pg 34, 2001)", "Web of Science, PubMed"),
)  # fmt: skip
REPLIES: tuple[Announcement, ...] = (
    start("replies_to", "author's response, author's reply, author response, author reply, authors reply, authors response, response of the "
           "authors, reply of the authors, response from the authors, reply from the authors, author replies, authors respond, author responds, "
           "réponse des auteurs, respuesta de los autores, resposta dos autores, antwort der autoren",
           "Author response for ...", "eLife, Wiley", links="*", name="author"),
    start("replies_to", "response to reviewer(s), response to reviewer comments, response to referee(s), response to the reviewers, response to "
           "the referees, reply to reviewer(s)",
           "Response to reviewers: ...", "Crossref peer reviews", links="*", name="author"),
    start("replies_to", "in reply", "In reply to ...", "JAMA", links="to"),
    start("replies_to", "reply, replies, rejoinder(s), repliek, replik, erwiderung, entgegnung, counter reply", "Reply to ...", "Nature, Statistical Science",
           links="to on auf zu zum zur op"),
    start("replies_to", f"{_REPLY}, in response", "Response: ...", "JSTOR, ASCE, SciELO"),
    form("replies_to", "reply ac", r"(?:ac\d+\s*:\s*)?'?reply on (?:rc|cc|ec|sc|ac)\d+'?", "Reply on RC1", "Copernicus"),
    end("replies_to", "reply, replies, response(s), rejoinder(s), rejoinder and epilogue, reply and epilogue, réponse, erwiderung, respuesta, resposta, "
         "authors reply, author replies, authors respond, in reply",
         "...: Rejoinder", "JSTOR, Web of Science"),
    tail("replies_to", "", r"(?:an? |the )?(?:authors?'?s?'? |in )?(?:repl(?:y|ies)|rejoinder) (?:to|from|by)\b.{1,80}|"
          r"(?:an? |the )?responses? to (?:the |an? |[\w.]+'s? )?(?:comments?|letters?|critic\w*|critique|commentar\w*|discuss\w*|reviewers?)\b.{0,80}|"
          r"(?:an? |the )?responses? to (?:[^:]{1,60}\bet al\b.{0,20}|[^:]{1,40}\((?:19|20)\d\d\).{0,20}|[\"'].{3,})",
          "...: a reply to Okafor", "Web of Science"),
    bracket("replies_to", f"{_REPLY}, authors reply, author's reply, in reply", "... (Reply)", "JSTOR"),
)  # fmt: skip
COMMENTS: tuple[Announcement, ...] = (
    start("comments_on", _COMMENT, "Comment on ...", "American Physical Society, Frontiers", links="on upon sur zu zum zur sobre su op к"),
    start("comments_on", "interactive comment, letter to the editor, letters to the editor, letter to editor, carta al editor, carta al director, carta ao "
           "editor, lettre à la rédaction, lettera al direttore, leserbrief",
           "Letter to the Editor regarding ...", "Copernicus, Elsevier", links="on upon regarding re about concerning zu"),
    start("comments_on", "letter(s)", "Letter by Okafor regarding article, \"...\"", "AHA, PubMed", links="regarding re concerning"),
    start("comments_on", "correspondence, korrespondenz, correspondencia, correspondance, correspondência", "Correspondence: ...", "Lancet, Elsevier",
           links="re regarding"),
    start("comments_on", "discussion(s), invited discussion, discussion and closure, diskussion, discussione", "Discussion of: ...", "ASCE, Wiley"),
    form("comments_on", "remark remarks note notes critique criticism observation observations reflections thoughts a some further additional critical anmerkung anmerkungen "
         "bemerkung bemerkungen stellungnahme замечания",
         r"(?:(?:an?|some|further|additional|critical|first) )*(?:remarks?|notes?|critique|criticism|observations?|reflections?|thoughts|anmerkung(?:en)?|bemerkung(?:en)?|stellungnahme|"
         r"замечания)\s+(?:on|of|about|to|zu|zum|zur|к)\b(?: the (?:paper|article)\b|\s*:|\s*(?=[\"']))",
         "Remarks on \"...\"", "ACM, Springer"),
    start("comments_on", "reader response, reader comment, readers comment(s)", "Reader response: ...", "Neurology", links="to on"),
    start("comments_on", "editor's note, editors note, editorial note", "Editor's note: ...", "AACR, Neurology", links="on to for regarding"),
    form("comments_on", "re", r"re\s*[:.]", "Re: ...", "Elsevier, Wiley"),
    form("comments_on", "re regarding concerning", r"(?:re|regarding|concerning)\s*(?::|(?=[\"'])|the (?:article|paper|letter)\b)", "Regarding \"...\"", "Elsevier"),
    form("comments_on", "on zu über sur", r"(?:on|zu|über|sur)\s*(?=\".{12,}\"\W*$|'.{12,}'\W*$)", "On '... in the warm lagoons'", "Taylor & Francis"),
    end("comments_on", "comment(s), invited commentary, editorial comment, editorial commentary, invited comment(s), invited discussion, comment(s) and reply",
         "...: Comment", "JSTOR"),
    tail("comments_on", "commentary discussion", r"(?:(?:invited|editorial|expert) )?(?:commentary|discussion)", "...: Discussion", "Web of Science"),
    tail("comments_on", "", r"(?:an? |some )?(?:comments?|commentary|discussion) (?:on|of) (?:[^:]{1,60}\bet al\b.{0,20}|[^:]{1,40}\((?:19|20)\d\d\).{0,20}|[\"'].{3,})",
          "...: comment on Okafor et al.", "Web of Science"),
    bracket("comments_on", f"{_COMMENT}, discussion, letter, letters, letter to the editor, editorial, correspondence", "... (Comment)", "JSTOR, SciELO", marks=r"\("),
    bracket("comments_on", "discussion, correspondence, commentary", "... [Discussion]", "JSTOR", marks=r"\["),
)  # fmt: skip
REVIEWS: tuple[Announcement, ...] = (
    start("reviews", "book review(s), book reviews section, film review, media review, software review, book review essay", "Book review: ...", "Wiley, JSTOR",
           links="of on"),
    form("reviews", "review reviews", r"reviews?\s*(?:of|for|on)\s*:?\s*(?=\")|review of (?:the book\b|:)", "Review for \"...\"", "Wiley, Qeios, ScienceOpen"),
    start("reviews", "rezension, rezensionen, buchbesprechung, besprechung, reseña, reseñas, recensione, recensioni, recension, recensie, resenha, resenhas, compte "
           "rendu, comptes rendus, recenzja, recenze, рецензия, anmeldelse",
           "Rezension zu: ...", "De Gruyter, Dialnet, Persée", links="zu zum zur на"),
    form("reviews", "peer open", r"(?:open )?peer[- ]?review(?:er)?s?(?: report| file| history| comments?| information)?s?\.?\s*#?\s*(?P<number>\d*)\.?\s*"
          r"(?:(?:report )?(?:for|of|on)\b|:)", "Peer Review #2 of ...", "PeerJ, F1000Research, Elsevier", "report"),
    form("reviews", "referee referees reviewer reviewers", r"(?:referee|reviewer)'?s?'?(?: (?:report|comment|review)s?\b|(?=\s*#?\d)|(?= \((?:public|recommend)))\.?\s*#?\s*(?P<number>\d*)(?: ?report\b)?\.?\s*"
          r"(?:\([^)]*\)\s*)?(?:(?:for|of|on|to)\b|:)", "Reviewer #1 (Public review): ...", "eLife, F1000Research, Copernicus", "report"),
    form("reviews", "public joint consensus", r"(?:joint |consensus )*public reviews?\s*:", "Joint Public Review: ...", "eLife", "public"),
    start("reviews", "elife assessment, elife digest, evaluation summary, acceptance summary, editor's evaluation, editors evaluation, editorial evaluation, editor's "
           "assessment, editor's report, editor report, editor's summary, editor's decision, editorial decision",
           "eLife assessment: ...", "eLife", links="for on of", name="assessment"),
    start("reviews", "decision letter", "Decision letter for ...", "Wiley, eLife", links="for to on", name="decision"),
    form("reviews", "rc ec cc sc", r"(?:rc|ec|cc|sc)(?P<number>\d+)\s*:\s*'?(?:comment on|review of)?", "RC1: 'Comment on ...'", "Copernicus", "report"),
    form("reviews", "recommendation recommendations", r"recommendations?\s*(?:of\b|:|for (?:the )?authors\b\s*:?)", "Recommendation of: ...", "Peer Community In",
          "recommendation"),
    form("reviews", "faculty f h", r"(?:faculty of 1000 (?:evaluation|recommendation)|faculty opinions recommendation|f1000 ?(?:prime )?recommendation|h1 connect "
          r"recommendation)\s*(?:for|of)\b", "Faculty Opinions recommendation of ...", "Faculty Opinions", "faculty"),
    form("reviews", "prereview evaluation rapid review summary", r"(?:prereview|evaluation(?: summary(?: and metrics)?)?|rapid review|review|summary)(?: (?P<number>\d+))?"
          r"\s*(?:of|for|:)?\s*(?=\")", "PREreview of \"...\"", "PREreview, Unjournal", "report"),
    form("reviews", "review", r"review\.\s+(?=.*\b(?:ed|eds|by|edited)\b)|review of (?=.{8,},? by (?-i:[A-Z])[\w.' ,-]+$)", "Review of ..., by A. Okafor", "JSTOR"),
    form("reviews", "cheminform", r"cheminform abstract\s*:", "ChemInform Abstract: ...", "Wiley", "abstract"),
    end("reviews", "book review(s)", "... - Book review", "Emerald"),
    tail("reviews", "pr", r"R\d+/PR(?P<number>\d+)", "Review: ... — R0/PR2", "Cambridge Prisms", "report"),
    bracket("reviews", "book review(s), film review, media review", "... [Book review]", "JSTOR"),
)  # fmt: skip

NOTICES: tuple[Announcement, ...] = (*CORRECTS, *RETRACTS, *REPLIES, *COMMENTS, *REVIEWS)
"""The rules in the order they are tried."""
