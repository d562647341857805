"""The planted defects: each takes one promise of the bus away, and names a test that must notice."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """`old` occurs exactly once in `file`; `tests` are pytest's arguments."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


BUS, COMPONENT = "tests/integration/bus", "tests/component/bus"
LOCAL, KAFKA = "local+sqlite", "kafka+postgresql"

MUTANTS = (
    Mutant(
        "the relay removes rows before it publishes them",
        "shared/bus/outbox.py",
        "            await self._publisher.publish([record for _, block in rows for record in unpack(block)])\n"
        "            async with sessions() as session:\n"
        "                await delete_rows(session, OutboxRow, [number for number, _ in rows])\n",
        "            async with sessions() as session:\n"
        "                await delete_rows(session, OutboxRow, [number for number, _ in rows])\n"
        "            await self._publisher.publish([record for _, block in rows for record in unpack(block)])\n",
        (f"{BUS}/test_relay.py::test_crash_between_publishing_and_removing_has_one_effect[{LOCAL}]",),
    ),
    Mutant(
        "the relay reads on from the last number it saw",
        "shared/bus/outbox.py",
        "            rows = await oldest_rows(session, OutboxRow, ROWS)\n",
        '            after = getattr(self, "after", 0)\n'
        "            rows = [row for row in await oldest_rows(session, OutboxRow, ROWS) if row[0] > after]\n"
        "            self.after = max([row[0] for row in rows], default=after)\n",
        (f"{BUS}/test_relay.py::test_row_with_a_lower_number_that_commits_late_is_published",),
    ),
    Mutant(
        "the relay works without its lock",
        "shared/db.py",
        'return bool(await driver.fetchval("SELECT pg_try_advisory_lock(hashtextextended($1, 0))", key))\n',
        "return True\n",
        (f"{BUS}/test_relay.py::test_one_of_two_relays_works_and_the_other_takes_over[{KAFKA}]",),
    ),
    Mutant(
        "a batch’s writes are each a transaction of their own",
        "shared/sql.py",
        "        await _begin(session)\n        for target",
        "        for target",
        (f"{BUS}/test_statements.py",),
    ),
    Mutant(
        "what is copied stays though the rest is undone",
        "shared/sql.py",
        "        await _begin(session)\n        await _copy",
        "        await _copy",
        (f"{BUS}/test_statements.py::test_many_rows_are_written_with_the_others_or_not_at_all[{KAFKA}]",),
    ),
    Mutant(
        "oversized records are owed and hold up the relay",
        "shared/bus/outbox.py",
        "if len(block) > LARGEST and max(map(size_of, unpack(block))) > LARGEST + ROOM:",
        "if False:",
        (f"{BUS}/test_relay.py::test_record_that_no_broker_takes_is_refused_before_it_is_owed[{LOCAL}]",),
    ),
    Mutant(
        "the inbox is not asked",
        "shared/bus/consumer.py",
        "        if batch.is_done(read):\n",
        "        if False:\n",
        (f"{BUS}/test_one_effect.py::test_repeated_and_mixed_reports_give_the_same_state[{LOCAL}-500]",),
    ),
    Mutant(
        "the inbox takes the same event from two replicas",
        "shared/bus/consumer.py",
        "insert_rows(session, InboxRow,",
        "upsert_rows(session, InboxRow,",
        (f"{BUS}/test_races.py::test_inbox_alone_keeps_an_effect_single",),
    ),
    Mutant(
        "a race between replicas becomes a dead letter",
        "shared/bus/consumer.py",
        "if is_conflict(error) and races:",
        "if False:",
        (f"{BUS}/test_races.py::test_two_reports_of_one_home_from_two_topics_are_both_accepted",),
    ),
    Mutant(
        "the history takes a number twice",
        "services/registry/store.py",
        "insert_rows(session, HistoryRow, rows)",
        "insert_rows(session, HistoryRow, rows, skip=True)",
        (f"{BUS}/test_races.py::test_two_reports_of_one_home_from_two_topics_are_both_accepted",),
    ),
    Mutant(
        "the local position moves before the effect",
        "shared/bus/local.py",
        "        try:\n            await subscription.consume(records)\n",
        "        await self._in_thread(\n"
        "            lambda: self._move(subscription.group, place.topic, place.partition, records[-1].offset + 1)\n"
        "        )\n"
        "        try:\n            await subscription.consume(records)\n",
        (f"{BUS}/test_delivery.py::test_batch_that_failed_comes_again_in_order[{LOCAL}]",),
    ),
    Mutant(
        "the offset is committed before the effect",
        "shared/bus/kafka.py",
        "            await self._in_lanes(subscription, raws)\n",
        "            asyncio.ensure_future(self._in_lanes(subscription, raws))  # acknowledged at once\n",
        (f"{BUS}/test_delivery.py::test_batch_that_failed_comes_again_in_order[{KAFKA}]",),
    ),
    Mutant(
        "the subscriber acknowledges what failed",
        "shared/bus/kafka.py",
        "            ack_policy=ACK_POLICY,\n",
        "            ack_policy=AckPolicy.ACK,\n",
        (f"{BUS}/test_delivery.py::test_batch_that_failed_comes_again_in_order[{KAFKA}]",),
    ),
    Mutant(
        "nobody checks the subscriber’s settings",
        "shared/bus/kafka.py",
        "        assert_settings(self._broker)\n",
        "",
        (f"{BUS}/test_start_and_stop.py::test_careless_subscriber_does_not_start",),
    ),
    Mutant(
        "a record that never can succeed is tried for ever",
        "shared/bus/consumer.py",
        "            if is_transient(error):\n                raise\n",
        "            raise\n",
        (f"{COMPONENT}/test_isolation.py::test_fault_of_one_record_spares_its_neighbours",),
    ),
    Mutant(
        "an outage makes dead letters",
        "shared/bus/consumer.py",
        "            if is_transient(error):\n                raise\n",
        "",
        (f"{COMPONENT}/test_isolation.py::test_what_waiting_may_mend_is_no_dead_letter",),
    ),
    Mutant(
        "nothing parks behind a dead letter",
        "shared/bus/consumer.py",
        '            if row.kind != "gap":\n                return True\n',
        "",
        (f"{BUS}/test_poison.py::test_record_of_wrong_schema_holds_up_its_own_home_only[{LOCAL}]",),
    ),
    Mutant(
        "what one topic garbles holds up the others",
        "shared/bus/dead_letters.py",
        "        .where(col(DeadLetterRow.topic) == topic, col(DeadLetterRow.partition) == partition)\n",
        "",
        (f"{BUS}/test_poison.py::test_garbage_on_an_organisations_own_topic_holds_up_nobody_else[{LOCAL}]",),
    ),
    Mutant(
        "parked records come back last first",
        "shared/bus/dead_letters.py",
        "among(session, DeadLetterRow.subject, subjects))\n        .order_by(col(DeadLetterRow.offset))\n",
        "among(session, DeadLetterRow.subject, subjects))\n        .order_by(col(DeadLetterRow.offset).desc())\n",
        (f"{BUS}/test_poison.py::test_discard_frees_what_waited_in_its_order[{LOCAL}]",),
    ),
    Mutant(
        "anybody can pass for a redrive",
        "shared/bus/consumer.py",
        "            reads = await self._believed(session, reads)\n",
        "",
        (f"{BUS}/test_poison.py::test_claim_to_be_a_redrive_is_believed_of_the_same_record_only",),
    ),
    Mutant(
        "events are ordered by their timestamps",
        "shared/bus/consumer.py",
        "subject, sequence = message.envelope.subject, message.envelope.sequence\n",
        "subject, sequence = message.envelope.subject, int(message.envelope.time.timestamp())\n",
        (f"{BUS}/test_sequence_gaps.py::test_lower_numbers_are_skipped[{LOCAL}]",),
    ),
    Mutant(
        "a missing number is not waited for",
        "shared/bus/consumer.py",
        "        elif sequence is not None and sequence > last + 1:\n",
        "        elif False:\n",
        (f"{BUS}/test_sequence_gaps.py", "-k", LOCAL),
    ),
    Mutant(
        "the watchdog sees the fault and does nothing",
        "shared/bus/progress.py",
        "            end(STUCK)\n",
        "",
        (f"{COMPONENT}/test_watchdog.py::test_watch_ends_the_process_for_lag_alone",),
    ),
    Mutant(
        "the watchdog ends a process that only waits",
        "shared/bus/progress.py",
        "    def delivered(self, records: Sequence[Record]) -> None:\n        self.last_delivery = self.clock()\n",
        "    def delivered(self, records: Sequence[Record]) -> None:\n",
        (f"{COMPONENT}/test_watchdog.py::test_batch_that_is_tried_again_is_not_stuck",),
    ),
    Mutant(
        "an owner may say that it is another",
        "shared/bus/records.py",
        '            owner or get("ce_organisation"),\n',
        '            get("ce_organisation") or owner,\n',
        (f"{COMPONENT}/test_records.py::test_own_topic_says_who_when_and_which",),
    ),
    Mutant(
        "a rebuild takes back what was given up",
        "shared/rebuild.py",
        "(InboxRow.consumer) == runtime.name, ~given_up)",
        "(InboxRow.consumer) == runtime.name)",
        (f"{BUS}/test_poison.py::test_letters_given_up_stay_given_up_in_a_rebuild[{LOCAL}]",),
    ),
    Mutant(
        "the planner goes on from a state that another has changed",
        "services/planner/handlers.py",
        "        if kept is not None and kept.edition == edition:\n",
        "        if kept is not None:\n",
        (
            "tests/component/planner/test_keeping.py::test_a_planner_does_not_go_on_from_a_state_that_another_has_changed",
        ),
    ),
    Mutant(
        "a planner that is behind overwrites the plan",
        "services/planner/store/plans.py",
        "    if result.rowcount != 1:",
        "    if result.rowcount < 0:",
        ("tests/component/planner/test_keeping.py::test_a_writer_that_is_behind_undoes_its_whole_transaction",),
    ),
)
