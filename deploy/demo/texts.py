"""Texts of the plan for the demo: drawn from its figures, and saying that they are examples.

They claim nothing of the territory but what the plan's own figures say.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final, NamedTuple

from deploy.demo.client import AMBITO, Client
from shared.auth import Role
from shared.events import Office

EXAMPLE: Final = "Testo d’esempio: il patrimonio, le dichiarazioni e i casi di cui parla sono sintetici."


class Author(NamedTuple):
    """Chi scrive: an organisation, its role and its office."""

    organisation: str
    role: Role
    office: Office


LEAD: Final = Author("comune-019036", Role.LEAD, Office.HOUSING_OFFICE)
PARTNER: Final = Author("azienda-sociale", Role.TECHNICAL_PARTNER, Office.AREA_PLAN_OFFICE)
TEXTS: Final[dict[str, tuple[Author, str]]] = {
    "territorio": (
        PARTNER,
        """Nell’ambito vivono {{residenti}} persone, in media {{residenti_per_km2}} per km². Il capoluogo ne ha
{{residenti: Cremona}}; dopo Cremona il comune più popoloso è Soresina, con {{residenti: Soresina}} residenti.

Le esigenze dell’abitare non sono le stesse ovunque:

- a Cremona si trova gran parte del patrimonio pubblico: {{patrimonio: Cremona}} alloggi su {{patrimonio}};
- a Soresina gli alloggi sono {{patrimonio: Soresina}};
- nei comuni più piccoli gli alloggi sono pochi, e un solo rilascio cambia l’offerta di un anno.""",
    ),
    "dinamiche-territoriali": (
        PARTNER,
        """Dal {{anno_del_confronto_recente}} i residenti dell’ambito sono cambiati del
{{variazione_dei_residenti_nel_periodo_recente}}, dal {{anno_del_confronto_lungo}} del
{{variazione_dei_residenti_nel_periodo_lungo}}. Le famiglie sono, secondo una stima, {{famiglie}}.

Il piano si ricalcola a ogni comunicazione degli enti: le cifre di questo testo seguono quelle del piano.""",
    ),
    "sistema-socioeconomico": (
        PARTNER,
        """Il piano non ha ancora fonti proprie su lavoro e redditi. Tiene conto di ciò che i comuni dichiarano: le
domande, le condizioni di indigenza, gli sfratti. Da questi dati deriva il fabbisogno primario della parte 3, che per
l’intero ambito e per il triennio è di {{fabbisogno}} famiglie.""",
    ),
    "organizzazione-sociale": (
        PARTNER,
        """In questa sezione l’ufficio di piano descrive le associazioni, il terzo settore e le reti di vicinato che
accompagnano chi cerca casa o rischia di perderla. In questo esempio non ne nomina nessuna, per non attribuire a
organizzazioni vere un ruolo che non hanno detto di avere.""",
    ),
    "specificita-culturali": (
        PARTNER,
        """L’ambito unisce una città e comuni di pianura molto diversi per dimensione. In questa sezione si dice che
cosa li distingue, e come se ne tiene conto nello scegliere dove recuperare alloggi.""",
    ),
    "stili-di-vita": (
        PARTNER,
        """I residenti di 65 anni e più sono {{residenti_di_65_anni_e_piu}}, quelli di 75 anni e più
{{residenti_di_75_anni_e_piu}}: il {{quota_di_residenti_di_75_anni_e_piu}} della popolazione. L’indice di vecchiaia è
{{indice_di_vecchiaia}}, cioè altrettante persone anziane ogni cento fino a 14 anni.

Servono perciò alloggi piccoli e accessibili, senza rinunciare a quelli adatti alle famiglie numerose.""",
    ),
    "servizi": (
        PARTNER,
        """I servizi che ciascun comune ha dichiarato sono elencati in questa parte, con il nome di chi li dichiara.

## Servizi dell’abitare

Il patrimonio pubblico e sociale è di {{patrimonio}} alloggi, {{alloggi_assegnati_e_occupati}} dei quali assegnati e
occupati. I servizi transitori ne impegnano {{alloggi_assegnati_come_servizi_transitori}}.""",
    ),
    "criticita": (
        LEAD,
        """Le criticità che i numeri del piano mostrano sono tre:

- {{alloggi_inagibili_da_recuperare}} alloggi sono inagibili e da recuperare;
- {{alloggi_occupati_senza_titolo}} alloggi sono occupati senza titolo;
- dei {{patrimonio}} alloggi, oggi solo {{alloggi_liberi_assegnabili}} sono liberi e assegnabili.""",
    ),
    "potenzialita": (
        LEAD,
        """Nel triennio si libereranno {{alloggi_che_si_liberano}} alloggi, tra {{alloggi_che_si_liberano_minimo}} e
{{alloggi_che_si_liberano_massimo}}. Con lavori già in corso ce ne sono {{alloggi_con_lavori_in_corso}}, che possono
tornare all’offerta alla loro conclusione.""",
    ),
    "opportunita": (
        LEAD,
        """L’opportunità che si propone di sviluppare è un programma comune di recupero degli alloggi fermi, cominciando
da Cremona, dove quelli da recuperare sono {{alloggi_inagibili_da_recuperare: Cremona}}.""",
    ),
    "strategie": (
        LEAD,
        """Nel triennio saranno assegnabili {{supply.total}} alloggi, tra {{supply.low}} e {{supply.high}}:
{{supply.total.y1}} nel primo anno, {{supply.total.y2}} nel secondo e {{supply.total.y3}} nel terzo.

Per farli crescere il piano segue, in quest’ordine:

- assegnare subito gli alloggi già liberi, che oggi sono {{alloggi_liberi_assegnabili}};
- concludere nei tempi i lavori in corso, perché ogni slittamento toglie alloggi all’anno in cui erano attesi;
- recuperare gli alloggi inagibili che ne restituiscono di più a parità di spesa;
- offrire nello stato di fatto gli alloggi che chi li riceve può sistemare con poca spesa.""",
    ),
    "indirizzi-regionali": (
        LEAD,
        """Gli indirizzi regionali in vigore sono elencati in questa parte. Il piano li segue mettendo al primo posto
l’uso del patrimonio che c’è già, e misurando ogni obiettivo con un numero che si ricalcola da solo.""",
    ),
    "alienazioni": (
        LEAD,
        """Oggi sono in programma di alienazione {{alloggi_in_programma_di_alienazione}} alloggi, e
{{alloggi_valorizzati}} sono valorizzati. Non si aliena un alloggio che può tornare assegnabile nel triennio. I limiti
di legge e quanto ne resta stanno nella tabella di questa parte.""",
    ),
    "disagio-abitativo": (
        PARTNER,
        """La copertura del fabbisogno è l’offerta del triennio per ogni famiglia in condizione di bisogno: per l’intero
ambito è {{copertura}}. Dove è bassa si agisce prima, con i comuni interessati.

- Si incontrano le famiglie prima che perdano la casa.
- Si cercano alloggi in locazione temporanea, quando nessun alloggio pubblico è libero.""",
    ),
    "emergenza-abitativa": (
        PARTNER,
        """I casi di emergenza aperti nell’ambito sono {{casi_di_emergenza_abitativa_aperti}}. Le azioni che il piano
propone sono elencate in questa parte: derivano dai casi e dagli alloggi disponibili, in ordine di urgenza; a decidere
sono l’ente proprietario e il comune.

Per i servizi transitori sono riservati {{alloggi_riservati_ai_servizi_transitori}} alloggi.""",
    ),
    "accesso": (
        PARTNER,
        """Gli avvisi pubblici escono quando ci sono alloggi da assegnare: oggi gli alloggi in avviso sono
{{alloggi_in_avviso_pubblico}}. Chi fa domanda trova in questo piano quanti alloggi si attendono nel suo comune, e
quando.""",
    ),
    "mantenimento": (
        PARTNER,
        """Le misure dichiarate dai comuni per chi rischia di perdere la casa stanno nella tabella di questa parte, con
i nuclei che raggiungono e le risorse. I numeri inferiori a tre non si pubblicano.""",
    ),
}
"""By section; each ends by saying that it is an example."""


def markdown_of(section: str) -> str:
    return f"{TEXTS[section][1]}\n\n{EXAMPLE}"


async def send_texts(client: Client) -> None:
    """As the offices would write them, one after the other; waits until the plan has them."""
    for section, (author, _) in TEXTS.items():
        path = f"/plans/{AMBITO}/texts/{section}/revisions"
        text = {"markdown": markdown_of(section), "office": author.office, "revision": 0, "note": "prima stesura"}
        await client.ask(
            "POST", "planner", path, author.organisation, role=author.role, json=text, key=f"demo-text-{section}"
        )
    while any(item["revision"] == 0 for item in await _told(client)):
        await asyncio.sleep(0.05)


async def _told(client: Client) -> list[Any]:
    """Every section as the plan has heard of it."""
    found = await client.ask("GET", "planner", f"/plans/{AMBITO}/texts", LEAD.organisation, role=LEAD.role)
    return list(found["items"])
