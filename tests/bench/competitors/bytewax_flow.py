"""Bytewax: keyed stateful operators, SQLite recovery store. State: one value per unit (sequence + set of seen event ids), one per counter.
Counters are written to a topic of their own, so that they can be checked.
Run: python -m bytewax.recovery DIR 1 (once)   then   python -m bytewax.run bytewax_flow:flow -r DIR -s 1 -b 0
(this file run as a script does both; BW_SNAPSHOT = epoch length in seconds, library default 10)
"""

import os, sys
import orjson
import bytewax.operators as op
from bytewax.connectors.kafka import KafkaSinkMessage, operators as kop
from bytewax.dataflow import Dataflow

E = os.environ
if __name__ == "__main__":
    d = E["STATE_DIR"] + "/bw"
    if not os.path.isdir(d):
        os.mkdir(d)
        os.system(f"{sys.executable} -m bytewax.recovery {d} 1")
    os.chdir(os.path.dirname(os.path.abspath(__file__)))
    os.execv(
        sys.executable,
        [sys.executable, "-m", "bytewax.run", "bytewax_flow:flow", "-r", d, "-s", E.get("BW_SNAPSHOT", "1"), "-b", "0"],
    )

DELTA = {"vacated": 1, "assigned": -1}


def accept(state, r):
    seq, seen = state or (0, set())
    if r["event_id"] in seen:
        return (seq, seen), []
    seen.add(r["event_id"])
    return (seq + 1, seen), [dict(r, seq=seq + 1)]


def count(state, r):
    n, v = state or (0, 0)
    s = (n + 1, v + DELTA.get(r["outcome"], 0))
    return s, s


def unit_changed(kv):
    r = kv[1]
    return KafkaSinkMessage(
        r["ambito"].encode(),
        orjson.dumps(
            {
                "unit_id": r["unit_id"],
                "seq": r["seq"],
                "status": r["outcome"],
                "municipality": r["municipality"],
                "owner": r["owner"],
                "effective": r["effective"],
                "event_id": r["event_id"],
            }
        ),
    )


flow = Dataflow("owner_reports")
src = kop.input("in", flow, brokers=[E["KAFKA"]], topics=[E["IN_TOPIC"]])
events = op.map("json", src.oks, lambda m: orjson.loads(m.value))
fresh = op.stateful_flat_map("accept", op.key_on("by_unit", events, lambda r: r["unit_id"]), accept)
kop.output("units", op.map("out_json", fresh, unit_changed), brokers=[E["KAFKA"]], topic=E["OUT_TOPIC"])
keyed = op.key_on("by_counter", op.map("drop", fresh, lambda kv: kv[1]), lambda r: r["municipality"] + "|" + r["owner"])
counters = op.stateful_map("count", keyed, count)
kop.output(
    "counters",
    op.map("c_json", counters, lambda kv: KafkaSinkMessage(kv[0].encode(), orjson.dumps(list(kv[1])))),
    brokers=[E["KAFKA"]],
    topic=E["COUNTERS_TOPIC"],
)
