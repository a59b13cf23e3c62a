"""The language of docstrings, comments and names: words of docs/glossary.md, and verbs that say what a function does."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

import streams

ROOT = Path(streams.__file__).parent
# All packages are held to the glossary.
PACKAGES = tuple(sorted(path.parent.name for path in ROOT.glob("*/__init__.py")))

# A pattern, and what to write instead. Left out are words with a plain meaning beside the retired one: key, group, level, place,
# letter, lot, mark, turn, carry, look, generation, take over.
RETIRED = {
    r"whoever": "the worker that, a subscriber that",
    r"nobody|somebody|anybody|no one|someone": "no worker, another worker, a person",
    r"for ever|forever": "permanently",
    r"heed(?:s|ed|ing)?": "apply",
    r"told": "published, said",
    r"tells? of": "say, describe, publish",
    r"(?:goes|went|gone|going) on": "continue, resume",
    r"begin(?:s|ning)? anew|began anew": "restart",
    r"liv(?:es?|ed|ing) (?:in|under|on|at|with|beside)": "be stored under, be kept in",
    r"st(?:ands?|ood|anding)(?! for)": "be current, be active, be, come",
    r"likeness(?:es)?": "similarity",
    r"consents?": "pass the prefilter",
    r"loose (?:blocking )?keys?": "weak blocking key",
    r"ow(?:es|ed)": "pending",
    r"mend(?:s|ed|er|ing)?": "reconcile, repair",
    r"births?|born|newborn": "singleton cluster, create",
    r"founders?|heirs?": "seed record, id assignment",
    r"grave|graves|buried": "tombstone",
    r"rulings?": "must-link or cannot-link constraint",
    r"closures?": "joined components, connected components",
    r"whereabouts": "keys of",
    r"patiently": "with backoff",
    r"without a word": "silently, without LeaveGroup",
    r"set(?:s|ting)? back": "rewind",
    r"forg(?:ets?|ot|otten|etting)": "lose, remove, be lost in a failover",
    r"hear(?:s|d)": "receive",
    r"overtak(?:es?|en|ing)": "write conflict",
    r"successors?": "next version",
    r"detours?": "redirection",
    r"of ours|our own|we have|we know|we do": "of Streams",
}
# Words of names in streams/, and classes anywhere, that were replaced.
RETIRED_IN_NAMES = {
    "told": "published",
    "owed": "pending",
    "owing": "pending",
    "mend": "reconcile",
    "mender": "reconciler",
    "judge": "decision cache",
    "hearing": "after_rejecting",
    "heard": "last_message",
    "following": "next_after",
    "know": "cache, add",
    "draft": "plan",
    "likeness": "similarity",
    "consent": "prefilter",
    "grave": "tombstone",
    "overtaken": "write conflict",
    "whereabouts": "keys_of",
}
RETIRED_CLASSES = {
    "Described": "PlannedCommit",
    "Draft": "GroupPlan, RecordBuilder",
    "Job": "MergeJob",
    "Judge": "DecisionCache",
    "Met": "RecordCandidates",
    "Owed": "PendingEvents",
    "Refused": "Rejected, RefusedLink",
    "Stamp": "RecordVersion",
    "Told": "CorrectionItem",
}
PATTERNS = [(re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE), instead) for pattern, instead in RETIRED.items()]
LUA_OPENING = re.compile(r"(?:--.*\n)+")
LUA_STRING = re.compile(r"'\w*'")
CODE = re.compile(r"``?[^`]*``?|\"[^\"\n]*\"")
NO_VERB = re.compile(
    r"`|(?:a|an|the|as|all|any|both|by|each|every|for|from|how|in|its|of|on|one|that|these|this|those|two|what|when|where|whether|"
    r"which|who|whose|why)\b",
    re.IGNORECASE,
)


def texts(source: str) -> Iterator[tuple[int, str]]:
    """Yield the docstrings and comments of a module, each with its line."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.lineno, node.value.value
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def lua_texts(source: str) -> Iterator[tuple[int, str]]:
    """Yield the comments of a Lua script, each with its line, without words in quotes."""
    for line, text in enumerate(source.splitlines(), 1):
        _, mark, comment = text.partition("--")
        if mark:
            yield line, LUA_STRING.sub("", comment)


def retired(source: str, suffix: str = ".py") -> list[str]:
    """Return each retired word of the docstrings and comments in a file, with its line and what to write instead."""
    found = []
    for line, text in lua_texts(source) if suffix == ".lua" else texts(source):
        prose = CODE.sub(lambda match: "\n" * match[0].count("\n"), text)
        for pattern, instead in PATTERNS:
            for match in pattern.finditer(prose):
                at = line + prose.count("\n", 0, match.start())
                found.append(f"line {at}: {match[0]!r}; write: {instead}")
    return found


def without_verb(source: str) -> list[str]:
    """Return the functions whose docstring begins with a word that is no verb; properties may be named by a noun."""
    return [
        f"line {node.lineno}: {node.name}: {text.splitlines()[0]}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (text := ast.get_docstring(node))
        if not any("property" in ast.unparse(decorator) for decorator in node.decorator_list)
        if NO_VERB.match(text)
    ]


