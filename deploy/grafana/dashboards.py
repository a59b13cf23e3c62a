"""Write the Grafana dashboards beside this file: `python deploy/grafana/dashboards.py`. The JSON files are what Grafana loads.

A row is a title and panels; a panel is a title, a unit of Grafana's, and its queries with their legends. A test holds that the
files are what this script writes, and that a real Prometheus, which scrapes a real worker, answers every query.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

from grafana_foundation_sdk.builders import stat, timeseries
from grafana_foundation_sdk.builders.dashboard import Dashboard, DatasourceVariable, Row
from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import DataSourceRef

__all__ = ["DASHBOARDS", "rendered", "write"]

_FOLDER = Path(__file__).parent
_SOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")


class Query(NamedTuple):
    """A query and how its series are named."""

    expression: str
    legend: str = ""


class Graph(NamedTuple):
    """A panel: `number` shows the latest value alone."""

    title: str
    unit: str
    queries: tuple[Query, ...]
    number: bool = False


Rows = tuple[tuple[str, tuple[Graph, ...]], ...]


def _quantiles(metric: str, of: str = "") -> tuple[Query, ...]:
    series = f"{metric}_bucket{{{of}}}" if of else f"{metric}_bucket"
    return tuple(
        Query(f"histogram_quantile({share}, sum by (le) (rate({series}[$__rate_interval])))", f"p{share * 100:g}")
        for share in (0.5, 0.95, 0.99)
    )


def _rate(metric: str, label: str) -> tuple[Query, ...]:
    return (Query(f"sum by ({label}) (rate({metric}[$__rate_interval]))", f"{{{{{label}}}}}"),)


_OVERVIEW: Rows = (
    (
        "Now",
        (
            Graph("Workers ready", "none", (Query("sum(streams_ready)"),), number=True),
            Graph("Messages that wait", "short", (Query("sum(job_topic:streams_lag_messages:sum)"),), number=True),
            Graph("Oldest message that waits", "s", (Query("max(job_topic:streams_lag_seconds:max)"),), number=True),
            Graph("Records", "short", (Query("max(streams_index_records)"),), number=True),
            Graph("Clusters", "short", (Query("max(streams_index_clusters)"),), number=True),
            Graph("Redis full", "percentunit", (Query("max(job_node:streams_redis_memory:ratio)"),), number=True),
        ),
    ),
    (
        "Feeds",
        (
            Graph("Messages received", "reqps", _rate("streams_received_records_total", "source")),
            Graph("Lag in messages", "short", (Query("job_topic:streams_lag_messages:sum", "{{topic}}"),)),
            Graph("Lag in seconds", "s", (Query("job_topic:streams_lag_seconds:max", "{{topic}}"),)),
            Graph("Dead letters by reason", "reqps", _rate("streams_rejected_records_total", "reason")),
            Graph(
                "Share of dead letters",
                "percentunit",
                (Query("job_source:streams_rejected_records:ratio_rate15m", "{{source}}"),),
            ),
            Graph(
                "Fields that cannot be read",
                "percentunit",
                (Query("topk(10, job_source_field:streams_unread_fields:ratio_rate1h)", "{{source}} {{field}}"),),
            ),
        ),
    ),
    (
        "Results",
        (
            Graph("Decisions", "reqps", _rate("streams_decisions_total", "decision")),
            Graph("Changes of clusters", "reqps", _rate("streams_cluster_changes_total", "change")),
            Graph("Messages published", "reqps", _rate("streams_published_messages_total", "topic")),
            Graph("From the broker to published events", "s", _quantiles("streams_publish_latency_seconds")),
            Graph("Records of a cluster after a change", "short", _quantiles("streams_cluster_records")),
            Graph("Limits reached", "percentunit", (Query("job_cap:streams_caps:ratio_rate1h", "{{cap}}"),)),
            Graph("Corrections", "reqps", _rate("streams_corrections_total", "verdict")),
        ),
    ),
)

_WORKERS: Rows = (
    (
        "Workers",
        (
            Graph("Ready", "none", (Query("streams_ready", "{{instance}}"),)),
            Graph("Live", "none", (Query("streams_live", "{{instance}}"),)),
            Graph("Waits for", "none", (Query("sum by (reason) (streams_paused)", "{{reason}}"),)),
            Graph(
                "Partitions",
                "none",
                (
                    Query("streams_assigned_partitions", "{{instance}}"),
                    Query("max by (job) (streams_unassigned_partitions)", "of no worker"),
                ),
            ),
            Graph(
                "Rebalances", "short", (Query("increase(streams_rebalances_total[$__rate_interval])", "{{instance}}"),)
            ),
            Graph(
                "Versions",
                "none",
                (
                    Query(
                        "count by (version, ruleset, generation) (streams_info)",
                        "{{version}} {{ruleset}} {{generation}}",
                    ),
                ),
            ),
            Graph(
                "Since the last batch", "s", (Query("time() - streams_last_batch_timestamp_seconds", "{{instance}}"),)
            ),
            Graph(
                "Processor",
                "percentunit",
                (Query("rate(streams_process_cpu_seconds_total[$__rate_interval])", "{{instance}}"),),
            ),
            Graph("Memory", "bytes", (Query("streams_process_resident_memory_bytes", "{{instance}}"),)),
        ),
    ),
    (
        "Batches",
        (
            Graph(
                "Share of the stages",
                "percentunit",
                (Query("job_stage:streams_stage_seconds:share_rate5m", "{{stage}}"),),
            ),
            Graph("Time of a batch", "s", _quantiles("streams_batch_seconds")),
            Graph(
                "Messages in batches",
                "reqps",
                (Query("sum(rate(streams_batch_records_total[$__rate_interval]))", "messages"),),
            ),
            Graph("Records compared with a new one", "short", _quantiles("streams_candidates")),
            Graph("From the broker to the decision", "s", _quantiles("streams_decision_latency_seconds")),
            Graph("Batches tried again", "reqps", _rate("streams_retries_total", "cause")),
            Graph(
                "Partitions rewound",
                "short",
                (Query("sum(increase(streams_rewinds_total[$__rate_interval]))", "rewound"),),
            ),
            Graph(
                "Offsets without a message",
                "short",
                (Query("sum(increase(streams_skipped_offsets_total[$__rate_interval]))", "offsets"),),
            ),
        ),
    ),
    (
        "Servers",
        (
            Graph(
                "Memory of Redis",
                "bytes",
                (
                    Query("max by (node) (streams_redis_used_bytes)", "used {{node}}"),
                    Query("max by (node) (streams_redis_max_bytes)", "limit {{node}}"),
                ),
            ),
            Graph("Round trip to Redis", "s", _quantiles("streams_redis_seconds")),
            Graph(
                "Round trips to Redis",
                "reqps",
                (Query("sum(rate(streams_redis_round_trips_total[$__rate_interval]))", "trips"),),
            ),
            Graph("Errors of Redis", "reqps", _rate("streams_redis_errors_total", "kind")),
            Graph("Failures to publish", "reqps", _rate("streams_publish_errors_total", "topic")),
            Graph("Messages truncated", "reqps", _rate("streams_cut_messages_total", "topic")),
            Graph("Events to be published", "short", (Query("max(streams_pending_events)", "events"),)),
            Graph("Messages parsed", "reqps", _rate("streams_parsed_records_total", "source")),
            Graph("Fields that cannot be read", "reqps", _rate("streams_unread_fields_total", "source")),
        ),
    ),
)

_QUESTIONS = 'operation!~"isLive|isReady|metrics"'

_SERVE: Rows = (
    (
        "API",
        (
            Graph("Processes that answer", "none", (Query('sum(up{job="streams-serve"})'),), number=True),
            Graph(
                "Share of errors", "percentunit", (Query("max(job:streams_serve_errors:ratio_rate5m)"),), number=True
            ),
            Graph("p99", "s", (Query("max(job:streams_serve_request_seconds:p99_rate5m)"),), number=True),
            Graph("Versions", "none", (Query("count by (version) (streams_serve_build_info)", "{{version}}"),)),
            Graph(
                "Questions",
                "reqps",
                (
                    Query(
                        f"sum by (operation) (rate(streams_serve_request_seconds_count{{{_QUESTIONS}}}[$__rate_interval]))",
                        "{{operation}}",
                    ),
                ),
            ),
            Graph(
                "Answers by status",
                "reqps",
                (
                    Query(
                        f"sum by (status) (rate(streams_serve_request_seconds_count{{{_QUESTIONS}}}[$__rate_interval]))",
                        "{{status}}",
                    ),
                ),
            ),
            Graph("Time to the answer", "s", _quantiles("streams_serve_request_seconds", _QUESTIONS)),
            Graph(
                "Slowest operations",
                "s",
                (
                    Query(
                        "topk(5, histogram_quantile(0.99, sum by (operation, le) "
                        f"(rate(streams_serve_request_seconds_bucket{{{_QUESTIONS}}}[$__rate_interval]))))",
                        "{{operation}}",
                    ),
                ),
            ),
            Graph("Requests refused", "reqps", _rate("streams_serve_refused_total", "code")),
            Graph("Where the time goes", "percentunit", _rate("streams_serve_part_seconds_total", "part")),
            Graph(
                "Processor",
                "percentunit",
                (Query('rate(process_cpu_seconds_total{job="streams-serve"}[$__rate_interval])', "{{instance}}"),),
            ),
            Graph("Memory", "bytes", (Query('process_resident_memory_bytes{job="streams-serve"}', "{{instance}}"),)),
        ),
    ),
    (
        "Subscribers and people",
        (
            Graph("Streams of events", "none", (Query("sum by (instance) (streams_subscribers)", "{{instance}}"),)),
            Graph(
                "Streams ended for being slow",
                "none",
                (Query("sum(increase(streams_subscribers_dropped_total[$__rate_interval]))", "streams"),),
            ),
            # Each process of the service counts all of them.
            Graph(
                "Open pairs",
                "none",
                (Query("max by (source_a, source_b) (streams_review_open)", "{{source_a}} and {{source_b}}"),),
            ),
            Graph("Oldest open pair", "s", (Query("max(streams_review_oldest_seconds)", "age"),)),
            Graph(
                "Dead letters",
                "none",
                (Query("max by (source, reason) (streams_dead_letters)", "{{source}}: {{reason}}"),),
            ),
        ),
    ),
    (
        "Webhooks",
        (
            Graph("Endpoints that fail", "none", (Query("sum(streams_webhook_failing)"),), number=True),
            Graph(
                "Deliveries",
                "reqps",
                (
                    Query(
                        "sum by (name, outcome) (rate(streams_webhook_deliveries_total[$__rate_interval]))",
                        "{{name}} {{outcome}}",
                    ),
                ),
            ),
            Graph(
                "Age of the oldest event that waits",
                "s",
                (Query("max by (name) (streams_webhook_lag_seconds)", "{{name}}"),),
            ),
            Graph("Parked events", "none", (Query("max by (name) (streams_webhook_parked)", "{{name}}"),)),
        ),
    ),
)

_HARVEST: Rows = (
    (
        "Feeds",
        (
            Graph(
                "Since everything due was harvested",
                "s",
                (Query("time() - streams_harvest_last_success_timestamp_seconds", "{{source}}"),),
            ),
            Graph(
                "Age of the newest record",
                "s",
                (Query("time() - streams_harvest_newest_timestamp_seconds", "{{source}}"),),
            ),
            Graph("Windows that failed", "short", (Query("streams_harvest_pending_windows", "{{source}}"),)),
            Graph("Records published", "reqps", _rate("streams_harvest_records_total", "source")),
            Graph("Requests by status", "reqps", _rate("streams_harvest_requests_total", "status")),
            Graph("Share of time waited", "percentunit", _rate("streams_harvest_wait_seconds_total", "cause")),
            Graph("Memory", "bytes", (Query("streams_harvest_process_resident_memory_bytes", "{{instance}}"),)),
        ),
    ),
)

DASHBOARDS: dict[str, tuple[str, Rows]] = {
    "streams-overview": ("Streams: feeds and clusters", _OVERVIEW),
    "streams-workers": ("Streams: workers and servers", _WORKERS),
    "streams-serve": ("Streams: API", _SERVE),
    "streams-harvest": ("Streams: harvesters", _HARVEST),
}
"""File name and id of each dashboard, its title and its rows."""


def _panel(graph: Graph) -> stat.Panel | timeseries.Panel:
    panel: stat.Panel | timeseries.Panel = (
        stat.Panel().span(4).height(4) if graph.number else timeseries.Panel().span(8).height(8).fill_opacity(8)
    )
    panel.title(graph.title).unit(graph.unit).datasource(_SOURCE)
    if graph.unit in {"none", "short"}:
        panel.decimals(0)
    for letter, query in zip("ABC", graph.queries, strict=False):
        panel.with_target(Dataquery().expr(query.expression).legend_format(query.legend).ref_id(letter))
    return panel


def rendered(name: str) -> str:
    """Return a dashboard as the text of its file."""
    title, rows = DASHBOARDS[name]
    dashboard = Dashboard(title).uid(name).tags(["streams"]).readonly().refresh("30s").time("now-3h", "now")
    dashboard.timezone("browser").with_variable(DatasourceVariable("datasource").label("Prometheus").type("prometheus"))
    for heading, graphs in rows:
        dashboard.with_row(Row(heading))
        for graph in graphs:
            dashboard.with_panel(_panel(graph))
    built = dashboard.build()
    for number, panel in enumerate(built.panels or (), 1):
        panel.id_val = number
    return json.dumps(built, cls=JSONEncoder, sort_keys=True, indent=2) + "\n"


def write(folder: Path) -> None:
    """Write all dashboards into a folder."""
    for name in DASHBOARDS:
        (folder / f"{name}.json").write_text(rendered(name), encoding="utf-8")


if __name__ == "__main__":
    write(_FOLDER)
