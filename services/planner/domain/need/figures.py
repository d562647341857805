"""The figures of part 3 of the plan, each with its formula and operands (planner.md §3, domain.md §7)."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from services.planner.domain.narrative.figures import Figure, FigureUnit, Operands
from services.planner.domain.need.amounts import HouseholdBand, UncertainCount, spread
from services.planner.domain.need.assessment import Need, NeedAssessment, TerritoryNeed, Use
from services.planner.domain.need.coverage import Coverage
from services.planner.domain.need.declared import FLOWS, SIZE_CLASSES, DeclaredTotal
from services.planner.domain.need.pressure import Pressure
from services.planner.domain.need.rates import YEARS

CLEARANCE: Final = "backlog_clearance"
"""The parameter T by its name in `services.planner.law`."""
FORMULAS: Final = MappingProxyType(
    {
        "need_backlog": "B = (largest + at_most) / 2: la componente maggiore e la somma; "
        "dove le liste sono collegate, due volte il totale senza ripetizioni",
        "need_backlog_low": "at_least - chance_low: tutte le condizioni coincidono, meno il margine d’errore",
        "need_backlog_high": "at_most + chance_high: nessuna famiglia è in due condizioni, più il margine d’errore",
        "need_flow": "famiglie in un anno: tasso dell’ambito x famiglie x moltiplicatore del comune x fattore comune",
        "need_flow_low": "media - chance, mai sotto zero; arrotondato per difetto",
        "need_flow_high": "media + chance; arrotondato per eccesso",
        "need_3y": "famiglie oggi in condizione di bisogno (B), più quelle che si aggiungono in tre anni (3A), meno "
        "quelle che in tre anni escono senza assegnazione (3L); mai sotto zero",
        "need_3y_low": "il maggiore di at_least + 3A - 3L - chance e at_least - 3L - chance senza arrivi",
        "need_3y_high": "il minore di at_most + 3A - 3L + chance e at_most + 3A + chance senza uscite",
        "need_yearly": "famiglie oggi in condizione di bisogno divise per gli anni in cui smaltirle (B / T), più "
        "quelle che si aggiungono in un anno (A), meno quelle che escono senza assegnazione (L); mai sotto zero",
        "need_yearly_low": "come need_3y_low con T al posto di 3, diviso T",
        "need_yearly_high": "come need_3y_high con T al posto di 3, diviso T",
        "size_class": "whole x weight / weights, con i resti più grandi perché le classi sommino al totale",
        "sum_of_municipalities": "somma dei comuni",
        "component_declared": "famiglie della componente, dichiarate dal comune",
        "component_estimated": "tasso dell’ambito (counted / of_households) x households x moltiplicatore del comune",
        "completeness": "comuni che hanno dichiarato dati sul fabbisogno, e comuni dell’ambito",
        "method": "parametro del metodo",
        "coverage": "offerta / fabbisogno, arrotondata al centesimo di punto percentuale",
        "pressure": "100 x media dei rapporti fra il comune e l’ambito; intervallo all’80 % (Gamma)",
        "rank": "1 + comuni sicuramente sopra; comuni meno quelli sicuramente sotto",
        "per_thousand": "1000 x conteggio / base, al decimo",
        "declared_total": "somma dei comuni che hanno dichiarato, nulla di stimato",
    }
)


def need_figures(scope: str, territory: TerritoryNeed, assessment: NeedAssessment) -> tuple[Figure, ...]:
    """Every figure of one municipality."""
    years = assessment.method.years_to_clear
    return (
        Figure(scope, "years_to_clear", FigureUnit.COUNT, years, "method", (), (CLEARANCE,)),
        *of_need(scope, "", territory.whole, years, inputs_of(territory)),
        *of_sizes(scope, territory, years),
        *(found for use in territory.uses for found in of_use(scope, use, territory, assessment)),
    )


def inputs_of(territory: TerritoryNeed) -> Operands:
    """What B was made of: the linked total and, where it does not decide alone, every component."""
    components = tuple(
        (f"component_{use.component.lower()}", use.households.central)
        for use in territory.uses
        if use.component not in FLOWS
    )
    return components if territory.linked_total is None else (("linked_total", territory.linked_total), *components)


def of_use(scope: str, use: Use, territory: TerritoryNeed, assessment: NeedAssessment) -> tuple[Figure, ...]:
    """A component that the municipality declared is its own explanation; others say what rate they follow."""
    name = f"component_{use.component.lower()}"
    if not use.is_estimated and use.component not in FLOWS:
        return banded(scope, name, use.households, "component_declared")
    pooled = assessment.bases[use.component]
    operands = (
        ("counted", pooled.counted),
        ("of_households", pooled.households),
        ("households", territory.households),
    )
    return banded(scope, name, use.households, "component_estimated", operands)


def ambito_figures(scope: str, assessment: NeedAssessment) -> tuple[Figure, ...]:
    """Every figure of the ambito: its means are sums, and their operands the municipalities' figures."""
    parts = {
        name: {figure.name: figure for figure in need_figures(name, territory, assessment)}
        for name, territory in assessment.municipalities.items()
    }

    def summed(figure: Figure) -> Figure:
        if figure.unit is not FigureUnit.THOUSANDTHS:
            return figure
        operands = tuple((own[figure.name].id, own[figure.name].value) for own in parts.values() if figure.name in own)
        return figure._replace(formula="sum_of_municipalities", operands=operands)

    own = need_figures(scope, assessment.ambito, assessment)
    completeness = (
        Figure(scope, "need_declared_count", FigureUnit.COUNT, assessment.declared_count, "completeness"),
        Figure(scope, "municipality_count", FigureUnit.COUNT, len(assessment.municipalities), "completeness"),
    )
    return (*map(summed, own), *completeness)


