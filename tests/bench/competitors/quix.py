"""Quix Streams: stateful apply on a StreamingDataFrame, RocksDB state with changelog topic, processing_guarantee="exactly-once".
QUIX_COMMIT = commit_interval in seconds (library default 5.0), QUIX_GUARANTEE = exactly-once | at-least-once (library default).
State is per message key, so everything of an ambito shares one prefix.
Run: python quix.py
"""

import os
from quixstreams import Application, State

E = os.environ
app = Application(
    broker_address=E["KAFKA"],
    consumer_group=E["GROUP"],
    auto_offset_reset="earliest",
    state_dir=E["STATE_DIR"] + "/quix",
    processing_guarantee=E.get("QUIX_GUARANTEE", "exactly-once"),
    commit_interval=float(E.get("QUIX_COMMIT", 5.0)),
    loglevel="WARNING",
    auto_create_topics=True,
    consumer_extra_config={"session.timeout.ms": 10000},
)
reports = app.topic(E["IN_TOPIC"], key_deserializer="str", value_deserializer="json")
units = app.topic(E["OUT_TOPIC"], key_serializer="str", value_serializer="json")
DELTA = {"vacated": 1, "assigned": -1}


def accept(r: dict, state: State):
    if state.exists("e:" + r["event_id"]):
        return None
    seq = (state.get(r["unit_id"]) or {"seq": 0})["seq"] + 1
    state.set("e:" + r["event_id"], 1)
    state.set(r["unit_id"], {"seq": seq, "status": r["outcome"], "effective": r["effective"]})
    ck = r["municipality"] + "|" + r["owner"]
    c = state.get(ck) or [0, 0]
    state.set(ck, [c[0] + 1, c[1] + DELTA.get(r["outcome"], 0)])
    return {
        "unit_id": r["unit_id"],
        "seq": seq,
        "status": r["outcome"],
        "municipality": r["municipality"],
        "owner": r["owner"],
        "effective": r["effective"],
        "event_id": r["event_id"],
    }


sdf = app.dataframe(reports)
sdf = sdf.apply(accept, stateful=True)
sdf = sdf.filter(lambda v: v is not None)
sdf = sdf.to_topic(units)

if __name__ == "__main__":
    app.run()
