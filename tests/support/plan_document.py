"""A whole plan's document over the 48 municipalities and the synthetic stock, with every kind of element in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from functools import cache
from hashlib import sha256

from services.planner.document.canonical import sealed
from services.planner.document.drawings import Bar, Point, bar_chart, line_chart, printed_map
from services.planner.document.model import (
    Block,
    Cell,
    Column,
    ColumnKind,
    Cover,
    Document,
    DocumentPart,
    Edition,
    Listing,
    Paragraph,
    Span,
    Table,
)
from services.planner.domain.labels import LABELS, STATUS_FIGURES
from services.planner.domain.narrative.figures import Figure, FigureUnit, by_name
from services.planner.domain.narrative.sentences import Sentence, tell
from services.planner.domain.plan import FigureKey, Method, Plan, Triennium, canonical
from services.planner.domain.publication import public_actions
from services.planner.domain.rounding import tenths
from services.planner.domain.state import PlanState, fold
from services.planner.domain.survey.households import ASSUMED
from services.planner.domain.survey.people import survey_ambito
from services.planner.domain.survey.sentences import survey_sentences
from services.planner.law import rules_on
from shared.events.plans import Measure
from shared.events.submissions import SubmissionReceived
from shared.pages import MapLabels
from shared.pages.formats import thousandths
from shared.territory import ATTRIBUTION, ambito, boundaries
from tests.support.plan_annexes import NAMES, annual_rows, changes, named, overdue, previous_year, quotas, section
from tests.support.planner import synthetic

CREMONESE = ambito("cremonese")
SURVEY = survey_ambito(CREMONESE.municipalities, ASSUMED)
TEXT, NUMBER, THOUSANDTHS = ColumnKind.TEXT, ColumnKind.NUMBER, ColumnKind.THOUSANDTHS
PARAMETERS = {
    "access_isee_limit": ("ISEE massimo per l’accesso", "euro"),
    "indigence_share": ("Quota riservata ai nuclei indigenti", "delle unità dell’anno"),
    "indigent_isee": ("ISEE dei nuclei indigenti", "euro"),
    "sat_set_aside_share": ("Quota massima per i servizi transitori", "del patrimonio di riferimento"),
    "sat_duration": ("Durata del servizio transitorio", "mesi"),
    "disposal_total_share": ("Alienazione e valorizzazione, in tutto", "del patrimonio"),
    "tenant_works_limit": ("Lavori a carico dell’assegnatario, massimo", "euro"),
    "backlog_clearance": ("Anni per smaltire il fabbisogno arretrato", "anni"),
}
SOURCE = "Fonte: ISTAT, residenti al 1º gennaio (2011: censimento)."
SUPPLY = (
    "Nel triennio si prevede di poter assegnare {assignable_mean} alloggi (tra {assignable_low} e {assignable_high}, "
    "otto volte su dieci); se ne libereranno {turnover_mean} (tra {turnover_low} e {turnover_high})."
)
STOCK = "Il patrimonio conta {stock_total} alloggi, di cui {occupied} assegnati e occupati e {needing_works} inagibili."


@cache
def synthetic_document() -> Document:
    """Sealed; the same on every machine, because the world and the triennium are."""
    plan = plan_of_synthetic()
    rows = latest_submissions()
    return sealed(
        Document(
            cover=Cover(
                "Piano triennale dell’offerta dei servizi abitativi pubblici e sociali",
                "Ambito territoriale Cremonese",
                "Comune di Cremona",
                plan.triennium.years,
                ("Proposta del Comune capofila, non ancora sottoposta all’Assemblea dei Sindaci.",),
            ),
            edition=Edition(
                12, "Proposta", plan.reference_on, plan.rules_on, sha256(canonical(plan)).hexdigest(), "0" * 64
            ),
            legal_frame=legal_frame(plan.rules_on),
            submissions=submitted(rows),
            parts=(knowledge(), survey(), need(), supply(plan), strategies(), emergency(plan), access(plan.rules_on)),
            annexes=(annual_rows(rows), quotas(rows), overdue(rows), changes(), previous_year(rows)),
            synthetic=True,
        )
    )


@cache
def plan_of_synthetic() -> Plan:
    method = Method(Triennium(2026), rules_on, lambda _: NAMES)
    state = PlanState("cremonese", method.bands)
    for message in synthetic().past:
        fold(state, message)
    return method.plan_of(state)


@cache
def latest_submissions() -> tuple[SubmissionReceived, ...]:
    found = [message.event for message in synthetic().past if isinstance(message.event, SubmissionReceived)]
    year = max(row.cycle_year for row in found)
    return tuple(
        sorted((row for row in found if row.cycle_year == year), key=lambda row: (NAMES[row.municipality], row.owner))
    )


def legal_frame(on: date) -> DocumentPart:
    said = (
        "Legge regionale 8 luglio 2016, n. 16, «Disciplina regionale dei servizi abitativi».",
        "Regolamento regionale 4 agosto 2017, n. 4, «Disciplina della programmazione dell’offerta abitativa pubblica e "
        "sociale e dell’accesso e della permanenza nei servizi abitativi pubblici».",
    )
    columns = (Column("Regola"), Column("Valore"), Column("Articolo"), Column("Testo"))
    rows = [
        [label, f"{source.value} {unit}".strip(), source.article, "letto" if source.status == "read" else "ipotesi"]
        for name, (label, unit) in PARAMETERS.items()
        if (source := rules_on(on).sources[name])
    ]
    table = Table("Parametri usati da questa edizione", columns, tuple(map(texts, rows)))
    return DocumentPart(
        "",
        "Quadro normativo",
        (section("", plain("Il Piano è previsto da:"), Listing(sentences(said))), section("Regole applicate", table)),
    )


def submitted(rows: Sequence[SubmissionReceived]) -> DocumentPart:
    owners = Column("Ente proprietario"), Column("Comune"), Column("Ricevuta il", ColumnKind.DAY), Column("Nei termini")
    table = Table(
        "Dichiarazioni ricevute",
        owners,
        tuple(
            (
                Cell(named(row.owner)),
                Cell(NAMES[row.municipality]),
                Cell(row.received_on),
                Cell("no" if row.late else "sì"),
            )
            for row in rows
        ),
    )
    who = figures(FigureUnit.COUNT, declared=len({row.municipality for row in rows}), all=len(NAMES))
    text = tell(("Ci sono dichiarazioni su {declared:comune|comuni} di {all}.",), by_name(who))
    return DocumentPart("", "Chi ha trasmesso i dati", (section("", Paragraph(text), table),))


def knowledge() -> DocumentPart:
    people = SURVEY.ambito.people
    columns = (
        Column("Comune"),
        Column("Residenti", NUMBER),
        Column("Variazione dal 2011", ColumnKind.PERCENT),
        Column("65 anni e più", NUMBER),
        Column("Famiglie (stima)", NUMBER),
    )
    profiles = [(NAMES[code], profile) for code, profile in SURVEY.municipalities.items()]
    rows = tuple(
        (
            Cell(name),
            Cell(profile.people.population, f"{name}/population"),
            Cell(profile.long_trend.change_share),
            Cell(profile.people.age_65_plus),
            Cell(profile.households.central),
        )
        for name, profile in [*sorted(profiles), ("Ambito", SURVEY.ambito)]
    )
    return DocumentPart(
        "1",
        "Quadro conoscitivo",
        (
            section("", Paragraph(survey_sentences("cremonese", "Nell’ambito", SURVEY.ambito, ASSUMED))),
            section(
                "La popolazione",
                line_chart("Residenti nell’ambito", [Point(*p) for p in people.by_year], "residenti"),
                residents_map(),
                Table("Popolazione, comune per comune", columns, rows[:-1], rows[-1], SOURCE),
            ),
        ),
    )


def residents_map() -> Block:
    values = {code: profile.people.population for code, profile in SURVEY.municipalities.items()}
    labels = MapLabels(
        "residenti",
        "Residenti, comune per comune",
        "Carta dei comuni dell’ambito: più scuro il colore, più residenti.",
        "residente",
        "residenti",
    )
    return printed_map(boundaries("cremonese"), values, (0, 1000, 2000, 5000, 10000), labels, ATTRIBUTION)


def survey() -> DocumentPart:
    people = SURVEY.ambito.people
    ages = (
        Bar("Fino a 14 anni", people.age_0_14),
        Bar("Da 15 a 64 anni", people.age_15_64),
        Bar("65 anni e più", people.age_65_plus),
        Bar("di cui 75 anni e più", people.age_75_plus),
    )
    said = sentences(
        ("Trasporto pubblico fra i comuni.", "Servizio sociale professionale in ogni comune.", "#let x = *1*")
    )
    return DocumentPart(
        "2",
        "Quadro ricognitivo e programmatorio",
        (
            section(
                "Caratteristiche della popolazione", bar_chart("Residenti per età", ages, Measure.COUNT, "residenti")
            ),
            section("Servizi, criticità e potenzialità", Listing(said)),
        ),
    )


def need() -> DocumentPart:
    columns = (Column("Comune"), Column("Domande ammesse", NUMBER), Column("Sfratti", NUMBER))
    rows = (
        (Cell("Casalbuttano ed Uniti"), Cell(7), Cell(None)),
        (Cell("Soresina"), Cell(31), Cell(None, instead="meno di 5")),
    )
    return DocumentPart(
        "3",
        "Fabbisogno abitativo primario",
        (
            section(
                "",
                plain("Il metodo di stima è stampato con ogni numero."),
                Table("Fabbisogno dichiarato", columns, rows),
            ),
        ),
    )


def supply(plan: Plan) -> DocumentPart:
    whole = [Figure("ambito", k.figure, unit(k.figure), v, "plan") for k, v in plan.figures.items() if is_whole(k)]
    years = (*plan.triennium.years, None)
    bars = [
        Bar(
            "Triennio" if year is None else str(year),
            value(plan, None, "assignable_mean", year),
            span(plan, None, year),
        )
        for year in years
    ]
    stock = [Bar(LABELS[name].overall, value(plan, None, name, None)) for name in STATUS_FIGURES.values()]
    columns = (
        Column("Comune"),
        *(Column(str(year), THOUSANDTHS) for year in plan.triennium.years),
        Column("Triennio", THOUSANDTHS),
        Column("Intervallo (80 su 100)", ColumnKind.SPAN),
        Column("In patrimonio", NUMBER),
        Column("Da recuperare", NUMBER),
    )
    order = sorted(NAMES, key=NAMES.__getitem__)
    rows = tuple(
        (
            Cell("Ambito" if code is None else NAMES[code]),
            *(Cell(value(plan, code, "assignable_mean", year), f"{code}/assignable_mean/{year}") for year in years),
            Cell(span(plan, code, None)),
            *(Cell(value(plan, code, figure, None)) for figure in ("stock_total", "needing_works")),
        )
        for code in (*order, None)
    )
    return DocumentPart(
        "4",
        "Consistenza del patrimonio e offerta del triennio",
        (
            section("", Paragraph(tell((STOCK, SUPPLY), by_name(whole)))),
            section("Il patrimonio", bar_chart("Alloggi per stato", stock, Measure.COUNT, "alloggi")),
            section(
                "L’offerta",
                bar_chart("Alloggi assegnabili per anno", bars, Measure.THOUSANDTHS, "alloggi, con l’intervallo"),
                supply_map(plan),
                Table("Alloggi assegnabili, comune per comune", columns, rows[:-1], rows[-1]),
            ),
        ),
    )


def supply_map(plan: Plan) -> Block:
    shown: dict[str, int | None] = {code: tenths(value(plan, code, "assignable_mean", None)) for code in NAMES}
    labels = MapLabels(
        "assegnabili",
        "Alloggi assegnabili nel triennio, comune per comune",
        "Carta dei comuni dell’ambito: più scuro il colore, più alloggi assegnabili.",
        "alloggi assegnabili",
        "alloggi assegnabili",
        number=lambda tenth: thousandths(tenth * 100),
    )
    shown[without_value()] = None
    return printed_map(boundaries("cremonese"), shown, (0, 10, 50, 200, 500), labels, ATTRIBUTION)


def without_value() -> str:
    """A municipality shown without a value, so that the hatch is seen."""
    return max(NAMES, key=NAMES.__getitem__)


def strategies() -> DocumentPart:
    columns = (
        Column("Obiettivo"),
        Column("Situazione", NUMBER),
        Column("Traguardo", NUMBER),
        Column("Scadenza", ColumnKind.DAY),
    )
    rows = ((Cell("Alloggi recuperati"), Cell(0), Cell(40), Cell(date(2028, 12, 31))),)
    return DocumentPart(
        "5", "Strategie e obiettivi", (section("", Table("Obiettivi di sviluppo dell’offerta", columns, rows)),)
    )


def emergency(plan: Plan) -> DocumentPart:
    told = public_actions(plan)
    return DocumentPart(
        "6",
        "Disagio ed emergenza abitativa",
        (section("Azioni proposte (L.R. 16/2016, art. 23 c. 13)", Listing(sentences(told))),),
    )


def access(on: date) -> DocumentPart:
    rules = rules_on(on).access
    columns = Column("Misura"), Column("Contributo massimo annuo", ColumnKind.EUROS)
    rows = (
        (Cell("Contributo di solidarietà, nuclei indigenti"), Cell(Decimal(rules.solidarity_indigent_eur_year))),
        (Cell("Contributo di solidarietà, difficoltà"), Cell(Decimal(rules.solidarity_difficulty_eur_year))),
    )
    return DocumentPart("7", "Accesso e mantenimento dell’abitazione", (section("", Table("Misure", columns, rows)),))


def plain(text: str) -> Paragraph:
    return Paragraph((Sentence(text, ()),))


def sentences(told: Iterable[str]) -> tuple[Sentence, ...]:
    return tuple(Sentence(text, ()) for text in told)


def texts(row: Iterable[str]) -> tuple[Cell, ...]:
    return tuple(map(Cell, row))


def figures(unit: FigureUnit, **values: int) -> list[Figure]:
    return [Figure("ambito", name, unit, value, "counted") for name, value in values.items()]


def unit(figure: str) -> FigureUnit:
    return FigureUnit.COUNT if LABELS[figure].measure is Measure.COUNT else FigureUnit.THOUSANDTHS


def is_whole(key: FigureKey) -> bool:
    return (key.municipality, key.owner, key.year) == (None, None, None)


def value(plan: Plan, code: str | None, figure: str, year: int | None) -> int:
    return plan.figures[FigureKey(code, None, figure, year)]


def span(plan: Plan, code: str | None, year: int | None) -> Span:
    return Span(value(plan, code, "assignable_low", year), value(plan, code, "assignable_high", year))
