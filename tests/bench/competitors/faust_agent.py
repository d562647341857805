"""Faust (faust-streaming): agent over the topic, three tables with changelogs. FAUST_GUARANTEE = exactly_once | at_least_once (library default).
Table store: memory (library default). Run: python faust_agent.py worker -l warn --without-web
"""

import os
import faust

E = os.environ
app = faust.App(
    E["GROUP"],
    broker="kafka://" + E["KAFKA"],
    store="memory://",
    processing_guarantee=E.get("FAUST_GUARANTEE", "exactly_once"),
    topic_partitions=int(E["PARTS"]),
    datadir=E["STATE_DIR"] + "/faust",
    topic_replication_factor=1,
    web_enabled=False,
    broker_session_timeout=10.0,
    broker_heartbeat_interval=3.0,
    consumer_auto_offset_reset="earliest",
    topic_disable_leader=True,
)


class Report(faust.Record, serializer="json"):
    event_id: str
    unit_id: str
    municipality: str
    owner: str
    effective: str
    outcome: str
    ambito: str


reports = app.topic(E["IN_TOPIC"], key_type=str, key_serializer="raw", value_type=Report)
units = app.topic(E["OUT_TOPIC"], key_serializer="raw", value_serializer="json")
inbox = app.Table("inbox", default=int)
status = app.Table("units", default=list)
counters = app.Table("counters", default=list)
DELTA = {"vacated": 1, "assigned": -1}


@app.agent(reports)
async def on_report(stream):
    async for r in stream:
        if inbox[r.event_id]:
            continue
        inbox[r.event_id] = 1
        seq = (status[r.unit_id] or [0])[0] + 1
        status[r.unit_id] = [seq, r.outcome, r.effective]
        k = r.municipality + "|" + r.owner
        c = counters[k] or [0, 0]
        counters[k] = [c[0] + 1, c[1] + DELTA.get(r.outcome, 0)]
        await units.send(
            key=r.ambito.encode(),
            value={
                "unit_id": r.unit_id,
                "seq": seq,
                "status": r.outcome,
                "municipality": r.municipality,
                "owner": r.owner,
                "effective": r.effective,
                "event_id": r.event_id,
            },
        )


if __name__ == "__main__":
    app.main()
