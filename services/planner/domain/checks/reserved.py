"""V7, V8, V10 and V11: homes set aside, against the shares of the rule set and against the homes there are."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from services.planner.domain.checks.faults import Check, RowKey, Severity, counted, percent
from services.planner.domain.quotas import (
    FORMULAS,
    LOCAL_POLICE,
    NONE,
    Division,
    OwnerYear,
    QuotaKind,
    units_up_to,
)
from services.planner.domain.rules import Rules
from shared.problem_texts import Text

COLUMNS = {
    QuotaKind.INDIGENCE: "indigence_share",
    QuotaKind.FORCES: "forces_share",
    QuotaKind.LOCAL_POLICE: "local_police_share",
    QuotaKind.CATEGORIES: "extra_category_share",
    QuotaKind.SAT: "sat_units",
}
NAMES = {
    QuotaKind.INDIGENCE: Text("nuclei indigenti", "indigent households"),
    QuotaKind.FORCES: Text("forze di polizia e vigili del fuoco", "police and fire brigade"),
    QuotaKind.LOCAL_POLICE: Text("polizia locale", "local police"),
    QuotaKind.CATEGORIES: Text("categorie dell’ente", "the owner’s categories"),
    QuotaKind.SAT: Text("servizi abitativi transitori", "transitional services"),
}


def share_checks(row: RowKey, year: OwnerYear, rules: Rules) -> Iterator[Check]:
    """V7 and V8: the shares for the forces and for the owner's categories are at most those of the plan's rule set."""
    quotas = rules.quotas
    forces, police = year.forces_share or NONE, year.local_police_share or NONE
    if LOCAL_POLICE in quotas.forces_categories:
        yield from _above("V7", row, QuotaKind.FORCES, forces + police, quotas.forces_share, rules)
    else:
        yield from _above("V7", row, QuotaKind.FORCES, forces, quotas.forces_share, rules)
        yield from _above("V7", row, QuotaKind.LOCAL_POLICE, police, None, rules)
    categories = year.categories_share or NONE
    yield from _above("V8", row, QuotaKind.CATEGORIES, categories, quotas.owner_categories_share, rules)


def _above(
    code: str, row: RowKey, kind: QuotaKind, share: Decimal, ceiling: Decimal | None, rules: Rules
) -> Iterator[Check]:
    if share <= (ceiling or NONE):
        return
    article, name = rules.sources[FORMULAS[kind].parameters[0]].article, NAMES[kind]
    if ceiling is None:
        rule = Text(
            f"Le regole del {rules.on:%d.%m.%Y} non prevedono una quota per {name.it} ({article}).",
            f"The rules of {rules.on:%Y-%m-%d} have no share for {name.en} ({article}).",
        )
    else:
        rule = Text(
            f"La quota per {name.it}, {percent(share)}, supera il {percent(ceiling)} ({article}).",
            f"The share for {name.en}, {percent(share)}, is above {percent(ceiling)} ({article}).",
        )
    most = percent(ceiling or NONE)
    remedy = Text(f"Indicare al massimo il {most}.", f"Give at most {most}.")
    yield Check(code, Severity.VALIDITY, row, COLUMNS[kind], str(share), rule, remedy, FORMULAS[kind].parameters)


def sat_checks(row: RowKey, sat_units: int, baseline: int, rules: Rules) -> Iterator[Check]:
    """V10: homes for transitional services are at most the share of the baseline, rounded down (L.R. 16/2016, art. 23).

    `baseline` is the stock that the parameter `sat_baseline`, an assumption, says.
    """
    share = rules.sat.set_aside_share
    most = units_up_to(baseline, share)
    if sat_units > most:
        article = rules.sources["sat_set_aside_share"].article
        yield Check(
            "V10",
            Severity.VALIDITY,
            row,
            "sat_units",
            str(sat_units),
            Text(
                f"{counted(sat_units).it} per i servizi abitativi transitori: il limite è {most}, il {percent(share)} "
                f"di {counted(baseline).it}, per difetto ({article}).",
                f"{counted(sat_units).en} for transitional services: the limit is {most}, {percent(share)} of "
                f"{counted(baseline).en}, rounded down ({article}).",
            ),
            Text(f"Indicare al massimo {most}.", f"Give at most {most}."),
            ("sat_set_aside_share", "sat_baseline"),
        )


def reservation_checks(row: RowKey, division: Division) -> Iterator[Check]:
    """V11: what is reserved is at most what is available; with few homes the indigents' share, rounded up, wins."""
    reserved = sum(quota.wanted for quota in division.quotas)
    if reserved <= division.available:
        return
    short = next(quota for quota in division.quotas if quota.granted < quota.wanted)
    terms = [(NAMES[quota.kind], quota.wanted) for quota in division.quotas if quota.wanted]
    told = [", ".join(f"{count} per {name.it}" for name, count in terms)]
    told += [", ".join(f"{count} for {name.en}" for name, count in terms)]
    yield Check(
        "V11",
        Severity.VALIDITY,
        row,
        COLUMNS[short.kind],
        str(short.wanted),
        Text(
            f"Alloggi riservati {reserved} ({told[0]}), disponibili {division.available}: "
            f"per {NAMES[short.kind].it} ne restano {short.granted}. La quota per nuclei indigenti prevale.",
            f"Homes reserved {reserved} ({told[1]}), available {division.available}: "
            f"for {NAMES[short.kind].en} {short.granted} are left. The share for indigent households comes first.",
        ),
        Text(
            f"Riservare al massimo {division.available} in tutto.",
            f"Reserve at most {division.available} in all.",
        ),
        tuple(sorted({name for quota in division.quotas if quota.wanted for name in FORMULAS[quota.kind].parameters})),
    )
