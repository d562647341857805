"""naive: FastStream as its README shows it. One message per handler, pydantic model, SQLModel session per message,
the decorator publishes what the handler returns (after the session's commit).
Ack policy: NAIVE_ACK=default (the README's: offsets auto-committed) or NAIVE_ACK=nack (manual commit after the handler).
NAIVE_LOG=off silences the two INFO lines per message that FastStream prints by default.
Run: faststream run naive:app
"""

import os
from datetime import date
from uuid import UUID

from faststream import AckPolicy, FastStream
from faststream.kafka import KafkaBroker, KafkaMessage
from pydantic import BaseModel
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import Field, SQLModel
from sqlalchemy.ext.asyncio import AsyncSession

E = os.environ
engine = create_async_engine(E["PGDSN"].replace("postgresql://", "postgresql+asyncpg://"))
broker = KafkaBroker(E["KAFKA"], **({"logger": None} if E.get("NAIVE_LOG") == "off" else {}))
app = FastStream(broker)


class Report(BaseModel):
    event_id: UUID
    unit_id: str
    municipality: str
    owner: str
    effective: date
    outcome: str
    ambito: str


class UnitChanged(BaseModel):
    unit_id: str
    seq: int
    status: str
    municipality: str
    owner: str
    effective: date
    event_id: UUID


class Inbox(SQLModel, table=True):
    event_id: UUID = Field(primary_key=True)
    part: int
    off: int
    seq: int


class Unit(SQLModel, table=True):
    __tablename__ = "units"
    unit_id: str = Field(primary_key=True)
    municipality: str
    owner: str
    status: str
    effective: date
    seq: int


class Counter(SQLModel, table=True):
    __tablename__ = "counters"
    municipality: str = Field(primary_key=True)
    owner: str = Field(primary_key=True)
    reports: int
    vacant: int


KW = {} if E.get("NAIVE_ACK", "default") == "default" else {"ack_policy": AckPolicy.NACK_ON_ERROR}


@broker.subscriber(E["IN_TOPIC"], group_id=E["GROUP"], auto_offset_reset="earliest", **KW)
async def on_report(r: Report, msg: KafkaMessage) -> None:
    async with AsyncSession(engine) as s:
        if await s.get(Inbox, r.event_id):
            return
        u = await s.get(Unit, r.unit_id, with_for_update=True)
        if u is None:
            u = Unit(
                unit_id=r.unit_id,
                municipality=r.municipality,
                owner=r.owner,
                status=r.outcome,
                effective=r.effective,
                seq=0,
            )
        u.status, u.effective, u.seq = r.outcome, r.effective, u.seq + 1
        c = await s.get(Counter, (r.municipality, r.owner), with_for_update=True)
        if c is None:
            c = Counter(municipality=r.municipality, owner=r.owner, reports=0, vacant=0)
        c.reports += 1
        c.vacant += {"vacated": 1, "assigned": -1}.get(r.outcome, 0)
        out = UnitChanged(
            unit_id=r.unit_id,
            seq=u.seq,
            status=r.outcome,
            municipality=r.municipality,
            owner=r.owner,
            effective=r.effective,
            event_id=r.event_id,
        )
        s.add_all(
            [u, c, Inbox(event_id=r.event_id, part=msg.raw_message.partition, off=msg.raw_message.offset, seq=u.seq)]
        )
        await s.commit()
    await broker.publish(out, E["OUT_TOPIC"], key=r.ambito.encode())
