"""Made-up people of several cultures, and the forms in which sources write their names."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from random import Random
from typing import NamedTuple

from streams.synthetic.vocabulary import SYLLABLES

__all__ = ["COLLABORATIONS", "Person", "initials", "make_person", "name_ascii", "name_short", "name_swapped"]


class Person(NamedTuple):
    """A person: Latin-script names as printed, and `native` where the culture has another script (else `""`)."""

    given: str
    family: str
    native: str = ""

    @property
    def full(self) -> str:
        """Return the given name, then the family name, as most sources print them."""
        return f"{self.given} {self.family}"


COLLABORATIONS = (
    "NORA Collaboration",
    "The DELOS Collaboration",
    "VESTA and CORVUS Collaborations",
    "TRIALNET Study Group",
)

_EUROPE = (
    (
        "Alice Amelia Andrew Anna Brian Caroline Charles Claire David Eleanor Emily Frank George Grace Hannah Henry "
        "Jack "
        "James Jane John Julia Katherine Laura Lucy Mark Martin Mary Michael Nicholas Oliver Paul Peter Rachel Robert "
        "Ruth "
        "Samuel Sarah Simon Stephen Susan Thomas Victoria William",
        "Adams Baker Barnes Bennett Brooks Carter Clarke Cole Collins Cooper Davies Dixon Edwards Ellis Evans Fisher "
        "Foster "
        "Gray Green Hall Harris Hill Hughes Jackson Kelly Lewis Marsh Mason Mills Moore Morgan O'Brien O'Connor Parker "
        "Price "
        "Reed Scott Shaw Smith Street Taylor Turner Walker Ward Webb White Wood Wright Young",
    ),
    (
        "Andreas Birgit Christoph Franz Friedrich Günter Hans-Peter Heike Jörg Jürgen Karin Katja Klaus Lutz Matthias "
        "Monika "
        "Petra Rainer Sabine Stefan Thomas Ulrich Uwe Wolfgang",
        "Bäcker Becker Fischer Fuchs Günther Hartmann Hofmann Huber Keller Klein Köhler Krämer Krüger Lange Maier "
        "Meyer Müller "
        "Neumann Richter Schäfer Schmidt Schneider Schröder Schulz Schwarz Vogel Wagner Weber Weiß Wolf Zimmermann",
    ),
    (
        "Adrien Amélie Benoît Camille Chloé Élodie Émile François Frédéric Geneviève Guillaume Hélène Jean-Luc "
        "Jean-Pierre "
        "Jérôme Juliette Marie-Claire Noémie Rémi Sébastien Thérèse Xavier",
        "Barré Bernard Blanc Chevalier Colin Duval Fontaine Gérard Girard Lacroix Lefèvre Legrand Lemaître Martin "
        "Mercier "
        "Moreau Noël Perrot Renaud Rousseau Roux Thévenot Vidal",
    ),
    (
        "Alejandro Andrés Beatriz Carlos Carmen Elena Fernando Inés Javier José Juan-Carlos Lucía María Miguel Pablo "
        "Raúl Rocío",
        "Álvarez|Castillo Ruiz|Díaz|Fernández|García|García Márquez|Gómez|González|Hernández|Ibáñez|Jiménez|López|"
        "López Nieto|"
        "Martínez|Muñoz|Núñez|Ortega y Sanz|Pérez|Ramírez|Rodríguez|Sánchez|Torres Vega|Vázquez",
    ),
    (
        "Aaron Bas Daan Femke Hendrik Jan Joost Lieke Maarten Marieke Pieter Ruben Sanne Thijs Willem",
        "Bakker|de Boer|de Vries|Dekker|Jansen|Smit|ten Brink|van den Berg|van der Linden|van Dijk|van Leeuwen|Visser|"
        "Vos",
    ),
    (
        "Åsa Astrid Bjørn Eirik Freja Håkon Ingrid Jens Jón Kåre Lars Magnus Mette Niels Øystein Søren Tove",
        "Ågren Andersen Berg Bjørnstad Dahl Eriksson Gustafsson Hansen Holm Jónsson Lindqvist Nygård Olsen Sørensen "
        "Strøm Ødegaard",
    ),
    (
        "Agnieszka Bartosz Grzegorz Jakub Łukasz Małgorzata Paweł Piotr Stanisław Wojciech Zuzana Jiří Tomáš Ondřej",
        "Błaszczyk Dvořák Kamiński Kowalczyk Lewandowski Łuczak Nowak Novák Svoboda Szymański Wójcik Zieliński Žák",
    ),
    (
        "Ayşe Burak Çiğdem Emre Gökhan İbrahim Mehmet Nilüfer Özgür Şule Ahmed Fatima Hassan Layla Mohammed Omar Salma",
        "Aydın|Çelik|Demir|Kaya|Öztürk|Şahin|Yıldız|Al-Farsi|El Amrani|Haddad|Khalil|Mansour|Nasser|bin Saleh",
    ),
    (
        "Aarav Ananya Arjun Deepak Kavita Lakshmi Meera Nikhil Priya Rahul Sanjay Shreya Vijay Suresh Thi Minh Duc",
        "Agarwal|Banerjee|Chakraborty|Gupta|Iyer|Joshi|Krishnamurthy|Kumar|Mehta|Nair|Patel|Rao|Sharma|Singh|Nguyen|"
        "Tran|Le|Pham",
    ),
)
_EAST = (
    (
        "Wei 伟|Fang 芳|Xiaoming 晓明|Jing 静|Lei 磊|Yan 燕|Jun 军|Min 敏|Hao 浩|"
        "Yifan 一凡|Zihan 子涵|Mengmeng 萌萌|Guoqiang 国强|"
        "Li-Na 丽娜",
        "Wang 王|Li 李|Zhang 张|Liu 刘|Chen 陈|Yang 杨|Zhao 赵|Huang 黄|Zhou 周|"
        "Wu 吴|Xu 徐|Sun 孙|Hu 胡|Zhu 朱|Lin 林|He 何|Guo 郭|"
        "Ma 马",
    ),
    (
        "Haruto 陽翔|Yuki 由紀|Kenji 健二|Sakura 桜|Takashi 隆|Naoko 直子|Hiroshi 浩|Ayumi 歩|Satoshi 聡",
        "Satō 佐藤|Suzuki 鈴木|Takahashi 高橋|Tanaka 田中|Itō 伊藤|"
        "Yamamoto 山本|Nakamura 中村|Kobayashi 小林|Kondō 近藤",
    ),
    (
        "Min-jun 민준|Seo-yeon 서연|Ji-hoon 지훈|Hye-jin 혜진|Sung-ho 성호|Eun-ji 은지|Dong-hyun 동현",
        "Kim 김|Lee 이|Park 박|Choi 최|Jung 정|Kang 강|Cho 조|Yoon 윤|Lim 임",
    ),
    (
        "Aleksandr Александр|Dmitry Дмитрий|Ekaterina Екатерина|Igor Игорь|Natalia Наталья|Sergei Сергей|Yuri Юрий|"
        "Olga Ольга",
        "Ivanov Иванов|Kuznetsov Кузнецов|Lebedev Лебедев|Morozov Морозов|Novikov Новиков|Orlov Орлов|Petrov Петров|"
        "Sokolov Соколов",
    ),
)


def _names(words: str) -> tuple[str, ...]:
    return tuple(words.split("|")) if "|" in words else tuple(words.split())


_LATIN = tuple((_names(given), _names(family)) for given, family in _EUROPE)
_PAIRED = tuple(
    tuple(tuple(tuple(name.split()) for name in words.split("|")) for words in culture) for culture in _EAST
)
_MIDDLE = "ABCDEFGHJKLMNPRSTVW"


def make_person(rng: Random) -> Person:
    """Make a person; the shares of the cultures follow no census, but each form of names occurs."""
    roll = rng.random()
    if roll < 0.3:
        givens, families = _PAIRED[int(rng.random() ** 2 * len(_PAIRED))]
        given, family = givens[int(rng.random() * len(givens))], families[int(rng.random() * len(families))]
        return Person(given[0], family[0], family[1] + ("" if family[1] < "Ж" or family[1] > "я" else " ") + given[1])
    latin, surnames = _LATIN[int(rng.random() ** 1.5 * len(_LATIN))]
    first, last = latin[int(rng.random() * len(latin))], surnames[int(rng.random() * len(surnames))]
    if rng.random() < 0.35:
        first += f" {_MIDDLE[int(rng.random() * len(_MIDDLE))]}."
    if rng.random() < 0.4:
        last = _rare_family(rng)
    return Person(first, last)


def initials(given: str) -> str:
    """Return the initials with periods: `Jean-Luc A.` as `J.-L. A.`."""
    return " ".join("-".join(f"{part[0].upper()}." for part in word.split("-") if part) for word in given.split())


def name_short(person: Person) -> str:
    """Return initials, then the family name: `J.-L. Moreau`."""
    return f"{initials(person.given)} {person.family}"


def name_swapped(person: Person) -> str:
    """Return the family name, a comma and the given name: `Moreau, Jean-Luc`."""
    return f"{person.family}, {person.given}"


def name_ascii(text: str) -> str:
    """Return the name without accents, as old systems stored it: `Søren Müller` as `Soren Muller`."""
    plain = unicodedata.normalize("NFKD", text.translate(_PLAIN))
    return "".join(c for c in plain if not unicodedata.combining(c))


def _medline(person: Person) -> str:
    return f"{person.family} {initials(person.given).replace('.', '').replace(' ', '').replace('-', '')}"


def _family_short(person: Person) -> str:
    return f"{person.family}, {initials(person.given)}"


def _rare_family(rng: Random) -> str:
    parts = [SYLLABLES[int(rng.random() * len(SYLLABLES))] for _ in range(2)]
    return "".join(parts).capitalize() + ("", "sen", "ski", "ov", "etti", "idis", "er", "a")[int(rng.random() * 8)]


_PLAIN = str.maketrans({"ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "ı": "i", "İ": "I", "ß": "ss", "æ": "ae", "đ": "d"})
FORMS: tuple[Callable[[Person], str], ...] = (name_short, name_swapped, _medline, _family_short)
