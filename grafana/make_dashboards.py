#!/usr/bin/env python3
"""Writes grafana/dashboards/*.json, one file for each dashboard, from the panels that are listed here.

    grafana/make_dashboards.py

In an expression NODE stands for the matcher of the variable `node`, and RATE for `$__rate_interval`.
"""

import json
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "dashboards"
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
TAG = "digital-twin"
GRID_WIDTH = 24


def quantiles(metric, by=""):
    """The median and the slow ends of a histogram of seconds."""
    labels, name = (f"{by}, ", f"{{{{{by}}}}} ") if by else ("", "")
    return [
        (f"histogram_quantile({share}, sum by ({labels}le) (rate({metric}_bucket{{NODE}}[RATE])))", f"{name}{title}")
        for share, title in ((0.5, "median"), (0.95, "95 %"), (0.99, "99 %"))
    ]


def rate(metric, by="", matcher=""):
    """How often a counter is counted up, by a label."""
    matchers = f"NODE, {matcher}" if matcher else "NODE"
    grouping, legend = (f" by ({by})", f"{{{{{by}}}}}") if by else ("", "all")
    return [(f"sum{grouping} (rate({metric}{{{matchers}}}[RATE]))", legend)]


def gauge(metric, by="instance", matcher=""):
    matchers = f"NODE, {matcher}" if matcher else "NODE"
    return [(f"sum by ({by}) ({metric}{{{matchers}}})", f"{{{{{by}}}}}")]


def share(part, whole, legend):
    return [(f"sum({part}) / sum({whole})", legend)]


# title, description, unit, [(expression, legend)], alerts whose runbook belongs to it
OVERVIEW = {
    "Service levels": [
        ("Nodes that answer", "Nodes whose metrics Prometheus gets.", "short", [('sum(up{job="digital-twin", NODE})', "nodes")], ["NodeDown"]),
        ("Alerts that fire", "By severity; see the runbook for each.", "short", [('sum(ALERTS{alertstate="firing"}) or vector(0)', "alerts")], []),
        ("Connections", "WebSocket connections that are open.", "short", [("sum(twin_sessions{NODE})", "connections")], []),
        ("Version", "Nodes by the version that they run.", "short", [("sum by (version) (twin_build_info{NODE})", "{{version}}")], []),
        (
            "Share of the error budget in use, one hour",
            "What went wrong within an hour over what may go wrong in the long run, of the whole cluster: 1 uses the budget up exactly.",
            "short",
            [("twin:slo_error:ratio_rate1h / twin:slo_budget", "{{slo}}")],
            ["SloBudgetBurnsFast", "SloBudgetBurns"],
        ),
        (
            "Share of the error budget in use, three days",
            "The same within three days.",
            "short",
            [("twin:slo_error:ratio_rate3d / twin:slo_budget", "{{slo}}")],
            ["SloBudgetBurnsSlowly"],
        ),
    ],
    "HTTP": [
        ("Requests", "Answers a second, by status.", "reqps", rate("twin_http_requests_total", "status"), []),
        (
            "Faults",
            "Share of the requests that are answered with a fault of the server.",
            "percentunit",
            [
                (
                    '(sum(rate(twin_http_requests_total{NODE, status=~"5.."}[RATE])) or vector(0))'
                    " / sum(rate(twin_http_requests_total{NODE}[RATE]))",
                    "5xx",
                )
            ],
            ["SloBudgetBurnsFast", "DiskIsFull"],
        ),
        ("Time to the answer's head", "Of all routes together.", "s", quantiles("twin_http_request_seconds"), []),
        ("Requests at work", "Requests that are being answered now.", "short", gauge("twin_http_requests_in_flight"), []),
    ],
    "WebSocket": [
        ("Frames", "Frames that clients send, by op.", "ops", rate("twin_client_frames_total", "op"), []),
        ("Errors", "Error frames that clients are sent, by code.", "ops", rate("twin_errors_total", "code"), []),
        (
            "Acknowledgement",
            "From a message's arrival to its acknowledgement after the commit.",
            "s",
            quantiles("twin_acknowledgement_seconds"),
            ["SloBudgetBurnsFast"],
        ),
        ("Time to first token", "From a generation's arrival at the pool to its first text.", "s", quantiles("twin_first_token_seconds"), ["RepliesWait"]),
    ],
    "Processes": [
        ("Processor", "Cores in use.", "short", rate("process_cpu_seconds_total", "instance"), []),
        ("Memory", "Resident memory.", "bytes", gauge("process_resident_memory_bytes"), []),
        (
            "File descriptors",
            "Share of the descriptors that the process may have open.",
            "percentunit",
            [("process_open_fds{NODE} / process_max_fds{NODE}", "{{instance}}")],
            ["FileDescriptorsRunOut"],
        ),
        ("Running for", "Since the process began.", "s", [("time() - process_start_time_seconds{NODE}", "{{instance}}")], ["NodeRestartsAgainAndAgain"]),
    ],
}

