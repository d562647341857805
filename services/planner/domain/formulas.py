"""How each figure of the plan is made: in plain words, where it is laid down, and which parameters it rests on."""

from __future__ import annotations

from typing import NamedTuple

from services.planner.domain.annual import SOURCES, ColumnSource
from services.planner.domain.labels import KIND_LABELS, LABELS, STATUS_FIGURES
from services.planner.domain.need.figures import FORMULAS as NEED


class Formula(NamedTuple):
    """`source` is the article or the project's document that lays it down; `counts`: homes, cases or declarations."""

    name: str
    text_it: str
    source: str
    parameters: tuple[str, ...] = ()
    counts: bool = False


FORECAST_SOURCE = "docs/forecast.md"
FORMULAS: dict[str, Formula] = {
    figure: Formula(
        "homes_in_state",
        f"Numero degli alloggi il cui ultimo stato noto è «{LABELS[figure].overall.removeprefix('Alloggi ')}».",
        "R.R. 4/2017, anagrafe regionale del patrimonio",
        counts=True,
    )
    for figure in (*STATUS_FIGURES.values(), "in_construction")
}
FORMULAS |= {
    "stock_total": Formula(
        "stock",
        "Numero degli alloggi in patrimonio, in qualunque stato: senza quelli in costruzione, alienati o demoliti.",
        "Comunicazione regionale 45 del 2 aprile 2019, colonna a",
        counts=True,
    ),
    "declared_assignable_total": Formula(
        "declared_assignable",
        "Alloggi assegnabili nell’anno dichiarati dal proprietario, nell’ultima revisione della sua dichiarazione.",
        "Comunicazione regionale 45 del 2 aprile 2019, colonna g",
        ("submission_deadline",),
        counts=True,
    ),
    **{
        f"adopted_{quantity}": Formula(
            "adopted",
            "Il dichiarato, se c’è, o la previsione, o «come l’anno prima» dove ha fatto meglio; oppure quello scelto.",
            "docs/forecast.md",
        )
        for quantity in ("turnover", "assignable")
    },
    "open_cases": Formula(
        "open_cases",
        "Casi di emergenza abitativa aperti dal comune e non ancora chiusi.",
        "L.R. 16/2016, art. 23 c. 13",
        counts=True,
    ),
    "emergency_actions": Formula(
        "emergency_actions",
        "Azioni proposte perché i casi aperti trovino casa: una causa per ciascuna, e con la causa finisce l’azione.",
        "L.R. 16/2016, art. 23 c. 13",
        ("sat_set_aside_share", "sat_baseline"),
    ),
}
NEED_SOURCE = "R.R. 4/2017, art. 3 c. 2 lett. c"
for _figure, _text in NEED.items():
    _parameters = ("backlog_clearance",) if _figure.startswith("need_yearly") else ()
    FORMULAS[_figure] = Formula(_figure, f"{_text[0].upper()}{_text[1:]}.", NEED_SOURCE, _parameters)
FORMULAS |= {
    f"need_{flow}{end}": FORMULAS[f"need_flow{end}"]
    for flow in ("arrivals", "departures")
    for end in ("", "_low", "_high")
}
FORMULAS |= {
    name: Formula("coverage", "Alloggi assegnabili nel triennio divisi per le famiglie in fabbisogno.", NEED_SOURCE)
    for name in ("coverage", "coverage_low", "coverage_high")
}
FORMULAS |= dict.fromkeys(("pressure_low", "pressure_high"), FORMULAS["pressure"])
FORMULAS |= dict.fromkeys(("pressure_first_rank", "pressure_last_rank"), FORMULAS["rank"])
for _what, _text in {
    "turnover": "Alloggi occupati che si libereranno: tasso di uscita dell’ambito, corretto per il comune, per gli "
    "alloggi occupati e i giorni che restano.",
    "assignable": "Alloggi liberi assegnabili, più quelli che si libereranno senza bisogno di lavori, più i lavori che "
    "si concluderanno.",
}.items():
    FORMULAS |= {
        f"{_what}_mean": Formula(_what, _text, FORECAST_SOURCE),
        f"{_what}_low": Formula(
            f"{_what}_low", f"{_text} Estremo inferiore: nove volte su dieci saranno almeno tanti.", FORECAST_SOURCE
        ),
        f"{_what}_high": Formula(
            f"{_what}_high", f"{_text} Estremo superiore: nove volte su dieci saranno al più tanti.", FORECAST_SOURCE
        ),
    }
COLUMNS_SOURCE = "Comunicazione regionale 45 del 2 aprile 2019"
COLUMN_TEXTS = {
    ColumnSource.COUNTED: "Alloggi del servizio in patrimonio alla data del piano, in qualunque stato: senza quelli in "
    "costruzione, alienati o demoliti.",
    ColumnSource.FORECAST: "Alloggi previsti, secondo la provenienza; g è la somma di c, d ed e previste.",
    ColumnSource.LAW: "Quota minima di legge; più in alto va solo il comune che lo dichiara.",
    ColumnSource.DECLARED_ONLY: "Solo dichiarato: nessun fatto lo dice e il piano non lo stima, quindi resta vuoto.",
    "sat_units": "Alloggi riservati o assegnati come servizi transitori alla data del piano.",
    "assigned_previous_year": "Alloggi assegnati con avviso nell’anno prima di quello in cui si dichiara, per quanto è "
    "noto; vuoto se quell’anno non è cominciato.",
}
"""By the column's source or, where it is counted in another way, by its name."""
for _name, _source in SOURCES.items():
    FORMULAS[f"column_{_name}"] = Formula(
        f"column_{_source.lower()}",
        COLUMN_TEXTS.get(_name, COLUMN_TEXTS[_source]),
        FORECAST_SOURCE if _source is ColumnSource.FORECAST else COLUMNS_SOURCE,
        ("indigence_share",) if _source is ColumnSource.LAW else (),
        counts=_source is ColumnSource.COUNTED,
    )
    FORMULAS[f"column_{_name}_declared"] = Formula(
        "column_declared",
        "Dichiarato dal proprietario: le colonne dell’anno o, finché mancano, la riga più recente del triennio; vuoto "
        "se non l’ha dichiarato.",
        COLUMNS_SOURCE,
        counts=True,
    )
FORMULAS |= dict.fromkeys(
    KIND_LABELS,
    Formula(
        "supply_by_kind",
        "La previsione del proprietario nel comune, divisa per classe dimensionale e servizio: ciò che si sa per "
        "classe resta com’è, il resto è diviso come gli alloggi da cui verrà. Le parti danno esattamente il totale.",
        FORECAST_SOURCE,
    ),
)
