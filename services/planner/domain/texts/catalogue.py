"""Which sections of the plan offices write themselves (R.R. 4/2017, art. 3 c. 2): parts 1, 2, 5, 6 and 7."""

from __future__ import annotations

from typing import Final, NamedTuple

from shared.problem_texts import Text


class TextSection(NamedTuple):
    """Sezione di testo: in which part it stands, and what is to be written there.

    It comes before the part's tables where it `leads`, else after them.
    """

    part: int
    code: str
    title: Text
    asked: Text
    leads: bool = False


SECTIONS: Final = (
    TextSection(
        1,
        "territorio",
        Text("Il territorio e le sue diverse realtà", "The territory and its different places"),
        Text(
            "Come è fatto l’ambito: città e paesi, collegamenti, realtà con esigenze diverse.",
            "What the ambito is like: town and villages, connections, places with different needs.",
        ),
    ),
    TextSection(
        1,
        "dinamiche-territoriali",
        Text("Le dinamiche territoriali", "How the territory changes"),
        Text(
            "Che cosa cambia, e quanto in fretta: abitanti, lavoro, edilizia.",
            "What changes and how fast: residents, work, building.",
        ),
    ),
    TextSection(
        2,
        "sistema-socioeconomico",
        Text("Il sistema socioeconomico", "Society and economy"),
        Text("Lavoro, redditi, mercato delle case e degli affitti.", "Work, incomes, the market of homes and rents."),
    ),
    TextSection(
        2,
        "organizzazione-sociale",
        Text("Le forme di organizzazione sociale", "Forms of social organisation"),
        Text(
            "Associazioni, terzo settore, reti di vicinato, parrocchie, sindacati degli inquilini.",
            "Associations, third sector, neighbours, parishes, tenants' unions.",
        ),
    ),
    TextSection(
        2,
        "specificita-culturali",
        Text("Le specificità culturali e tradizionali", "Culture and traditions"),
        Text("Che cosa distingue i luoghi e chi ci vive.", "What is particular to the places and who lives there."),
    ),
    TextSection(
        2,
        "stili-di-vita",
        Text("Gli stili di vita", "Ways of life"),
        Text("Come si abita: età, famiglie, mobilità, coabitazioni.", "How people live: ages, families, mobility."),
    ),
    TextSection(
        2,
        "servizi",
        Text("Il sistema dei servizi", "The system of services"),
        Text("I servizi sociali, sanitari, di trasporto e dell’abitare.", "Social, health, transport services."),
    ),
    TextSection(
        2,
        "criticita",
        Text("Le criticità", "Criticalities"),
        Text("Che cosa non funziona, e dove.", "What does not work, and where."),
    ),
    TextSection(
        2,
        "potenzialita",
        Text("Le potenzialità del territorio", "Potentials of the territory"),
        Text("Su che cosa si può contare.", "What can be relied on."),
    ),
    TextSection(
        2,
        "opportunita",
        Text("Le opportunità da sviluppare", "Opportunities to develop"),
        Text("Che cosa si intende sviluppare nel triennio.", "What is to be developed in the three years."),
    ),
    TextSection(
        5,
        "strategie",
        Text("Le strategie di sviluppo dell’offerta", "Strategies for the supply"),
        Text("Come si vuole far crescere l’offerta, e in quale ordine.", "How the supply is to grow, in which order."),
        leads=True,
    ),
    TextSection(
        5,
        "indirizzi-regionali",
        Text("Il rispetto degli indirizzi regionali", "Consistency with the regional plan"),
        Text(
            "Come il piano segue il piano regionale dei servizi abitativi (L.R. 16/2016, art. 2 c. 3).",
            "How the plan follows the regional plan of housing services (L.R. 16/2016, art. 2(3)).",
        ),
        leads=True,
    ),
    TextSection(
        5,
        "alienazioni",
        Text("I criteri per alienare e valorizzare", "Criteria of disposals"),
        Text(
            "Come si è tenuto conto dei programmi di alienazione e valorizzazione (L.R. 16/2016, art. 28).",
            "How the programmes of disposal were taken into account (L.R. 16/2016, art. 28).",
        ),
        leads=True,
    ),
    TextSection(
        6,
        "disagio-abitativo",
        Text("Contenere il disagio abitativo", "Containing housing distress"),
        Text("Le linee d’azione per prevenire e contenere il disagio.", "Lines of action against housing distress."),
        leads=True,
    ),
    TextSection(
        6,
        "emergenza-abitativa",
        Text("Contrastare l’emergenza abitativa", "Acting in housing emergencies"),
        Text(
            "Le linee d’azione per l’emergenza (L.R. 16/2016, art. 23 c. 13).",
            "Lines of action in emergencies (L.R. 16/2016, art. 23(13)).",
        ),
        leads=True,
    ),
    TextSection(
        7,
        "accesso",
        Text("Sostenere l’accesso all’abitazione", "Support in getting a home"),
        Text("Le linee d’azione per trovare casa (L.R. 16/2016, titolo V).", "Lines of action for getting a home."),
    ),
    TextSection(
        7,
        "mantenimento",
        Text("Sostenere il mantenimento dell’abitazione", "Support in keeping a home"),
        Text("Le linee d’azione per non perdere la casa (L.R. 16/2016, titolo V).", "Lines of action for keeping it."),
    ),
)
"""In the order of the document."""
BY_CODE: Final = {section.code: section for section in SECTIONS}


def sections_of(part: int) -> tuple[TextSection, ...]:
    return tuple(section for section in SECTIONS if section.part == part)