REALTIME = {
    "Connections": [
        ("Connections", "WebSocket connections that are open.", "short", gauge("twin_sessions"), []),
        ("Resumes", "Conversations that were gone on with, or could not be, by outcome.", "ops", rate("twin_resumes_total", "outcome"), []),
        ("Frames", "Frames that clients send, by op.", "ops", rate("twin_client_frames_total", "op"), []),
        ("Errors", "Error frames that clients are sent, by code.", "ops", rate("twin_errors_total", "code"), []),
    ],
    "The way of a message": [
        ("Acknowledgement", "From a message's arrival to its acknowledgement after the commit.", "s", quantiles("twin_acknowledgement_seconds"), []),
        ("Fan-out", "From a conversation's telling to the outboxes of those who follow it.", "s", quantiles("twin_fan_out_seconds"), []),
        (
            "Messages in one transaction",
            "How many messages share one commit, on average.",
            "short",
            share("rate(twin_storage_append_batch_messages_sum{NODE}[RATE])", "rate(twin_storage_append_batch_messages_count{NODE}[RATE])", "messages"),
            [],
        ),
        ("Events dropped", "Events that found a full queue and are repaired from the log, by queue.", "ops", rate("twin_events_dropped_total", "queue"), []),
    ],
    "Readers": [
        (
            "Frames that wait in an outbox",
            "Of the connections that had any when they were looked at, once a second each.",
            "short",
            quantiles("twin_outbox_frames"),
            ["ReadersAreTooSlow"],
        ),
        ("Slow readers cut off", "Connections that were closed since their outbox was full.", "ops", rate("twin_slow_readers_cut_off_total", "instance"), ["ReadersAreTooSlow"]),
        ("Droppable frames dropped", "Typing and presence that a half full outbox did not take.", "ops", rate("twin_outbox_dropped_total", "instance"), []),
    ],
    "Actors": [
        ("Awake", "Actors that are awake, by kind.", "short", gauge("twin_actors_awake", "kind"), []),
        ("Restarts", "Actors that died and were replaced, by kind.", "ops", rate("twin_actor_restarts_total", "kind"), ["ActorsRestart"]),
    ],
}

INFERENCE = {
    "Latency": [
        ("Wait for an engine", "From a generation's arrival at the pool to its first step.", "s", quantiles("twin_queue_wait_seconds"), ["RepliesWait"]),
        ("Time to first token", "From its arrival to its first text.", "s", quantiles("twin_first_token_seconds"), ["SloBudgetBurnsFast"]),
        ("Time per token", "Of a reply, behind its first token.", "s", quantiles("twin_output_token_seconds"), []),
        ("Whole generation", "How long an engine worked on one reply.", "s", quantiles("twin_generation_seconds"), []),
    ],
    "Throughput": [
        ("Tokens", "Tokens a second that engines read and write.", "short", rate("twin_tokens_total", "direction"), []),
        (
            "Rows of one batch",
            "Tokens that an engine computes in one step, on average.",
            "short",
            share("rate(twin_step_tokens_sum{NODE}[RATE])", "rate(twin_step_tokens_count{NODE}[RATE])", "tokens"),
            [],
        ),
        ("Generations", "In engines, by state.", "short", gauge("twin_generations", "state"), []),
        ("Routing", "Why a generation went to its engine.", "ops", rate("twin_generations_routed_total", "by"), []),
    ],
    "Other inference services": [
        ("Services that are up", "Of those that AI_SERVICE_URL and VECTOR_DB_URL name, by how many nodes find them up.", "short", gauge("twin_inference_service_up", "service"), ["RepliesFail"]),
        ("Requests to services", "By what came of them.", "reqps", rate("twin_inference_service_requests_total", "outcome"), ["RepliesFail"]),
        ("Time to a service's first token", "From a request to its first text.", "s", quantiles("twin_inference_service_first_token_seconds", "service"), []),
    ],
    "Key-value cache": [
        (
            "Blocks in use",
            "Share of the blocks that generations hold; remembered ones that nobody uses are not counted.",
            "percentunit",
            [('sum(twin_cache_blocks{NODE, state="used"}) / sum(twin_cache_blocks{NODE, state="total"})', "in use")],
            ["CacheIsFull"],
        ),
        (
            "Prompt tokens reused",
            "Share of the prompts' tokens that were found in the cache instead of computed.",
            "percentunit",
            share("rate(twin_prompt_tokens_reused_total{NODE}[RATE])", 'rate(twin_tokens_total{NODE, direction="read"}[RATE])', "reused"),
            [],
        ),
        ("Preemptions", "Generations that were put back for others.", "ops", rate("twin_preemptions_total", "instance"), ["CacheIsFull"]),
    ],
    "Ends": [
        ("Replies", "Replies that ended, by how.", "ops", rate("twin_replies_total", "end"), ["RepliesFail"]),
        ("Cancelled", "Generations that ended early, by reason.", "ops", rate("twin_generations_cancelled_total", "reason"), []),
        ("From a stop to free", "Until slot and blocks are free again.", "s", quantiles("twin_cancel_to_free_seconds"), []),
        (
            "Engines replaced",
            "Engines that died, and generations that were tried again.",
            "ops",
            rate("twin_actor_restarts_total", "kind", 'kind="engine"') + [("sum(rate(twin_generations_tried_again_total{NODE}[RATE]))", "tried again")],
            ["EnginesRestart"],
        ),
    ],
}

