"""What the pages call the life of a plan, in both languages; the sentences of its steps are Italian, as published."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeVar

from shared import lifecycle_wording as italian
from shared.events import ActKind, EditionKind, Office, Organ, PlanStatus
from shared.pages import spoken
from shared.problems import Text

K = TypeVar("K", bound=str)


def _with_english(words: Mapping[K, str], english: Mapping[K, str]) -> dict[K, Text]:
    """The Italian of documents and notices begins with a small letter, for it stands inside sentences."""
    return {key: Text(_capital(word), _capital(english[key])) for key, word in words.items()}


def _capital(word: str) -> str:
    return word[0].upper() + word[1:]


STATUSES: Final = _with_english(
    italian.STATUSES,
    {
        PlanStatus.COLLECTING: "data are being collected",
        PlanStatus.PROPOSED: "proposed, not approved",
        PlanStatus.SUBMITTED_TO_ASSEMBLY: "before the mayors' assembly, not approved",
        PlanStatus.APPROVED: "approved",
        PlanStatus.RETURNED: "returned, not approved",
        PlanStatus.TRANSMITTED_TO_REGION: "approved and sent to the region",
        PlanStatus.PUBLISHED: "approved and published",
        PlanStatus.SUPERSEDED: "superseded by a later edition",
    },
)
OFFICES: Final = _with_english(
    italian.OFFICES,
    {
        Office.MAYOR: "the mayor of the lead municipality",
        Office.HOUSING_OFFICE: "the housing office of the lead municipality",
        Office.AREA_PLAN_OFFICE: "the office of the area plan",
        Office.ASSEMBLY_SECRETARIAT: "the secretariat of the mayors’ assembly",
        Office.GENERAL_SECRETARIAT: "the general secretariat of the lead municipality",
    },
)
ORGANS: Final = _with_english(
    italian.ORGANS,
    {
        Organ.ASSEMBLY_OF_MAYORS: "assembly of mayors",
        Organ.MUNICIPAL_EXECUTIVE: "municipal executive",
        Organ.LEAD_OFFICE: "office of the lead municipality",
    },
)
ACTS: Final = _with_english(
    italian.ACTS,
    {
        ActKind.RESOLUTION: "resolution",
        ActKind.DETERMINATION: "determination",
        ActKind.MINUTES: "minutes",
        ActKind.NOTE: "note",
    },
)
KINDS: Final = {
    EditionKind.TRIENNIAL: Text("Piano triennale", "Three-year plan"),
    EditionKind.YEARLY_UPDATE: Text("Aggiornamento annuale", "Yearly update"),
    EditionKind.AMENDMENT: Text("Modifica", "Amendment"),
}
POINTS: Final = (
    "definisce il quadro conoscitivo del territorio di riferimento funzionale a predisporre strategie adeguate alle "
    "esigenze, alle diverse realtà e al rapido evolversi delle dinamiche territoriali;",
    "definisce il quadro ricognitivo e programmatorio dell’offerta abitativa in base all’indagine sul sistema "
    "socioeconomico e demografico della popolazione, anche attraverso l’analisi delle dinamiche e caratteristiche "
    "della popolazione, delle forme di organizzazione sociale, delle specificità culturali e tradizionali, degli "
    "stili di vita, del sistema dei servizi, delle criticità, delle potenzialità del territorio e delle opportunità "
    "che si intendono sviluppare;",
    "determina il fabbisogno abitativo primario da soddisfare;",
    "definisce la consistenza del patrimonio immobiliare destinato ai servizi abitativi pubblici e sociali rilevato "
    "attraverso l’anagrafe regionale del patrimonio, e quantifica le unità abitative destinate ai servizi abitativi "
    "pubblici e sociali che si prevede saranno disponibili nel triennio di riferimento in base al normale "
    "avvicendamento dei nuclei familiari e alla prevista conclusione dei lavori di nuova edificazione, "
    "ristrutturazione, recupero o riqualificazione di unità abitative;",
    "individua le strategie e gli obiettivi di sviluppo dell’offerta dei servizi abitativi pubblici e sociali, nel "
    "rispetto degli indirizzi strategici per lo sviluppo delle politiche abitative definiti dal piano regionale dei "
    "servizi abitativi di cui all’articolo 2, comma 3, della l.r. 16/2016, tenuto conto dei programmi per "
    "l’alienazione e la valorizzazione del patrimonio abitativo pubblico di cui all’articolo 28 della medesima l.r. "
    "16/2016;",
    "definisce le linee d’azione per il contenimento del disagio abitativo e per il contrasto dell’emergenza "
    "abitativa, ai sensi dell’articolo 23, comma 13, della l.r. 16/2016;",
    "definisce le linee d’azione per sostenere l’accesso e il mantenimento dell’abitazione in attuazione delle "
    "disposizioni di cui al titolo V della l.r. 16/2016.",
)
"""What a plan has to do (R.R. 4/2017, art. 3 c. 2), in the words in which the real one is announced."""


def said(words: Mapping[K, Text], key: K) -> str:
    return words[key].read_in(spoken().language)
