"""Pathway: incremental tables. The log of each unit (ordered by offset, duplicates removed) is flattened to numbered rows;
only new rows reach the output topic. Persistence: filesystem backend. Counters go to a topic of their own.
Pathway adds the fields time and diff to each output record; diff = -1 rows are retractions.
Run: python pathway_tables.py
"""

import os
import pathway as pw

E = os.environ
settings = {
    "bootstrap.servers": E["KAFKA"],
    "group.id": E["GROUP"],
    "auto.offset.reset": "earliest",
    "session.timeout.ms": "10000",
}


class Report(pw.Schema):
    event_id: str
    unit_id: str
    municipality: str
    owner: str
    effective: str
    outcome: str
    ambito: str


raw = pw.io.kafka.read(
    settings,
    topic=E["IN_TOPIC"],
    schema=Report,
    format="json",
    autocommit_duration_ms=int(E.get("PW_COMMIT_MS", "100")),
    with_metadata=True,
    name="reports",
)
events = raw.select(*pw.this.without(pw.this._metadata), off=pw.this._metadata["offset"].as_int())


@pw.udf(deterministic=True)
def numbered(log: tuple) -> list[tuple[int, str, str, str, str, str, str, str]]:
    seen, out = set(), []
    for _, i, unit, mun, owner, eff, outcome, amb in sorted(log):
        if i not in seen:
            seen.add(i)
            out.append((len(out) + 1, i, unit, mun, owner, eff, outcome, amb))
    return out


row = events.select(
    pw.this.unit_id,
    row=pw.make_tuple(
        pw.this.off,
        pw.this.event_id,
        pw.this.unit_id,
        pw.this.municipality,
        pw.this.owner,
        pw.this.effective,
        pw.this.outcome,
        pw.this.ambito,
    ),
)
logs = row.groupby(pw.this.unit_id).reduce(log=pw.reducers.tuple(pw.this.row))
flat = logs.select(n=numbered(pw.this.log)).flatten(pw.this.n)
units = flat.select(
    seq=pw.this.n[0],
    event_id=pw.this.n[1],
    unit_id=pw.this.n[2],
    municipality=pw.this.n[3],
    owner=pw.this.n[4],
    effective=pw.this.n[5],
    status=pw.this.n[6],
    ambito=pw.this.n[7],
)
pw.io.kafka.write(units, settings, topic_name=E["OUT_TOPIC"], format="json", key=units.ambito)
counters = units.groupby(pw.this.municipality, pw.this.owner).reduce(
    k=pw.this.municipality + "|" + pw.this.owner,
    reports=pw.reducers.count(),
    vacant=pw.reducers.sum(pw.if_else(pw.this.status == "vacated", 1, pw.if_else(pw.this.status == "assigned", -1, 0))),
)
pw.io.kafka.write(counters, settings, topic_name=E["COUNTERS_TOPIC"], format="json", key=counters.k)

kw = {}
if E.get("PW_PERSIST", "1") == "1":
    kw["persistence_config"] = pw.persistence.Config(
        pw.persistence.Backend.filesystem(E["STATE_DIR"] + "/pw"),
        snapshot_interval_ms=int(E.get("PW_SNAPSHOT_MS", "1000")),
    )
pw.run(monitoring_level=pw.MonitoringLevel.NONE, **kw)