TWINS = {
    "Twins": [
        ("Awake", "Twins that are awake.", "short", gauge("twin_actors_awake", "instance", 'kind="twin"'), []),
        ("Replies", "Replies that ended, by how.", "ops", rate("twin_replies_total", "end"), ["RepliesFail"]),
        ("Left out of prompts", "Passages and turns that found no room.", "ops", rate("twin_prompt_left_out_total", "what"), []),
        ("Summed up", "Steps in which long conversations were summed up, by outcome.", "ops", rate("twin_recaps_total", "outcome"), []),
        ("Forgotten by engines", "Twins whose prompts an engine forgot after a deletion.", "ops", rate("twin_owners_forgotten_total", "instance"), []),
    ],
    "Knowledge": [
        ("Documents", "Documents that were taken in or not, by outcome.", "ops", rate("twin_documents_total", "outcome"), []),
        ("Time to take a document in", "Checking, cutting, embedding and keeping.", "s", quantiles("twin_document_ingest_seconds"), []),
        ("Searches", "Searches of messages a second.", "ops", [('sum(rate(twin_storage_call_seconds_count{NODE, kind="search"}[RATE]))', "searches")], []),
        (
            "Time of a search",
            "From the first statement to the last; the slowest twentieth.",
            "s",
            [('histogram_quantile(0.95, sum by (le) (rate(twin_storage_call_seconds_bucket{NODE, kind="search"}[RATE])))', "95 %")],
            ["DatabaseIsSlow"],
        ),
    ],
    "Notifications": [
        ("Calls", "Calls to browsers and webhooks, by outcome.", "ops", rate("twin_notification_calls_total", "outcome"), ["NotificationsFail"]),
        ("Time of a call", "To browsers and webhooks, those that failed included.", "s", quantiles("twin_notification_call_seconds"), []),
        ("Places given up", "Places that were gone, or failed too often.", "ops", rate("twin_notification_places_given_up_total", "kind"), ["NotificationsFail"]),
    ],
}

