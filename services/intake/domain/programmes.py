"""Rules V13 and V15: programmed works end inside the triennium, disposals stay within the caps of the law."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from services.intake.domain.faults import Fault, implausible
from services.intake.domain.parameters import CycleRules, DisposalCap
from shared.events import Disposal, DisposalKind, OwnerKind, Programme
from shared.problem_texts import Text


def programme_faults(programmes: Sequence[Programme], rules: CycleRules) -> Iterator[Fault]:
    seen: set[tuple[object, ...]] = set()
    for row, programme in enumerate(programmes):
        where, end = _where(row, programme), programme.expected_completion_on
        field = f"/programmes/{row}/expected_completion_on"
        if not rules.holds(end):
            rule = Text(
                f"{where.it}la fine prevista {end:%d/%m/%Y} è fuori dal triennio ({_years(rules)}).",
                f"{where.en}the expected end {end} lies outside the triennium ({_years(rules)}).",
            )
            remedy = Text(
                "Correggere la data, o togliere l’intervento dal triennio.",
                "Correct the date, or leave the programme out of the triennium.",
            )
            yield Fault("V15", field, end.isoformat(), rule, remedy)
        key = (programme.programme_id, programme.kind, end)
        if key in seen:
            yield _twice(f"/programmes/{row}/programme_id", programme.programme_id, where)
        seen.add(key)


def disposal_faults(
    disposals: Sequence[Disposal], kind: OwnerKind, stock: int, inhabitants: int | None, rules: CycleRules
) -> Iterator[Fault]:
    """The caps are of the stock of a day long past; of the stock declared now they only show what is implausible.

    They are looked at where the row is an owner's whole stock: a municipality's. Other owners have homes in many
    municipalities, and the law counts them together.
    """
    seen: set[tuple[object, ...]] = set()
    for row, disposal in enumerate(disposals):
        where, on = _where(row, disposal), disposal.expected_on
        if not rules.holds(on):
            rule = Text(
                f"{where.it}la data prevista {on:%d/%m/%Y} è fuori dal triennio ({_years(rules)}).",
                f"{where.en}the expected date {on} lies outside the triennium ({_years(rules)}).",
            )
            yield implausible("V13", f"/disposals/{row}/expected_on", on, rule)
        key = (disposal.programme_id, disposal.kind, on)
        if key in seen:
            yield _twice(f"/disposals/{row}/programme_id", disposal.programme_id, where)
        seen.add(key)
    total = sum(disposal.units for disposal in disposals)
    if total > stock:
        rule = Text(
            f"Gli alloggi da alienare o valorizzare ({total}) superano il patrimonio (a = {stock}).",
            f"The homes to be disposed of ({total}) exceed the stock (a = {stock}).",
        )
        yield Fault("V13", "/disposals", str(total), rule, Text("Correggere i programmi.", "Correct the programmes."))
    elif kind is OwnerKind.MUNICIPALITY:
        yield from _cap_faults(disposals, total, stock, rules.disposal_cap(inhabitants))


def _cap_faults(disposals: Sequence[Disposal], total: int, stock: int, cap: DisposalCap) -> Iterator[Fault]:
    sold = sum(disposal.units for disposal in disposals if disposal.kind is not DisposalKind.VALORISED)
    for units, share, what in (
        (sold, cap.sold_share, Text("da alienare", "to be sold or bartered")),
        (total, cap.total_share, Text("da alienare o valorizzare", "to be disposed of")),
    ):
        if units > (most := _up_to(share, stock)):
            rule = Text(
                f"Gli alloggi {what.it} sono {units} su {stock}: il limite del {share:.0%} è {most} ({cap.article}).",
                f"The homes {what.en} are {units} out of {stock}: the limit of {share:.0%} is {most} ({cap.article}).",
            )
            yield implausible("V13", "/disposals", units, rule)


def _where(row: int, programme: Programme | Disposal) -> Text:
    name = programme.programme_id
    return Text(f"Riga {row + 1}, programma {name}: ", f"Row {row + 1}, programme {name}: ")


def _years(rules: CycleRules) -> str:
    return f"{rules.years[0]}-{rules.years[-1]}"


def _twice(field: str, value: str, where: Text) -> Fault:
    rule = Text(
        f"{where.it}c’è già una riga con lo stesso programma, tipo e data.",
        f"{where.en}another row has the same programme, kind and date.",
    )
    remedy = Text("Unire le due righe, o correggerne una.", "Join the two rows, or correct one.")
    return Fault("programme-twice", field, value, rule, remedy)


def _up_to(share: Decimal, stock: int) -> int:
    return int(share * stock)
