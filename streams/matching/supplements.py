"""Announcements of what belongs to a work and is not the work: supplements, files, data, code, posters, covers.

How a rule is written is told in `streams.matching.announcement`. The group `number` of a rule takes the kind of the file in, for
a table and an image of one paper may bear one number.
"""

from __future__ import annotations

from streams.matching.announcement import Announcement, bracketed, form, start

__all__ = ["SUPPLEMENTS"]

_FILE = (
    r"(?:tables?|data[ _]?(?:sheets?|sets?|files?)?|images?|figures?|figs?\.?|presentations?|videos?|movies?|audios?|files?|texts?|append(?:ix|ices)|documents?|"
    r"notes?|methods?|results?|schemes?|animations?|software|protocols?|references?|materials?|informations?|tables? and figures?|content|text)"
)
_OF = r"(?:for|to|from|of|accompanying|supporting|relating to|associated with|related to)\b"
SUPPLEMENTS: tuple[Announcement, ...] = (
    form("supplements", "additional", r"additional files?\s*(?P<number>\w{0,3})\b[^\"]{0,80}?\s*:?\s*(?:of|from)\b", "Additional file 2: of ...", "BMC"),
    form("supplements", "additional", r"additional files?\s*(?P<number>\d*)\s*:", "Additional file 2: ...", "BMC"),
    form("supplements", "supplementary supplemental supplement suppl online electronic esm extended",
          rf"(?:online |electronic |extended )*(?:supplement(?:al|ary)?|suppl\.?|esm|data)(?:[ _-]{_FILE}|[ _-]online)*(?:[ _-]*(?P<number>s?\d+[a-z]?))?\b"
          rf"(?:[\s,&]+(?:and )?{_FILE}(?:[ _-]?s?\d+[a-z]?)?\b){{0,4}}\s*(?:[-–:]\s*supplement(?:al|ary)? (?:material|file|data|information)s?\s*)?(?:{_OF}|:)",
          "Supplementary material for ...", "SAGE, Royal Society, AACR", "supplement"),
    form("supplements", "sj", r"sj-(?P<number>\w+-\d+)-[\w.-]+\s*[-–]\s*(?:supplement\w*(?: \w+)? (?:for|to|of)\s*)?", "sj-pdf-1-abc-10.1177_1 – Supplemental material for ...", "SAGE", "file"),
    form("supplements", "supporting", rf"supporting (?:information|data|materials?)(?:\s*(?P<number>\w?\d+))?\s*(?:{_OF}|:|(?=\"))", "Supporting information for ...", "ACS, GigaDB",
          "supporting"),
    form("supplements", "table tables data datasheet dataset image presentation video movie audio figure file supplementary text appendix",
          r"(?P<number>(?:supplementary[ _]?)?(?:table|data[ _]?sheet|data[ _]?set|image|presentation|video|movie|audio|figure|file|text|appendix|material)s?[ _]?s?\d+)(?:_v\d+)?_+",
          "Table_1_...", "Frontiers on figshare"),
    form("supplements", "table tables figure figures figs fig data supplementary supplemental scheme suppl",
          r"(?P<number>(?:supplement(?:al|ary) |suppl\.? )?(?:tables?|figures?|figs?\.?|schemes?|data|material)(?:\s*s?\d+[a-z]?(?:\s*[-–,&]\s*s?\d+[a-z]?)*))[^:\"]{0,60}? (?:from|in)\b\s*:?",
          "Figure 2 from: ...", "Pensoft, Plazi, AACR"),
    form("supplements", "s table figure fig text file movie video data dataset note method appendix",
          r"(?P<number>s\d+ (?:table|fig|figure|file|text|dataset|data|appendix|movie|video|note)|(?:table|figure|fig\.?|text|file|movie|video|data|dataset|note|method|appendix) s\d+)\b",
          "S1 Table. ...", "PLOS"),
    form("supplements", "table datasheet data image presentation video movie audio figure file mmc moesm supp supplementary appendix",
         r"(?P<number>(?:table|data[ _]?sheet|image|presentation|video|movie|audio|figure|mmc|moesm|supp|supplementary[ _](?:file|material|data))s?[ _-]?s?\d+)(?:\.\w{2,4})?$",
         "Presentation1.pdf", "Frontiers, Elsevier"),
    form("supplements", "moesm", r"moesm(?P<number>\d+)(?:_esm\.\w+)?(?: (?:of|from)\b)?", "MOESM2 of ...", "Springer", "file"),
    form("supplements", "data dataset datasets code software scripts script replication research raw primary source input reproduction artifact artifacts analysis model companion "
          "underlying simulation experimental ecin",
          r"(?:ecin )?(?:(?:replication|reproduction|research|raw|primary|source|input|companion|analysis|underlying|simulation|experimental|model)\s+)?"
          r"(?:data ?sets?|data|code|software|scripts?|packages?|materials?|artifacts?|output|files)(?: (?:and|&) (?:data|code|scripts?|software|materials?))?\s*"
          r"(?:(?:for|from|to|of|supporting|underlying|accompanying|in support of|associated with|related to|used in)(?:\s*:|\s*(?=\")|(?: the)? (?:article|paper|manuscript|publication)s?\b\s*:?))",
          "Data from: ...", "Dryad, Mendeley Data, 4TU", "data"),
    form("supplements", "replication reproduction research code data dataset",
          r"(?:(?:replication|reproduction) (?:data|code|packages?|materials?|files)|research data|code|data and code|code and data|dataset|data set)\s*(?:for|supporting|underlying)\b"
          r"(?=\s*(?-i:[A-Z\"]).{11})|replication (?:data|code|packages?|materials?) (?:for|from|of)\b|data(?:set)? (?:supporting|underlying)\b(?=.{12})|dataset\s*:",
          "Replication data for ...", "Dataverse, Zenodo", "data"),
    form("supplements", "appendix online annex", r"(?:online )?(?:appendix|annex)(?: [a-z\d])? to\b", "Appendix to ...", "JSTOR", "appendix"),
    start("supplements", "poster, presentation, slide(s), slide deck, presentation slides, talk slides, webinar, podcast, infographic, video", "Poster: ...", "Zenodo, figshare", name="talk"),
    start("supplements", "video abstract, visual abstract, graphical abstract, lay summary, lay abstract, plain language summary, plain language summaries, plain language summary of "
           "publication", "Plain language summary of ...", "Future Medicine, RSC", links="of for", name="summary"),
    form("supplements", "cover front back rear inside outside inner frontispiece titelbild innentitelbild rücktitelbild innenrücktitelbild",
          r"(?P<number>(?:inside |outside |inner |front |back |rear )*(?:cover(?: feature| picture| image| art| profile)?)|frontispiece|(?:innen)?(?:rück)?titelbild)\s*:",
          "Cover Feature: ...", "Wiley"),
    bracketed("supplements", "", r"\((?-i:[A-Z])[\w.]*(?: [\w.&]+){0,5} \d{1,2}(?:[-–/]\d{1,2})?/(?:19|20)\d\d\)", "... (Adv. Mater. 12/2019)", "Wiley", "cover"),
)  # fmt: skip