CLUSTER = {
    "Nodes": [
        ("Up", "1 where Prometheus gets metrics.", "short", [('up{job="digital-twin", NODE}', "{{instance}}")], ["NodeDown"]),
        ("Version", "What each node runs.", "short", [("sum by (instance, version) (twin_build_info{NODE})", "{{instance}} {{version}}")], []),
        (
            "Clock",
            "How far each node's clock is ahead of Prometheus' clock.",
            "s",
            [("twin_clock_seconds{NODE} - timestamp(twin_clock_seconds{NODE})", "{{instance}}")],
            ["ClockIsWrong"],
        ),
        ("Threads", "Threads of each process.", "short", gauge("process_threads"), []),
    ],
    "Between nodes": [
        ("Published", "Events handed to the bus.", "ops", rate("twin_bus_published_total", "instance"), []),
        ("Time to publish", "From an event's hand-over to the bus until Redis has it.", "s", quantiles("twin_bus_publish_seconds"), []),
        ("Claims of replies", "By outcome; those taken over had been another node's, which died or was stopped.", "ops", rate("twin_reply_claims_total", "outcome"), []),
        ("Renewals of leases", "Of replies that are written, by outcome; lost ones were taken over by another node.", "ops", rate("twin_reply_renewals_total", "outcome"), []),
        ("Received", "Events of other nodes.", "ops", rate("twin_bus_received_total", "instance"), []),
        ("Lost", "Events lost on the bus, to be read from the log, by reason.", "ops", rate("twin_bus_dropped_total", "reason"), ["BusDropsEvents"]),
        ("Reconnects", "Connections to Redis made anew.", "ops", rate("twin_bus_reconnects_total", "connection"), ["BusReconnects"]),
    ],
    "Database": [
        ("Calls", "Calls on storage a second, by kind.", "ops", rate("twin_storage_call_seconds_count", "kind"), []),
        (
            "Time of a call",
            "Waiting included, by kind; the slowest hundredth.",
            "s",
            [("histogram_quantile(0.99, sum by (kind, le) (rate(twin_storage_call_seconds_bucket{NODE}[RATE])))", "{{kind}}")],
            ["DatabaseIsSlow"],
        ),
        ("Failures", "Calls that got no answer, by kind.", "ops", rate("twin_storage_failures_total", "kind"), ["DatabaseFails"]),
        (
            "Connections",
            "PostgreSQL connections at work, and how many there may be.",
            "short",
            [("sum by (instance) (twin_storage_connections_in_use{NODE})", "{{instance}} at work"), ("sum by (instance) (twin_storage_connections_max{NODE})", "{{instance}} at most")],
            ["DatabasePoolIsFull"],
        ),
    ],
    "Backups": [
        ("Age of the newest backup", "Since it was taken.", "s", [("time() - max(twin_backup_last_timestamp_seconds{NODE})", "age")], ["BackupIsMissing"]),
        (
            "Age of the newest backup that restores",
            "Since the newest was taken that was seen to restore: what was said since would be lost with the database.",
            "s",
            [("time() - max(twin_backup_last_verified_timestamp_seconds{NODE})", "age")],
            ["BackupIsMissing"],
        ),
        (
            "Age of the newest backup that was copied away",
            "Since the newest was taken that lies elsewhere too: what was said since would be lost with the machine.",
            "s",
            [("time() - max(twin_backup_last_copied_timestamp_seconds{NODE})", "age")],
            ["BackupIsNotCopied"],
        ),
        (
            "Backups that are not copied away",
            "Archives that were to be copied away and are not, or not yet.",
            "short",
            [("max(twin_backup_copies_missing{NODE})", "archives")],
            ["BackupIsNotCopied"],
        ),
        ("Size of the newest backup", "Compressed, as it lies in its folder.", "bytes", [("max(twin_backup_last_bytes{NODE})", "size")], []),
    ],
}

SECURITY = {
    "Log-ins": [
        ("Log-ins", "Log-ins with a password, by outcome.", "ops", rate("twin_log_ins_total", "outcome"), ["LogInsAreGuessed"]),
        ("Quotas", "Requests that were refused for coming too often, by quota.", "ops", rate("twin_quota_refusals_total", "quota"), ["LogInsAreGuessed"]),
        (
            "Refused requests",
            "Requests without a valid token (401), without permission (403), and too many (429).",
            "reqps",
            rate("twin_http_requests_total", "status", 'status=~"401|403|429"'),
            [],
        ),
        (
            "Refused frames",
            "Error frames about who somebody is and what they may do.",
            "ops",
            rate("twin_errors_total", "code", 'code=~"unauthenticated|token_expired|forbidden|rate_limited"'),
            [],
        ),
    ],
    "Misuse": [
        ("Unreadable frames", "Frames that are no frames of the protocol.", "ops", rate("twin_client_frames_total", "instance", 'op="invalid"'), []),
        ("Slow readers cut off", "Connections that were closed since their outbox was full.", "ops", rate("twin_slow_readers_cut_off_total", "instance"), ["ReadersAreTooSlow"]),
        (
            "Forbidden addresses",
            "Calls to webhooks that were not made, since their address may not be called.",
            "ops",
            rate("twin_notification_calls_total", "kind", 'outcome="forbidden"'),
            [],
        ),
        ("Unknown paths", "Requests for what is not there.", "reqps", rate("twin_http_requests_total", "status", 'status="404"'), []),
    ],
}