def of_sizes(scope: str, territory: TerritoryNeed, years_to_clear: int) -> Iterator[Figure]:
    """B, A and L of a class are parts of the municipality's; what follows of them follows by the same formulas."""
    whole, weights = territory.whole, territory.size_weights
    divided = (
        ("need_backlog", whole.backlog.central, weights.backlog),
        ("need_arrivals", whole.arrivals.central, weights.flows),
        ("need_departures", whole.departures.central, weights.flows),
    )
    for place, (size, need) in enumerate(zip(SIZE_CLASSES, territory.by_size, strict=False)):
        suffix = f"_size_{size}"
        explained = {
            f"{name}{suffix}": (("whole", value), ("weight", own[place]), ("weights", sum(own)))
            for name, value, own in divided
            if own
        }
        for figure in of_need(scope, suffix, need, years_to_clear):
            operands = explained.get(figure.name)
            yield figure._replace(formula="size_class", operands=operands) if operands else figure


def of_need(scope: str, suffix: str, need: Need, years_to_clear: int, inputs: Operands = ()) -> Iterator[Figure]:
    parts = need.parts
    limits = (("at_least", parts.backlog.fewest.mean), ("at_most", parts.backlog.most.mean))
    chances = tuple(chances_of(need, 0).items())
    operands = (("largest", parts.backlog.largest), *limits, *chances, *inputs)
    yield from banded(scope, f"need_backlog{suffix}", need.backlog, "need_backlog", operands)
    for name, flow, band in (
        ("arrivals", parts.arrivals, need.arrivals),
        ("departures", parts.departures, need.departures),
    ):
        chance = ("chance", spread(flow.variance))
        yield from banded(scope, f"need_{name}{suffix}", band, "need_flow", (("mean", flow.mean), chance))
    flows = (("A", parts.arrivals.mean), ("L", parts.departures.mean))
    for name, band, years in (("3y", need.need, YEARS), ("yearly", need.yearly, years_to_clear)):
        operands = (("B", parts.backlog.mean), *flows, ("years", years), *limits, *chances_of(need, years).items())
        parameters = (CLEARANCE,) if name == "yearly" else ()
        yield from banded(scope, f"need_{name}{suffix}", band, f"need_{name}", operands, parameters)


