"""Tests mirror the package by name: what `streams/PKG/MOD.py` does is tested in `tests/PKG/test_MOD.py`.

What `streams/PKG/__init__.py` defines itself is tested in `tests/PKG/test_PKG.py`.
"""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[1]

WITHOUT = {
    # Tables and values without behaviour of their own
    "cli/options": "the options that commands share, as types",
    "matching/decision": "value types; their promises are in tests/matching/test_properties.py",
    "matching/feature_values": "value types; made and read in tests/matching/test_features.py",
    "synthetic/vocabulary": "tables of words",
    "clusters/group_plan": "value types; made and read in tests/clusters/test_planner.py",
    # What `streams.deduplicate` is made of: held against the engine on a real Redis
    "api/grouping": "tests/api/test_deduplicating.py",
    "api/inputs": "tests/api/test_comparing.py, test_deduplicating.py",
    "api/memory_index": "tests/api/test_deduplicating.py",
    "api/record_pool": "tests/api/test_deduplicating.py",
    "streams": "tests/api/test_exported_members.py",
    "testing/feeds": "tests/testing/test_fake_streams.py",
    "clusters/id_assignment": "tests/clusters/test_planner.py, test_adoption.py",
    # Commands: all of it is what users see of real servers and workers
    "cli/dead_letter": "on real processes: tests/system/test_dead_letters.py",
    "cli/explain": "on real processes: tests/system/test_run.py, test_corrections_live.py",
    "cli/history": "on a real worker, beside the corrections that make a history: tests/cli/test_correct.py",
    "cli/rebuild": "on real processes: tests/system/test_rebuild_live.py",
    "cli/up": "on real processes: tests/system/test_commands_live.py",
    "cli/verify": "on real processes: tests/system/test_verify.py",
    "local/http_process": "the processes that are made of it: tests/local/test_serve.py, and workers in every file of tests/system",
    "local/up": "on real processes: tests/system/test_commands_live.py",
    "local/worker": "on real processes, in every file of tests/system",
    "harvest/source": "value types and a protocol; made and read in tests/harvest/test_harvester.py",
    "client/items": "value types; made and read in tests/client/test_subscription.py, test_kafka_source.py",
    "query/answers": "value types; made in tests/query/test_lookup.py, test_clusters.py, test_match.py, test_preview.py",
    "query/hypothetical": "plans held against what the engine does: tests/query/test_match.py, test_preview.py",
    "query/index_reader": "tests/query/test_lookup.py, test_explain.py",
    # Parts of a rebuild, which only together keep a promise
    "rebuild/transfer_ids": "every step is killed and run again: tests/rebuild/test_rebuild_state.py",
    "rebuild/backfill": "records that left the topics: tests/rebuild/test_rebuild_state.py",
    "rebuild/joined_components": "partitions against brute force: tests/rebuild/test_rebuild_state.py",
    "rebuild/lock": "a rebuild that stood still, and two at once: tests/rebuild/test_generations.py",
    "rebuild/rebuild": "tests/rebuild/test_rebuild_state.py, test_generations.py",
    "verification/scan": "state that was tampered with: tests/verification/test_audit.py",
    "verification/verifier": "on real processes: tests/system/test_verify.py",
    # The engine and the worker: interleaved at every round trip, and killed
    "engine/births": "tests/engine/test_engine.py",
    "engine/candidates": "tests/engine/test_engine.py, test_races.py",
    "engine/correct": "tests/engine/test_engine_corrections.py",
    "engine/matcher": "tests/engine/test_engine.py",
    "engine/merge_attempt": "tests/engine/test_races.py, test_engine_interleavings.py",
    "engine/plan_job": "tests/engine/test_engine.py, test_races.py",
    "engine/review_questions": "tests/clusters/test_review_queue.py, tests/engine/test_engine.py",
    "engine/committer": "tests/engine/test_races.py, test_engine_interleavings.py",
    "engine/messages": "tests/engine/test_engine.py",
    "engine/upsert": "tests/engine/test_engine.py",
    "kafka/cluster_watch": "tests/system/test_topics_vanish.py",
    "kafka/dead_letters": "tests/system/test_dead_letters.py",
    "state/refusal": "on a real server: tests/state/test_credentials.py",
    "kafka/partitions": "tests/kafka/test_producer.py, test_reader.py",
    "kafka/refusal": "on listeners of a real Kafka: tests/system/test_kafka_security.py",
    "kafka/incoming": "tests/kafka/test_redrive.py",
    "kafka/topics": "tests/cli/test_doctor.py",
    "worker/open_state": "tests/system/test_start_waits.py, test_rebuild_live.py",
    "worker/redis_probe": "tests/system/test_start_waits.py, test_faults.py",
    "worker/app": "on real processes, in every file of tests/system",
    "worker/prepare_pool": "on real processes, in every file of tests/system",
    "worker/process": "on real processes, in every file of tests/system",
    "worker/reconciler": "tests/system/test_redis_forgets.py",
}
"""Modules without a test file of their name, and why; a list that only gets shorter."""


def modules() -> set[str]:
    """Return the modules of the package that define something, by path; a package whose `__init__` does, by its name in itself."""
    package = ROOT / "streams"
    found = set()
    for path in package.rglob("*.py"):
        body = ast.parse(path.read_text(encoding="utf-8")).body
        is_package = path.name == "__init__.py"
        own = (ast.FunctionDef, ast.ClassDef) if is_package else (ast.stmt,)
        if any(isinstance(node, own) and not isinstance(node, ast.Import | ast.ImportFrom) for node in body):
            name = path.parent / path.parent.name if is_package else path.with_suffix("")
            found.add(str(name.relative_to(package)))
    return found - {"__main__"}


def has_test(module: str) -> bool:
    path = Path(module)
    return (ROOT / "tests" / path.parent / f"test_{path.name}.py").exists()


def test_each_module_has_the_test_file_of_its_name_or_a_reason_to_have_none() -> None:
    assert {module for module in modules() if not has_test(module)} == set(WITHOUT)


def test_the_files_that_are_named_instead_exist() -> None:
    for module, reason in WITHOUT.items():
        folder = ""
        for word in reason.replace(",", " ").split():
            if word.startswith("tests/"):
                folder = word.rpartition("/")[0] if word.endswith(".py") else word
                assert (ROOT / word).exists(), module
            elif word.endswith(".py"):
                assert (ROOT / folder / word).exists(), module


def test_tests_are_packages() -> None:
    folders = {path.parent for path in (ROOT / "tests").rglob("*.py")}
    assert [str(folder) for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []
