"""Texts cannot disagree with the figures, and figures can be computed again from their operands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given

from services.planner.domain.narrative.figures import Figure, FigureUnit, by_name, written
from services.planner.domain.narrative.sentences import Sentence, fill, tell
from services.planner.domain.need.amounts import HouseholdBand
from services.planner.domain.need.assessment import NeedAssessment, assess_need
from services.planner.domain.need.coverage import coverage
from services.planner.domain.need.declared import Component, DeclaredNeed, declared_totals
from services.planner.domain.need.evidence import NeedMethod
from services.planner.domain.need.figures import (
    FORMULAS,
    ambito_figures,
    coverage_figures,
    declared_figures,
    need_figures,
    pressure_figures,
)
from services.planner.domain.need.pressure import Inhabitants, rank_pressure
from services.planner.domain.need.sentences import need_sentences
from services.planner.domain.survey import figures as survey_formulas
from services.planner.domain.survey.figures import survey_figures
from services.planner.domain.survey.households import ASSUMED
from services.planner.domain.survey.people import survey_ambito
from services.planner.domain.survey.sentences import survey_sentences
from shared.territory import ambito
from tests.unit.planner.need.territories import NAMES, declarations, households

NUMBER = re.compile(r"[+−]?\d+(?:\.\d{3})*(?:,\d+)?%?")
CREMONESE = survey_ambito(ambito("cremonese").municipalities, ASSUMED)
SUPPLY = HouseholdBand(10, 14_000, 19)
HALF_UP = ROUND_HALF_UP


def figure(name: str, unit: FigureUnit, value: int | Decimal | None) -> Figure:
    return Figure("019036", name, unit, value, "counted")


def disagreements(sentences: Iterable[Sentence], figures: Mapping[str, Figure]) -> list[str]:
    """Numbers in the texts that are not those of the figures they name, in order."""
    by_id = {known.id: known for known in figures.values()}
    return [
        sentence.text
        for sentence in sentences
        if NUMBER.findall(sentence.text) != [written(by_id[used]) for used in sentence.figures]
    ]


@pytest.mark.parametrize(
    ("unit", "value", "text"),
    [
        (FigureUnit.YEAR, 2011, "2011"),
        (FigureUnit.COUNT, 155_369, "155.369"),
        (FigureUnit.THOUSANDTHS, 1_698_097, "1.698,1"),
        (FigureUnit.DECIMAL, Decimal("1003.4"), "1.003,4"),
        (FigureUnit.SHARE, Decimal("0.1396"), "14,0%"),
        (FigureUnit.CHANGE, -3_798, "−3.798"),
        (FigureUnit.CHANGE, 1_048, "+1.048"),
        (FigureUnit.CHANGE, 0, "0"),
        (FigureUnit.CHANGE_SHARE, Decimal("-0.0239"), "−2,4%"),
        (FigureUnit.CHANGE_SHARE, Decimal("-0.0004"), "0,0%"),
    ],
)
def test_numbers_are_written_in_italian(unit: FigureUnit, value: int | Decimal, text: str) -> None:
    assert written(figure("x", unit, value)) == text


def test_nouns_agree_with_their_numbers() -> None:
    template = "{a:comune|comuni}, {b:comune|comuni}, {c:residente|residenti}, {d:famiglia|famiglie}."
    known = by_name(
        [
            figure("a", FigureUnit.COUNT, 1),
            figure("b", FigureUnit.COUNT, 2),
            figure("c", FigureUnit.CHANGE, -1),
            figure("d", FigureUnit.THOUSANDTHS, 1000),
        ]
    )
    found = fill(template, known)
    assert found.text == "1 comune, 2 comuni, −1 residente, 1,0 famiglie."
    assert found.figures == ("019036/a", "019036/b", "019036/c", "019036/d")


def test_what_has_no_value_or_is_withheld_is_not_told() -> None:
    known = by_name([figure("a", FigureUnit.COUNT, 1), figure("b", FigureUnit.COUNT, None)])
    assert [told.text for told in tell(["{a}.", "{b}.", "{c}."], known)] == ["1."]
    assert tell(["{a}."], known, withheld={"019036/a"}) == ()
    with pytest.raises(ValueError, match="019036/b has no value"):
        fill("{b}", known)


def test_the_text_of_the_survey_of_cremona() -> None:
    texts = [
        told.text
        for told in survey_sentences("019036", "Nel comune di Cremona", CREMONESE.municipalities["019036"], ASSUMED)
    ]
    assert texts == [
        "Nel comune di Cremona risiedono 70.637 persone (inizio del 2023), 1.003,4 per chilometro quadrato.",
        "Dal 2011 la popolazione è cresciuta: +1.048 residenti (+1,5%); "
        "ma dal 2018 è diminuita: −1.440 residenti (−2,0%).",
        "Ogni cento ragazzi fino a quattordici anni ci sono 230,9 persone di almeno sessantacinque anni; "
        "ogni cento persone in età attiva ce ne sono 62,3 più giovani o più anziane.",
        "La quota di residenti con almeno settantacinque anni è 14,8%.",
        "Le famiglie sono stimate in 32.108 (tra 30.712 e 33.637), ipotizzando in media 2,2 componenti per famiglia.",
    ]


def test_every_number_of_every_survey_text_is_a_figure() -> None:
    for scope, found in {"cremonese": CREMONESE.ambito, **CREMONESE.municipalities}.items():
        figures = survey_figures(scope, found, ASSUMED)
        sentences = survey_sentences(scope, "Qui", found, ASSUMED)
        assert len(sentences) == 5
        assert disagreements(sentences, by_name(figures)) == []
        assert {known.formula for known in figures} <= survey_formulas.FORMULAS.keys()


def everything(declared: Mapping[str, DeclaredNeed], homes: Mapping[str, int]) -> dict[str, list[Figure]]:
    """All figures of part 3 by scope."""
    found = assess_need(declared, homes, NeedMethod())
    ranks = rank_pressure(
        declared, {name: Inhabitants(count, 2 * count, 1 + count // 3) for name, count in homes.items()}
    )
    figures = {"ambito": [*ambito_figures("ambito", found), *declared_figures("ambito", declared_totals(declared))]}
    for name, territory in found.municipalities.items():
        need = territory.whole.need
        figures[name] = [
            *need_figures(name, territory, found),
            *coverage_figures(name, coverage(SUPPLY, need), SUPPLY, need),
            *pressure_figures(name, ranks[name]),
        ]
    return figures


def texts(found: NeedAssessment, figures: Mapping[str, list[Figure]]) -> dict[str, tuple[Sentence, ...]]:
    told = {"ambito": need_sentences("Nell’ambito", found.ambito, figures["ambito"], found.unknown)}
    return told | {
        name: need_sentences(f"Nel comune {'abcde'[NAMES.index(name)]}", territory, figures[name])
        for name, territory in found.municipalities.items()
    }


@given(declarations, households)
def test_every_number_of_every_text_on_need_is_a_figure(
    declared: dict[str, DeclaredNeed], homes: dict[str, int]
) -> None:
    figures = everything(declared, homes)
    for scope, sentences in texts(assess_need(declared, homes, NeedMethod()), figures).items():
        assert len(sentences) >= 3
        assert disagreements(sentences, by_name(figures[scope])) == []
        assert {known.formula for known in figures[scope]} <= FORMULAS.keys()
        assert len({known.id for known in figures[scope]}) == len(figures[scope])


def test_the_text_on_need() -> None:
    declared = {
        "101": DeclaredNeed(admitted_unsatisfied=40, overcrowded=20),
        "102": DeclaredNeed(admitted_unsatisfied=10),
    }
    homes = {"101": 4000, "102": 1000, "103": 500}
    on = frozenset({Component.ADMITTED_UNSATISFIED, Component.OVERCROWDED, Component.BARRIERS})
    found = assess_need(declared, homes, NeedMethod(components=on))
    told = need_sentences("Nell’ambito", found.ambito, ambito_figures("ambito", found), found.unknown)
    assert [sentence.text for sentence in told][1:] == [
        f"Smaltendo l’arretrato in 5 anni, servono {amount(found.ambito.whole.yearly.central)} alloggi l’anno.",
        "Hanno dichiarato i dati 2 comuni su 3.",
        "Non sono conteggiate, perché nessun comune le ha dichiarate, queste componenti: "
        "famiglie in alloggio con barriere.",
    ]
    # the municipality that said all it was asked: max 40, sum 60, middle 50
    first = need_sentences("Nel comune di A", found.municipalities["101"], parts(found, "101"))
    assert first[0].text == (
        "Nel comune di A il fabbisogno abitativo primario del triennio è stimato in 50 famiglie (tra 40 e 60): "
        "50 oggi in condizione di bisogno, 0 che si aggiungono e 0 che escono senza assegnazione ogni anno."
    )
    assert [sentence.text for sentence in first][1:] == ["Smaltendo l’arretrato in 5 anni, servono 10 alloggi l’anno."]
    second, third = (need_sentences("Qui", found.municipalities[name], parts(found, name)) for name in ("102", "103"))
    assert second[-1].text == (
        "Sono stimate dagli altri comuni, perché non dichiarate, queste componenti: famiglie in sovraffollamento."
    )
    assert third[-1].text == "Il comune non ha dichiarato dati: ogni componente è stimata dagli altri comuni."


def parts(found: NeedAssessment, name: str) -> tuple[Figure, ...]:
    return need_figures(name, found.municipalities[name], found)


def amount(thousandths: int) -> str:
    return f"{(Decimal(thousandths) / 1000).quantize(Decimal('0.1'), rounding=HALF_UP)}".replace(".", ",")


def again(figure: Figure) -> int | Decimal | None:
    """The value by its formula, written here a second time from nothing but the operands."""
    value = dict(figure.operands)

    def middle(numerator: int, denominator: int) -> int:
        return int((Decimal(numerator) / denominator).quantize(Decimal(1), rounding=HALF_UP))

    def end(direction: int, limit: str, name: str) -> int:
        flow = value["years"] * (value["A"] - value["L"])
        one_way = -value["L"] if direction < 0 else value["A"]
        both = value[limit] + flow + direction * value[f"chance_{name}"]
        single = value[limit] + value["years"] * one_way + direction * value[f"chance_{name}_one_way"]
        return max(both, single, 0) if direction < 0 else max(min(both, single), 0)

    match figure.formula:
        case "need_backlog":
            return middle(value["largest"] + value["at_most"], 2)
        case "need_backlog_low":
            return max(value["at_least"] - value["chance_low"], 0) // 1000
        case "need_backlog_high":
            return -(-(value["at_most"] + value["chance_high"]) // 1000)
        case "need_flow":
            return value["mean"]
        case "need_flow_low":
            return max(value["mean"] - value["chance"], 0) // 1000
        case "need_flow_high":
            return -(-(value["mean"] + value["chance"]) // 1000)
        case "need_3y":
            return max(value["B"] + 3 * (value["A"] - value["L"]), 0)
        case "need_yearly":
            return middle(max(value["B"] + value["years"] * (value["A"] - value["L"]), 0), value["years"])
        case "need_3y_low" | "need_yearly_low":
            return end(-1, "at_least", "low") // (1000 * (1 if "3y" in figure.formula else value["years"]))
        case "need_3y_high" | "need_yearly_high":
            return -(-end(1, "at_most", "high") // (1000 * (1 if "3y" in figure.formula else value["years"])))
        case "sum_of_municipalities" | "declared_total":
            return sum(value.values())
    return figure.value


@given(declarations, households)
def test_figures_follow_from_their_operands(declared: dict[str, DeclaredNeed], homes: dict[str, int]) -> None:
    """Where a mean of a size class is a remainder of a division it may differ by a thousandth."""
    for scope, figures in everything(declared, homes).items():
        for known in figures:
            if known.formula == "size_class":
                part = dict(known.operands)
                assert abs(known.value - Decimal(part["whole"] * part["weight"]) / part["weights"]) < 1, known
            elif is_rounded_once(scope, known):
                assert known.value == again(known), known


def is_rounded_once(scope: str, known: Figure) -> bool:
    """Not the ambito's ends, which enclose sums of rounded means, nor what is apportioned to a size class."""
    is_end_of_ambito = scope == "ambito" and known.unit is FigureUnit.COUNT and known.formula.startswith("need_")
    return not is_end_of_ambito and (scope == "ambito" or "_size_" not in known.name)
