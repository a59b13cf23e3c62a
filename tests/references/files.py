"""Exports of references on the same few works, in each form, written for the tests."""

from __future__ import annotations

BIBTEX = r"""
@string{tides = "Journal of Tides"}
@comment{a note}
@article{reef2020,
  author = {Reef, Ada and M{\"u}ller, J{\'o}n and {The Shoal Group}},
  title = {On {DNA} of corals in warm water},
  journal = tides,
  year = 2020,
  volume = {12},
  number = {3},
  pages = {101--119},
  doi = {10.5555/tides.2020.101},
  keywords = {coral; heat}
}
@inproceedings{shoal2021, author={Shoal, Bo and Kelp, Cy}, title={Kelp forests seen from above},
  booktitle={Proceedings of the Sea}, date={2021-05-03}, eprint={2105.01234}, archiveprefix={arXiv}}
@article{reef2020, title={A second work under the same key}, author={Sand, Di}, year={1999}}
"""

RIS = """\ufeffTY  - JOUR\r
AU  - Reef, A.\r
AU  - Müller, J.\r
TI  - On DNA of corals in warm water\r
T2  - Journal of Tides\r
PY  - 2020/03/02/\r
VL  - 12\r
IS  - 3\r
SP  - 101\r
EP  - 119\r
DO  - https://doi.org/10.5555/TIDES.2020.101\r
AB  - Corals grow\r
KW  - coral\r
KW  - heat\r
AN  - 31234567\r
DB  - PubMed\r
ZZ  - a tag of nobody\r
ER  - \r
\r
TY  - CPAPER\r
A1  - Dune, Ed\r
T1  - Grains of sand and their size\r
Y1  - 2018\r
TY  - BOOK\r
AU  - Cliff, Flo\r
TI  - The coast\r
PY  - 1987\r
PB  - Harbour Press\r
"""

MEDLINE = """
PMID- 31234567
OWN - NLM
DP  - 2020 Mar 2
TI  - On DNA of corals in
      warm water.
PG  - 101-119
LID - 10.5555/tides.2020.101 [doi]
AB  - Corals grow slowly
      in warm water.
FAU - Reef, Ada
AU  - Reef A
FAU - Müller, Jón
AU  - Müller J
LA  - eng
PT  - Journal Article
JT  - Journal of tides
VI  - 12
IP  - 3
PMC - PMC7654321

PMID- 30000001
TI  - Grains of sand and their size.
DP  - 2018
FAU - Dune, Ed
PT  - Preprint
"""

ENDNOTE_XML = """<?xml version="1.0" encoding="UTF-8"?><xml><records>
<record><rec-number>7</rec-number><ref-type name="Journal Article">17</ref-type>
<contributors><authors><author><style face="normal">Reef, Ada</style></author><author>Müller, Jón,</author></authors></contributors>
<titles><title><style face="normal">On DNA of </style><style face="italic">corals</style><style> in warm water</style></title>
<secondary-title>Journal of Tides</secondary-title></titles>
<pages>101-119</pages><volume>12</volume><number>3</number><dates><year>2020</year></dates>
<electronic-resource-num>10.5555/tides.2020.101</electronic-resource-num>
<accession-num>31234567</accession-num><remote-database-name>PubMed</remote-database-name>
<label>kept as it is</label></record>
<record><ref-type name="Thesis">32</ref-type><titles><title>Waves &amp; their shape</title></titles>
<contributors><authors><author>Surf, Gil</author></authors></contributors><dates><year>2011</year></dates></record>
</records></xml>
"""

CSV = (
    "\ufeffAuthors,Title,Year,Source title,Volume,Issue,Page start,Page end,DOI,EID,Cited by\r\n"
    '"Reef, A., Müller, J.","On DNA of corals, in warm water",2020,Journal of Tides,12,3,101,119,'
    "10.5555/tides.2020.101,2-s2.0-1,14\r\n"
    '"Dune E.; Cliff F.","Grains of ""sand"" and their size",2018,,,,,,,,\r\n'
    ",,,,,,,,,,\r\n"
)

ALL = {
    "tides.bib": BIBTEX,
    "tides.ris": RIS,
    "tides.nbib": MEDLINE,
    "tides.xml": ENDNOTE_XML,
    "tides.csv": CSV,
}
