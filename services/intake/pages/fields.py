"""What the form of a declaration asks for, part by part, and what each of its fields is called."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Literal, NamedTuple

from services.intake.domain.labels import NEED_COUNTS, YEAR_COUNTS
from shared.events import DisposalKind, ProgrammeKind
from shared.events.planning import HOUSEHOLD_SIZES
from shared.problem_texts import Text

Kind = Literal["count", "share", "euro", "day", "text", "long", "choice", "flag"]


class Field(NamedTuple):
    """One value of a declaration: its name there, and how a person is asked for it."""

    name: str
    label: Text
    kind: Kind = "count"
    letter: str = ""
    hint: Text | None = None
    options: Sequence[tuple[str, Text]] = ()


class Group(NamedTuple):
    """Fields under one heading."""

    legend: Text
    fields: Sequence[Field]


class RowsPart(NamedTuple):
    """A part of the three-year data that is a list; `none` says that the list is empty, which is an answer too."""

    name: str
    title: Text
    row: Text
    none: Text
    fields: Sequence[Field]


class LinesPart(NamedTuple):
    """A part that is a list of sentences."""

    name: str
    title: Text
    hint: Text
    none: Text


STOCK: Final = (
    Field("stock_sap", Text("Alloggi SAP in patrimonio", "Public homes in stock"), letter="a"),
    Field("stock_sas", Text("Alloggi SAS in patrimonio", "Social homes in stock"), letter="a"),
    Field("stock_sat", Text("Alloggi SAT in patrimonio", "Transitional homes in stock"), letter="a"),
)
ASSIGNABLE: Final = (
    Field(
        "as_is_assignable",
        Text("Assegnabili nello stato di fatto", "Assignable as they are"),
        letter="b",
        hint=Text("Carenti di manutenzione, con lavori a cura di chi vi entra.", "Works are done by who moves in."),
    ),
    Field(
        "under_renovation_assignable",
        Text("Assegnabili dopo i lavori", "Assignable after works"),
        letter="c",
        hint=Text("In programmi formalizzati di recupero.", "In formal programmes of recovery."),
    ),
    Field(
        "new_build_assignable",
        Text("Assegnabili di nuova costruzione", "Assignable, newly built"),
        letter="d",
        hint=Text("In programmi formalizzati di nuova edificazione.", "In formal programmes of new building."),
    ),
    Field("free_now", Text("Già liberi", "Free already"), letter="e"),
    Field(
        "turnover_expected",
        Text("Che si liberano nell’anno (turnover)", "Becoming free in the year (turnover)"),
        letter="e",
    ),
    Field(
        "conferred_by_private",
        Text("Conferiti da privati", "Conferred by private parties"),
        letter="f",
        hint=Text("L.R. 16/2016, art. 23 c. 2.", "L.R. 16/2016, art. 23(2)."),
    ),
    Field(
        "assignable_total",
        Text("Assegnabili in totale", "Assignable in all"),
        letter="g",
        hint=Text(
            "È b + c + d + e + f: se resta vuoto lo somma la pagina.", "b + c + d + e + f; left empty, it is summed."
        ),
    ),
)
SHARES: Final = (
    Field("indigence_share", Text("Quota per nuclei indigenti, %", "Share for indigent households, %"), "share", "h"),
    Field(
        "forces_share",
        Text("Quota per forze di polizia e Vigili del fuoco, %", "Share for the forces, %"),
        "share",
        "i",
    ),
    Field("local_police_share", Text("Quota per la polizia locale, %", "Share for the local police, %"), "share", "i"),
    Field(
        "extra_category_share",
        Text("Quota per altre categorie scelte dall’ente, %", "Share for categories of the owner’s choice, %"),
        "share",
        "i",
    ),
    Field(
        "extra_category_reason",
        Text("Motivo delle altre categorie", "Reason for these categories"),
        "long",
        "i",
        Text("Senza nomi né storie di persone.", "Without names or stories of people."),
    ),
)
OTHERS: Final = (
    Field("sat_units", Text("Destinati ai servizi transitori", "Set aside for transitional services"), letter="j"),
    Field("assigned_previous_year", Text("SAP assegnati l’anno prima", "Assigned in the year before"), letter="k"),
)
COLUMNS: Final = (*STOCK, *ASSIGNABLE, *SHARES, *OTHERS)
YEAR: Final = tuple(Field(name, label) for name, label in YEAR_COUNTS.items())
_HINTS: Final = {
    "linked_total": Text(
        "Solo se il Comune sa contare ogni nucleo una volta.", "Only if each household is counted once."
    )
}
NEED: Final = tuple(Field(name, label, hint=_HINTS.get(name)) for name, label in NEED_COUNTS.items())
SIZES: Final = tuple(
    Field(str(size - 1), Text(f"{size} componenti", f"{size} people") if size > 1 else Text("1 componente", "1 person"))
    if size < HOUSEHOLD_SIZES
    else Field(str(size - 1), Text(f"{size} componenti o più", f"{size} people or more"))
    for size in range(1, HOUSEHOLD_SIZES + 1)
)
SPLIT: Final = "by_household_size"
PROGRAMMES: Final = (
    (ProgrammeKind.NEW_BUILD, Text("nuova costruzione", "new building")),
    (ProgrammeKind.RENOVATION, Text("ristrutturazione", "renovation")),
    (ProgrammeKind.RECOVERY, Text("recupero", "recovery")),
    (ProgrammeKind.EXTRAORDINARY_MAINTENANCE, Text("manutenzione straordinaria", "extraordinary maintenance")),
    (ProgrammeKind.ORDINARY_MAINTENANCE, Text("manutenzione ordinaria", "ordinary maintenance")),
    (ProgrammeKind.PURCHASE, Text("acquisto", "purchase")),
)
DISPOSALS: Final = (
    (DisposalKind.SOLD, Text("vendita", "sale")),
    (DisposalKind.BARTERED, Text("permuta", "barter")),
    (DisposalKind.VALORISED, Text("valorizzazione", "valorisation")),
)
_CODE: Final = Field(
    "programme_id",
    Text("Codice del programma", "Code of the programme"),
    "text",
    hint=Text("Lettere, cifre, punti e trattini.", "Letters, digits, dots and dashes."),
)
_HOMES: Final = Field("units", Text("Alloggi", "Homes"))
ROWS: Final = (
    RowsPart(
        "programmes",
        Text("Interventi programmati", "Programmed works"),
        Text("Intervento", "Works"),
        Text("Nessun intervento nel triennio", "No works in the three years"),
        (
            _CODE,
            Field("kind", Text("Tipo", "Kind"), "choice", options=PROGRAMMES),
            _HOMES,
            Field("cost_eur", Text("Costo in euro, IVA compresa", "Cost in euros, with VAT"), "euro"),
            Field("expected_completion_on", Text("Fine prevista", "Expected end"), "day"),
            Field("financed", Text("È finanziato", "It is financed"), "flag"),
        ),
    ),
    RowsPart(
        "disposals",
        Text("Alienazioni e valorizzazioni", "Disposals"),
        Text("Alienazione", "Disposal"),
        Text("Nessuna alienazione né valorizzazione nel triennio", "No disposal in the three years"),
        (
            _CODE,
            Field("kind", Text("Forma", "Kind"), "choice", options=DISPOSALS),
            _HOMES,
            Field("expected_on", Text("Data prevista", "Expected on"), "day"),
            Field("expected_proceeds_eur", Text("Ricavo previsto in euro", "Expected proceeds in euros"), "euro"),
            Field("act_reference", Text("Atto che lo approva", "Act that approved it"), "text"),
        ),
    ),
    RowsPart(
        "measures",
        Text("Misure per l’accesso e la permanenza", "Measures for access and keeping of the home"),
        Text("Misura", "Measure"),
        Text("Nessuna misura", "No measure"),
        (
            Field("name", Text("Nome", "Name"), "text"),
            Field("budget_eur", Text("Risorse in euro", "Budget in euros"), "euro"),
            Field("households", Text("Nuclei", "Households")),
            Field("rule_of_origin", Text("Norma o atto che la prevede", "Rule or act behind it"), "text"),
        ),
    ),
    RowsPart(
        "strategies",
        Text("Strategie e obiettivi", "Strategies and objectives"),
        Text("Obiettivo", "Objective"),
        Text("Nessun obiettivo del Comune", "No objective of the municipality"),
        (
            Field("objective", Text("Obiettivo, in parole", "Objective, in words"), "long"),
            Field(
                "figure",
                Text("Cifra del piano a cui mira", "Figure of the plan that it aims at"),
                "text",
                hint=Text(
                    "Se si può misurare: per esempio needing_works.", "If it can be measured: needing_works, say."
                ),
            ),
            Field("target", Text("Valore obiettivo", "Target")),
            Field("deadline_on", Text("Entro il", "By"), "day"),
            Field("responsible_office", Text("Ufficio responsabile", "Office in charge"), "text"),
        ),
    ),
)
_ONE_A_LINE: Final = Text(
    "Uno per riga, al massimo 200 caratteri; senza nomi né storie di persone.",
    "One a line, 200 characters at most; without names or stories of people.",
)
LINES: Final = (
    LinesPart(
        "services",
        Text("Servizi per l’abitare", "Housing services"),
        _ONE_A_LINE,
        Text("Nessun servizio", "No service"),
    ),
    LinesPart("criticalities", Text("Criticità", "Difficulties"), _ONE_A_LINE, Text("Nessuna", "None")),
)
FORECAST: Final = Text("Previsione per gli anni del triennio", "Forecast for the three years")
NEED_TITLE: Final = Text("Fabbisogno abitativo sul territorio", "Housing need of the territory")
SPLIT_TITLE: Final = Text("I nuclei per numero di componenti", "Households by size")
TITLES: Final = {
    "columns": Text("Colonne da a a k", "Columns a to k"),
    "forecast": FORECAST,
    "need": NEED_TITLE,
    **{part.name: part.title for part in (*ROWS, *LINES)},
}


def field_of(part: str, name: str) -> Field | None:
    """The field of that name in that part of a declaration."""
    every = {"columns": COLUMNS, "forecast": YEAR, "need": NEED, **{rows.name: rows.fields for rows in ROWS}}
    return next((field for field in every.get(part, ()) if field.name == name), None)


def cell_words(path: str) -> Iterator[Text]:
    """What a contested cell is called: its year where it has one, its field, its column."""
    part, _, name = path.rpartition("/")
    kind, _, year = part.partition("/")
    if year:
        yield Text(f"anno {year}", f"year {year}")
    if field := field_of(kind, name):
        yield field.label
        if field.letter:
            yield Text(f"colonna {field.letter}", f"column {field.letter}")