# uid and file name -> title, what it is for, rows of panels
DASHBOARDS = {
    "twin-overview": ("digital-twin: overview", "Service levels, requests and processes at a glance.", OVERVIEW),
    "twin-realtime": ("digital-twin: realtime", "Connections, the way of a message, readers and actors.", REALTIME),
    "twin-inference": ("digital-twin: inference", "How replies are written.", INFERENCE),
    "twin-twins-and-knowledge": ("digital-twin: twins and knowledge", "Twins, their documents, and notifications.", TWINS),
    "twin-cluster-and-storage": ("digital-twin: cluster and storage", "Nodes, what goes between them, the database and its backups.", CLUSTER),
    "twin-security": ("digital-twin: security", "Log-ins, refusals and misuse.", SECURITY),
}


def expression(text):
    return text.replace("NODE", 'instance=~"$node"').replace("RATE", "$__rate_interval")


def link(title, url):
    return {
        "type": "link",
        "title": title,
        "url": url,
        "icon": "external link",
        "tooltip": "",
        "tags": [],
        "asDropdown": False,
        "includeVars": False,
        "keepTime": False,
        "targetBlank": True,
    }


def panel(number, place, title, description, unit, targets, alerts):
    return {
        "id": number,
        "type": "timeseries",
        "title": title,
        "description": description,
        "datasource": SOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": {"unit": unit, "custom": {"fillOpacity": 10, "showPoints": "never"}}, "overrides": []},
        "options": {"legend": {"displayMode": "list", "placement": "bottom", "showLegend": True}, "tooltip": {"mode": "multi", "sort": "desc"}},
        "links": [link(f"Runbook: {alert}", f"${{runbook}}#{alert.lower()}") for alert in alerts],
        "targets": [
            {"refId": chr(ord("A") + index), "datasource": SOURCE, "expr": expression(text), "legendFormat": legend}
            for index, (text, legend) in enumerate(targets)
        ],
    }


def row(number, top, title):
    return {"id": number, "type": "row", "title": title, "collapsed": False, "gridPos": {"x": 0, "y": top, "w": GRID_WIDTH, "h": 1}, "panels": []}


def panels(rows):
    made, top = [], 0
    for title, listed in rows.items():
        made.append(row(len(made) + 1, top, title))
        top += 1
        across = 3 if len(listed) % 3 == 0 else 2 if len(listed) == 2 else 4
        width = GRID_WIDTH // across
        for index, spec in enumerate(listed):
            place = {"x": index % across * width, "y": top + index // across * 8, "w": width, "h": 8}
            made.append(panel(len(made) + 1, place, *spec))
        top += (len(listed) + across - 1) // across * 8
    return made


def annotation(name, colour, text, **more):
    return {"name": name, "datasource": SOURCE, "enable": True, "iconColor": colour, "expr": text, "step": "60s", **more}


def dashboard(uid, title, description, rows):
    return {
        "uid": uid,
        "title": title,
        "description": description,
        "tags": [TAG],
        "schemaVersion": 38,
        "editable": False,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "links": [
            {**link("Dashboards", ""), "type": "dashboards", "tags": [TAG], "asDropdown": True, "includeVars": True, "keepTime": True, "targetBlank": False},
            link("Runbook", "${runbook}"),
        ],
        "annotations": {
            "list": [
                annotation(
                    "New version",
                    "green",
                    "count by (version) (twin_build_info) unless count by (version) (twin_build_info offset 5m)",
                    titleFormat="{{version}}",
                ),
                annotation("Start of a node", "blue", expression("process_start_time_seconds{NODE} * 1000"), titleFormat="{{instance}}", useValueForTime=True),
            ]
        },
        "templating": {
            "list": [
                {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus"},
                {
                    "name": "node",
                    "label": "Node",
                    "type": "query",
                    "datasource": SOURCE,
                    "query": {"query": "label_values(twin_build_info, instance)", "refId": "node"},
                    "refresh": 2,
                    "sort": 1,
                    "multi": True,
                    "includeAll": True,
                    "allValue": ".*",
                    "current": {"text": "All", "value": "$__all"},
                },
                {"name": "runbook", "label": "Runbook", "type": "textbox", "query": "https://git.example.com/digital-twin/docs/RUNBOOK.md"},
            ]
        },
        "panels": panels(rows),
    }


def texts():
    """File name -> its content."""
    return {f"{uid}.json": json.dumps(dashboard(uid, *rest), indent=1) + "\n" for uid, rest in DASHBOARDS.items()}


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, text in texts().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
