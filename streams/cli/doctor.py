"""`streams doctor`: check settings, Kafka, its topics and Redis, and print what to fix."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import orjson
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from streams.cli.context import open_state
from streams.errors import StreamsError
from streams.harvest.checkpoints import read_states
from streams.harvest.diagnosis import check_harvests
from streams.kafka.connection import KafkaConnection
from streams.kafka.refusal import principal
from streams.kafka.rights import ask_rights, missing_rights
from streams.kafka.topics import fixed_topics
from streams.local.broker import broker_executable
from streams.local.valkey import REDIS_OPTIONS, choose_server
from streams.ops.diagnosis import (
    ExpectedTopic,
    Finding,
    check_fixed_partitions,
    check_kafka,
    check_session,
    check_settings,
)
from streams.ops.probes import ask_kafka, ask_partitions, ask_redis
from streams.ops.redis_diagnosis import check_redis
from streams.ops.work_diagnosis import WorkFacts, check_work
from streams.rebuild import generations
from streams.serve.tokens import TokenReader
from streams.settings import Settings
from streams.settings.redaction import hide, hide_tokens
from streams.state.connection import connect
from streams.state.fixed_partitions import fixed_partitions
from streams.state.identity import IdentityStore
from streams.state.index_size import IndexMeter
from streams.state.layout import Layout
from streams.state.progress import Progress
from streams.totals.read import Totals, read_totals, read_workers
from streams.worker.identity import inspect_identity
from streams.worker.older_copy import inspect_copy

__all__ = ["diagnose", "doctor"]

_COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}
_HASH_LIMITS = {name: value for name, value in REDIS_OPTIONS.items() if name.startswith("hash-")}


def doctor(settings: Settings, as_json: bool, expected: Sequence[ExpectedTopic] = (), *, seconds: float = 10.0) -> int:
    """Print the findings and return the exit code: 1 when a check failed, 0 otherwise, also with warnings.

    `expected` are the topics the workers use, `seconds` the time limit for each of the two servers.
    With `as_json` the output is `{"ok": …, "findings": [{"check", "status", "found", "advice"}]}`.
    """
    findings = asyncio.run(diagnose(settings, expected, seconds))
    healthy = all(finding.status != "fail" for finding in findings)
    if as_json:
        report = {"ok": healthy, "findings": [finding._asdict() for finding in findings]}
        typer.echo(orjson.dumps(report, option=orjson.OPT_INDENT_2).decode())
    else:
        _show(findings, healthy)
    return 0 if healthy else 1


async def diagnose(settings: Settings, expected: Sequence[ExpectedTopic], seconds: float) -> list[Finding]:
    """Run every check, the two servers at the same time."""
    wrong = list(check_settings(settings))
    bad = {finding.check for finding in wrong if finding.status == "fail"}
    kafka, redis = await asyncio.gather(
        _kafka(settings, expected, seconds, skip="STREAMS_KAFKA_URL" in bad),
        _redis(settings, seconds, skip="STREAMS_REDIS_URL" in bad),
    )
    found = [*(wrong or [Finding("settings", "ok", "all valid")]), *kafka, *redis]
    if settings.serve_tokens_file:
        found.append(_tokens(settings))
    answers = {finding.check for finding in found if finding.status == "ok"}
    if settings.kafka_url and settings.redis_url and {"kafka", "redis"} <= answers:
        found.append(await _identity(settings))
        found += await _partitions(settings, seconds)
    if settings.kafka_url and "kafka" in answers:
        found += await _harvests(settings)
    return found


async def _harvests(settings: Settings) -> list[Finding]:
    """Check that the harvesters that ever ran have harvested lately; none where none ran."""
    try:
        states = await read_states(settings)
    except StreamsError as error:
        return [
            Finding("harvest", "warn", str(error), "grant Read on harvest.checkpoints: docs/how-to/kafka-security.md")
        ]
    return list(check_harvests(states, time.time()))


async def _kafka(
    settings: Settings, expected: Sequence[ExpectedTopic], seconds: float, *, skip: bool
) -> Iterable[Finding]:
    if skip:
        return []
    if not settings.kafka_url:
        return [_embedded("kafka", broker_executable)]
    try:
        facts = await ask_kafka(KafkaConnection.of(settings), [topic.name for topic in expected], seconds)
    except StreamsError as error:
        return [Finding("kafka", "fail", str(error), "start Kafka, or correct STREAMS_KAFKA_URL")]
    rights = await _rights(settings, seconds)
    findings = (*check_kafka(facts, expected, settings.replication), *check_session(facts, settings.session_timeout))
    return [Finding("kafka", "ok", hide(settings.kafka_url)), *rights, *findings]


async def _rights(settings: Settings, seconds: float) -> Iterable[Finding]:
    """Check that a worker with these settings may read and write the topics, and join its group."""
    check = "kafka rights"
    try:
        rights = await ask_rights(settings, seconds)
    except StreamsError as error:
        return [Finding(check, "warn", str(error), "see docs/how-to/kafka-security.md")]
    user = principal(KafkaConnection.of(settings))
    if missing := "; ".join(missing_rights(settings, rights)):
        return [Finding(check, "fail", f"{user} lacks {missing}", "grant it: docs/how-to/kafka-security.md")]
    known = bool(rights.topics) and rights.group is not None
    return [Finding(check, "ok", "those of a worker" if known else "the broker does not say")]


async def _redis(settings: Settings, seconds: float, *, skip: bool) -> Iterable[Finding]:
    if skip:
        return []
    if not settings.redis_url:
        return [_embedded("redis", lambda: choose_server()[1])]
    try:
        facts = await ask_redis(settings, seconds)
    except StreamsError as error:
        return [Finding("redis", "fail", str(error), "start Redis, or correct STREAMS_REDIS_URL, _USER and _PASSWORD")]
    shown = hide(settings.redis_url)
    checks = check_redis(facts, _HASH_LIMITS, settings.redis_cluster, settings.redis_replicas)
    findings = [Finding("redis", "ok", shown), *checks]
    is_cluster = facts.info.get("cluster_enabled", "1" if settings.redis_cluster else "0") == "1"
    if is_cluster == settings.redis_cluster:  # otherwise the settings give no connection
        findings.append(generation := await asyncio.to_thread(_generation, settings))
        if generation.status != "fail":
            findings += await asyncio.to_thread(_work, settings)
    return findings


def _generation(settings: Settings) -> Finding:
    """Check that the generation in force was begun with the ruleset of this version, and that no rebuild was left unfinished."""
    try:
        found = generations.status(settings)
    except StreamsError as error:
        return Finding("generation", "fail", str(error), "correct STREAMS_REDIS_URL or STREAMS_GENERATION")
    shown = f"{found.generation}, ruleset {found.ruleset or 'not noted'}"
    if found.ruleset not in ("", found.our_ruleset):
        advice = f"this version has ruleset {found.our_ruleset}: run `streams rebuild`, or old decisions stay beside new ones"
        return Finding("generation", "warn", shown, advice)
    if found.rebuilding and not found.running:
        advice = f"a rebuild to {found.rebuilding} was begun: `streams rebuild` resumes it, `--abort` gives it up"
        return Finding("generation", "warn", shown, advice)
    return Finding("generation", "ok", shown)


def _work(settings: Settings) -> list[Finding]:
    """Check the workers that run, their lag, events that are pending, and dead letters."""
    try:
        with open_state(settings, to_read=True) as (current, connection):
            layout, totals = Layout.of(current), read_totals(current, connection)
            facts = WorkFacts(
                read_workers(current, connection),
                IndexMeter(layout, connection).measure().pending_events,
                _dead_letters(totals),
                bool(Progress(layout, connection).positions()),
            )
    except StreamsError as error:
        return [Finding("workers", "warn", str(error), "grant the rights to read: docs/operations.md")]
    return list(check_work(facts))


def _dead_letters(totals: Totals | None) -> Mapping[str, int] | None:
    """Return the dead letters by source, None where they are not counted."""
    if totals is None or totals.dead_letters is None:
        return None
    counts: Counter[str] = Counter()
    for each in totals.dead_letters:
        counts[each.source] += each.dead_letters
    return counts


async def _identity(settings: Settings) -> Finding:
    """Check that Redis and the topics are of one state, and that what Redis has not handled can be read."""
    connection = connect(settings)
    try:
        verdict = await inspect_identity(settings, connection)
        store = await asyncio.to_thread(IdentityStore, settings, connection)
        positions = await asyncio.to_thread(store.positions)
    except StreamsError as error:
        return Finding("state", "fail", str(error), "start the server, or correct its address")
    finally:
        connection.close()
    try:
        reason = verdict.reason or await inspect_copy(store.settings, positions)
    except StreamsError as error:
        unknown = f"{verdict.state}; not known whether the topics reach back to it: {error}"
        return Finding("state", "warn", unknown, "grant Describe on the consumer group: docs/how-to/kafka-security.md")
    if reason:
        found, _, advice = reason.partition(". ")
        return Finding("state", "fail", found, advice)
    return Finding("state", "ok", verdict.state or "none yet: the first worker names it")


def _tokens(settings: Settings) -> Finding:
    """Check that `streams serve` can read its tokens; none of them is shown."""
    try:
        count = len(TokenReader(Path(settings.serve_tokens_file)))
    except StreamsError as error:
        return Finding("tokens", "fail", str(error), "correct the file, or make one by `streams token create`")
    if not count:
        return Finding(
            "tokens", "warn", "none", "`streams token create` makes one; without, nothing can be changed over HTTP"
        )
    return Finding("tokens", "ok", f"{count} in {hide_tokens(settings.serve_tokens_file)}")


async def _partitions(settings: Settings, seconds: float) -> list[Finding]:
    """Check that the topics that workers write have as many partitions as when the state was begun."""
    check, connection = "partitions of dedup.*", connect(settings)
    try:
        begun = await asyncio.to_thread(fixed_partitions, settings, connection)
        found = await ask_partitions(KafkaConnection.of(settings), fixed_topics(settings), seconds)
    except StreamsError as error:
        return [Finding(check, "fail", str(error), "start the server, or correct its address")]
    finally:
        connection.close()
    wrong = list(check_fixed_partitions(found, begun))
    shown = "as the state was begun with" if begun else "not fixed yet: the first worker does"
    return wrong or [Finding(check, "ok", shown)]


def _embedded(name: str, find: Callable[[], str]) -> Finding:
    try:
        return Finding(name, "ok", f"embedded, started when needed: {find()}")
    except StreamsError as error:
        return Finding(name, "fail", "not installed", str(error))


def _show(findings: Sequence[Finding], healthy: bool) -> None:
    console = Console()  # honours NO_COLOR
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("check", "status", "found", "what to do"):
        table.add_column(column, overflow="fold")
    for check, status, found, advice in findings:
        table.add_row(Text(check), Text(status, _COLOURS[status]), Text(found), Text(advice))
    console.print(table)
    count = sum(finding.status == "warn" for finding in findings)
    warnings = f"; {count} warning{'s' if count > 1 else ''}" if count else ""
    verdict = "Nothing has to be fixed" if healthy else "Some checks failed"
    console.print(f"\n{verdict}{warnings}.", highlight=False)
