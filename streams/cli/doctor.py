"""`streams doctor`: check settings, Kafka, its topics and Redis, and print what to fix."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence

import orjson
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from streams.errors import StreamsError
from streams.kafka.connection import KafkaConnection
from streams.local.broker import broker_executable
from streams.local.valkey import REDIS_OPTIONS, choose_server
from streams.ops.diagnosis import (
    ExpectedTopic,
    Finding,
    check_kafka,
    check_session,
    check_settings,
)
from streams.ops.probes import ask_kafka, ask_redis
from streams.ops.redis_diagnosis import check_redis
from streams.rebuild import generations
from streams.settings import Settings
from streams.settings.redaction import hide
from streams.state.connection import connect
from streams.worker.identity import inspect_identity
from streams.worker.startup_checks import partitions_changed

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
    answers = {finding.check for finding in found if finding.status == "ok"}
    if settings.kafka_url and settings.redis_url and {"kafka", "redis"} <= answers:
        found += await _identity(settings)
    return found


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
    findings = (*check_kafka(facts, expected, settings.replication), *check_session(facts, settings.session_timeout))
    return [Finding("kafka", "ok", hide(settings.kafka_url)), *findings]


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
        findings.append(await asyncio.to_thread(_generation, settings))
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


async def _identity(settings: Settings) -> list[Finding]:
    """Check that Redis and the topics are of one state, and that those of clusters have the partitions they had at first."""
    connection = connect(settings)
    try:
        verdict = await inspect_identity(settings, connection)
        changed = await partitions_changed(settings, connection)
    except StreamsError as error:
        return [Finding("state", "fail", str(error), "start the server, or correct its address")]
    finally:
        connection.close()
    partitions = [Finding("partitions", "fail", *changed.split("; see ", 1))] if changed else []
    if verdict.reason:
        found, _, advice = verdict.reason.partition(". ")
        return [Finding("state", "fail", found, advice), *partitions]
    return [Finding("state", "ok", verdict.state or "none yet: the first worker names it"), *partitions]


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
