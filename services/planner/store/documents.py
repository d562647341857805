"""The documents that were handed out, by their hash. Nothing here commits."""

from __future__ import annotations

import asyncio
import zlib

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.planner.tables import DocumentRow
from shared.sql import insert_rows


async def is_kept(session: AsyncSession, digest: str) -> bool:
    found = await session.execute(select(col(DocumentRow.hash)).where(col(DocumentRow.hash) == digest))
    return found.first() is not None


async def keep(session: AsyncSession, digest: str, ambito: str, version: int, content: bytes) -> None:
    """Keep what is handed out; who hands out the same at the same time keeps it once."""
    packed = await asyncio.to_thread(zlib.compress, content)
    insert_rows(session, DocumentRow, [(digest, ambito, version, packed)], skip=True)


async def content_of(session: AsyncSession, digest: str) -> tuple[str, bytes] | None:
    """Ambito and canonical JSON of the document that has this hash; None if none was handed out."""
    query = select(col(DocumentRow.ambito), col(DocumentRow.content)).where(col(DocumentRow.hash) == digest)
    found = (await session.execute(query)).first()
    return None if found is None else (found.ambito, zlib.decompress(found.content))