def defined_names(source: str) -> Iterator[tuple[int, str]]:
    """Yield each name that a module defines (functions, classes, arguments, variables, attributes), with its line."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case (
                ast.ClassDef(name=name)
                | ast.FunctionDef(name=name)
                | ast.AsyncFunctionDef(name=name)
                | ast.arg(arg=name)
            ):
                yield node.lineno, name
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield node.lineno, name


def retired_names(source: str) -> list[str]:
    """Return each name that a module defines with a retired word in it, with what to write instead."""
    return [
        f"line {line}: {name!r}; write: {RETIRED_IN_NAMES[word.lower()]}"
        for line, name in defined_names(source)
        for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", name)
        if word.lower() in RETIRED_IN_NAMES
    ]


def retired_classes(source: str) -> list[str]:
    """Return each class of a module that has a retired name, with what to write instead."""
    return [
        f"line {node.lineno}: {node.name!r}; write: {RETIRED_CLASSES[node.name.lstrip('_')]}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ClassDef) and node.name.lstrip("_") in RETIRED_CLASSES
    ]


def modules() -> list[Path]:
    return [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]


@pytest.mark.parametrize("package", PACKAGES)
def test_docstrings_and_comments_use_the_words_of_the_glossary(package: str) -> None:
    found = {
        f"{path.relative_to(ROOT.parent)} {fault}"
        for path in (ROOT / package).rglob("*")
        if path.suffix in {".py", ".lua"}
        for fault in retired(path.read_text(encoding="utf-8"), path.suffix)
    }
    assert not found, "\n".join(sorted(found))


def test_lua_scripts_open_with_their_key_layout() -> None:
    scripts = sorted(ROOT.rglob("*.lua"))
    openings = {path.name: LUA_OPENING.match(path.read_text(encoding="utf-8")) for path in scripts}
    assert scripts
    assert [name for name, opening in openings.items() if not opening or "\n-- KEYS" not in opening[0]] == []


def test_docstrings_of_functions_begin_with_a_verb() -> None:
    found = [
        f"{path.relative_to(ROOT.parent)} {fault}"
        for path in modules()
        for fault in without_verb(path.read_text("utf-8"))
    ]
    assert not found, "\n".join(found)


def test_names_use_the_words_of_the_glossary() -> None:
    found = [
        f"{path.relative_to(ROOT.parent)} {fault}"
        for path in modules()
        for fault in retired_names(path.read_text(encoding="utf-8"))
    ]
    assert not found, "\n".join(found)


def test_classes_that_were_renamed_do_not_return() -> None:
    found = [
        f"{path.relative_to(ROOT.parent)} {fault}"
        for folder in ("streams", "tests", "bench")
        for path in sorted((ROOT.parent / folder).rglob("*.py"))
        for fault in retired_classes(path.read_text(encoding="utf-8"))
    ]
    assert not found, "\n".join(found)


def test_the_packages_exist_and_have_modules() -> None:
    assert all((ROOT / package / "__init__.py").is_file() for package in PACKAGES)


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ('def f():\n    """Tell whoever asks."""\n', 1),
        ("x = 1  # nobody heeds it\n", 2),
        ('X = 1\n"""The group stands under its id."""\n', 1),
        ('def f():\n    """Return what `told` holds, whose letter stands for a word."""\n', 0),
        ('told = "nobody"\n', 0),
    ],
)
def test_retired_words_are_found_in_docstrings_and_comments_alone(source: str, count: int) -> None:
    assert len(retired(source)) == count


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("-- Nobody is told.\nlocal told = 1\n", 2),
        ("local x = 1  -- whoever asks\n", 1),
        ("-- Returns {'successor', to}, `told` or the server's id\n", 0),
    ],
)
def test_retired_words_are_found_in_comments_of_lua_scripts(source: str, count: int) -> None:
    assert len(retired(source, ".lua")) == count


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ('def f():\n    """Whether it is."""\n', 1),
        ('def f():\n    """Tell whether it is."""\n', 0),
        ('class C:\n    """A value."""\n\n    @property\n    def f(self):\n        """The year."""\n', 0),
    ],
)
def test_a_docstring_without_a_verb_is_found(source: str, count: int) -> None:
    assert len(without_verb(source)) == count


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("class Draft:\n    told: int\n", 2),
        ("def know(heard):\n    self.owed = 1\n", 3),
        ("async def f():\n    for owed_before in g(known, allowed):\n        pass\n", 1),
        ("Owed = told_once = 1\n", 2),
        ("def f():\n    return told.known, {'owed': told}\n", 0),
        ("knows, followed, ALLOWED = 'owed', 'told', 1\n", 0),
    ],
)
def test_retired_words_are_found_in_names_that_are_defined(source: str, count: int) -> None:
    assert len(retired_names(source)) == count


@pytest.mark.parametrize(
    ("source", "count"),
    [("class Told:\n    pass\n", 1), ("class _Draft:\n    pass\n", 1), ("class Drafts(Told):\n    pass\n", 0)],
)
def test_retired_classes_are_found_where_they_are_defined(source: str, count: int) -> None:
    assert len(retired_classes(source)) == count