def chances_of(need: Need, years: int) -> dict[str, int]:
    """Half widths that chance adds to the band of B + years x (A - L), in thousandths."""
    backlog, arrivals, departures = need.parts
    coming, leaving = years * years * arrivals.variance, years * years * departures.variance

    def ends(name: str, limit: UncertainCount, only: float) -> dict[str, int]:
        return {
            f"chance_{name}": spread(limit.variance + coming + leaving),
            f"chance_{name}_one_way": spread(limit.variance + only),
        }

    return ends("low", backlog.fewest, leaving) | ends("high", backlog.most, coming)


def banded(
    scope: str,
    name: str,
    band: HouseholdBand,
    formula: str,
    operands: Operands = (),
    parameters: tuple[str, ...] = (),
) -> tuple[Figure, Figure, Figure]:
    """`name` in thousandths, and its ends in households."""
    low, high = (f"{formula}{end}" if f"{formula}{end}" in FORMULAS else formula for end in ("_low", "_high"))
    return (
        Figure(scope, f"{name}_low", FigureUnit.COUNT, band.low, low, operands, parameters),
        Figure(scope, name, FigureUnit.THOUSANDTHS, band.central, formula, operands, parameters),
        Figure(scope, f"{name}_high", FigureUnit.COUNT, band.high, high, operands, parameters),
    )


def coverage_figures(scope: str, covered: Coverage, supply: HouseholdBand, need: HouseholdBand) -> tuple[Figure, ...]:
    ends = (
        ("coverage_low", covered.low, supply.low, need.high),
        ("coverage", covered.central, supply.central, need.central),
        ("coverage_high", covered.high, supply.high, need.low),
    )
    return tuple(
        Figure(scope, name, FigureUnit.SHARE, share, "coverage", (("supply", homes), ("need", households)))
        for name, share, homes, households in ends
    )


def pressure_figures(scope: str, pressure: Pressure) -> tuple[Figure, ...]:
    """The index, the ambito being 100, the rank interval, and the indicators per thousand."""
    ratios = tuple((ratio.indicator.lower(), int(1000 * ratio.estimate.mean + 0.5)) for ratio in pressure.ratios)
    values = tuple(
        (name, Decimal(value) / 10)
        for name, value in (
            ("pressure_low", pressure.low),
            ("pressure", pressure.value),
            ("pressure_high", pressure.high),
        )
    )
    ranks = (("pressure_first_rank", pressure.first_rank), ("pressure_last_rank", pressure.last_rank))
    return (
        *(Figure(scope, name, FigureUnit.DECIMAL, value, "pressure", ratios) for name, value in values),
        *(Figure(scope, name, FigureUnit.COUNT, value, "rank", values) for name, value in ranks),
        *(
            Figure(
                scope,
                *(f"{ratio.indicator.lower()}_per_thousand", FigureUnit.DECIMAL, ratio.value, "per_thousand"),
                (("counted", ratio.counted), ("of", ratio.of)),
            )
            for ratio in pressure.ratios
        ),
    )


def declared_figures(scope: str, totals: tuple[DeclaredTotal, ...]) -> tuple[Figure, ...]:
    """What was declared in the ambito, and by how many municipalities."""
    return tuple(
        figure
        for total in totals
        for figure in (
            Figure(
                *(scope, f"declared_{total.field}", FigureUnit.COUNT, total.households, "declared_total"),
                total.by_municipality,
            ),
            Figure(
                *(scope, f"declared_{total.field}_by", FigureUnit.COUNT, len(total.by_municipality), "completeness"),
                (),
            ),
        )
    )
