"""The sentences of problem details: one per HTTP status, one rule and remedy per kind of Pydantic error.

`{names}` are filled from the context Pydantic gives with an error (`{ge}`, `{max_length}`...) and its own `{message}`.
"""

from dataclasses import dataclass
from typing import Literal

Language = Literal["it", "en"]


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence in both languages of the product."""

    it: str
    en: str

    def filled(self, **values: object) -> "Text":
        return Text(self.it.format(**values), self.en.format(**values))

    def read_in(self, language: Language) -> str:
        return self.en if language == "en" else self.it


@dataclass(frozen=True, slots=True)
class StatusTexts:
    """What an HTTP status says when nobody has anything more precise to say."""

    code: str
    title: Text
    detail: Text


OTHER_STATUS = StatusTexts(
    "request-refused",
    Text("Richiesta rifiutata", "Request refused"),
    Text("La richiesta non può essere soddisfatta.", "The request cannot be served."),
)

STATUS_TEXTS: dict[int, StatusTexts] = {
    400: StatusTexts(
        "bad-request",
        Text("Richiesta non valida", "Bad request"),
        Text("La richiesta non è scritta correttamente.", "The request is not well formed."),
    ),
    401: StatusTexts(
        "sign-in-required",
        Text("Accesso necessario", "Sign-in required"),
        Text("Presentare un token di accesso valido.", "Present a valid access token."),
    ),
    403: StatusTexts(
        "not-allowed",
        Text("Operazione non consentita", "Not allowed"),
        Text("Il proprio ruolo non consente questa operazione.", "Your role does not allow this operation."),
    ),
    404: StatusTexts(
        "not-found",
        Text("Risorsa inesistente", "Not found"),
        Text("A questo indirizzo non c’è alcuna risorsa.", "There is no resource at this address."),
    ),
    405: StatusTexts(
        "method-not-allowed",
        Text("Metodo non ammesso", "Method not allowed"),
        Text("I metodi ammessi sono nell’intestazione Allow.", "The Allow header lists the accepted methods."),
    ),
    406: StatusTexts(
        "not-acceptable",
        Text("Formato non disponibile", "Not acceptable"),
        Text("Nessuno dei formati richiesti in Accept è disponibile.", "None of the formats in Accept is available."),
    ),
    409: StatusTexts(
        "conflict",
        Text("Conflitto", "Conflict"),
        Text("Lo stato della risorsa non lo consente.", "The state of the resource does not allow it."),
    ),
    412: StatusTexts(
        "precondition-failed",
        Text("Risorsa modificata nel frattempo", "Changed in the meantime"),
        Text("Rileggere la risorsa e riprovare con il nuovo ETag.", "Read the resource and retry with its new ETag."),
    ),
    413: StatusTexts(
        "content-too-large",
        Text("Contenuto troppo grande", "Content too large"),
        Text("Il corpo supera la dimensione ammessa.", "The body exceeds the accepted size."),
    ),
    415: StatusTexts(
        "unsupported-media-type",
        Text("Tipo di contenuto non ammesso", "Unsupported media type"),
        Text("Il tipo di contenuto inviato non è ammesso qui.", "The content type sent is not accepted here."),
    ),
    422: StatusTexts(
        "validation-failed",
        Text("Dati non validi", "Invalid data"),
        Text("La richiesta è corretta nella forma, non nei dati.", "The request is well formed, its data are not."),
    ),
    429: StatusTexts(
        "too-many-requests",
        Text("Troppe richieste", "Too many requests"),
        Text("Riprovare dopo l’attesa indicata da Retry-After.", "Try again after the time given by Retry-After."),
    ),
    500: StatusTexts(
        "internal-error",
        Text("Errore interno", "Internal error"),
        Text(
            "Qualcosa non ha funzionato. Segnalare il codice indicato in «instance».",
            "Something went wrong. Please report the identifier in 'instance'.",
        ),
    ),
    503: StatusTexts(
        "service-unavailable",
        Text("Servizio non disponibile", "Service unavailable"),
        Text("Riprovare più tardi.", "Try again later."),
    ),
}

Rule = tuple[Text, Text]

OTHER_RULE: Rule = (
    Text("Il valore non è ammesso ({message}).", "The value is not accepted ({message})."),
    Text("Correggere il valore.", "Correct the value."),
)

_WRITE_WITHIN_BOUNDS = Text("Indicare un valore entro il limite.", "Give a value within the limit.")

_OBJECT: Rule = (
    Text("Qui serve un oggetto JSON.", "A JSON object is needed here."),
    Text("Scrivere i campi tra parentesi graffe.", "Write the fields between braces."),
)
_INTEGER: Rule = (
    Text("Il valore deve essere un numero intero.", "The value must be a whole number."),
    Text("Scrivere solo cifre, senza decimali né separatori.", "Write digits only, no decimals or separators."),
)
_NUMBER: Rule = (
    Text("Il valore deve essere un numero finito.", "The value must be a finite number."),
    Text("Scrivere il numero con il punto decimale: 12.5.", "Write the number with a decimal point: 12.5."),
)
_DATE: Rule = (
    Text("Il valore deve essere una data del calendario.", "The value must be a calendar date."),
    Text("Scrivere anno-mese-giorno, senza ora: 2026-10-31.", "Write year-month-day, no time: 2026-10-31."),
)
_INSTANT: Rule = (
    Text("Il valore deve essere data e ora con fuso orario.", "The value must be a date and time with time zone."),
    Text("Scrivere, per esempio, 2026-10-31T09:30:00+01:00.", "Write, for example, 2026-10-31T09:30:00+01:00."),
)
_CHOICE: Rule = (
    Text("Il valore non è tra quelli ammessi.", "The value is not one of the accepted ones."),
    Text("Scegliere tra: {expected}.", "Choose one of: {expected}."),
)

RULES: dict[str, Rule] = {
    "missing": (
        Text("Il campo è obbligatorio.", "The field is required."),
        Text("Aggiungere il campo.", "Add the field."),
    ),
    "extra_forbidden": (
        Text("Il campo non è previsto.", "The field is not known."),
        Text("Togliere il campo o correggerne il nome.", "Remove the field or correct its name."),
    ),
    "string_type": (
        Text("Il valore deve essere un testo.", "The value must be text."),
        Text("Scrivere il valore tra virgolette.", "Write the value between quotation marks."),
    ),
    "string_pattern_mismatch": (
        Text("Il testo non ha la forma prevista.", "The text does not have the expected form."),
        Text("Seguire l’espressione regolare {pattern}", "Follow the regular expression {pattern}"),
    ),
    "string_too_long": (
        Text("Il testo supera {max_length} caratteri.", "The text exceeds {max_length} characters."),
        Text("Abbreviare il testo.", "Shorten the text."),
    ),
    "string_too_short": (
        Text("Il testo ha meno di {min_length} caratteri.", "The text has fewer than {min_length} characters."),
        Text("Completare il testo.", "Complete the text."),
    ),
    "too_long": (
        Text("L’elenco supera {max_length} elementi.", "The list exceeds {max_length} items."),
        Text("Dividere l’invio in più parti.", "Send the list in several parts."),
    ),
    "too_short": (
        Text("L’elenco ha meno di {min_length} elementi.", "The list has fewer than {min_length} items."),
        Text("Completare l’elenco.", "Complete the list."),
    ),
    "list_type": (
        Text("Qui serve un elenco JSON.", "A JSON array is needed here."),
        Text("Scrivere gli elementi tra parentesi quadre.", "Write the items between square brackets."),
    ),
    "bool_type": (
        Text("Il valore deve essere vero o falso.", "The value must be true or false."),
        Text("Scrivere true o false, senza virgolette.", "Write true or false, without quotation marks."),
    ),
    "greater_than_equal": (
        Text("Il valore deve essere almeno {ge}.", "The value must be at least {ge}."),
        _WRITE_WITHIN_BOUNDS,
    ),
    "greater_than": (
        Text("Il valore deve essere maggiore di {gt}.", "The value must be greater than {gt}."),
        _WRITE_WITHIN_BOUNDS,
    ),
    "less_than_equal": (
        Text("Il valore deve essere al massimo {le}.", "The value must be at most {le}."),
        _WRITE_WITHIN_BOUNDS,
    ),
    "less_than": (
        Text("Il valore deve essere minore di {lt}.", "The value must be less than {lt}."),
        _WRITE_WITHIN_BOUNDS,
    ),
    "decimal_max_places": (
        Text("Al massimo {decimal_places} decimali.", "At most {decimal_places} decimal places."),
        Text("Arrotondare il valore.", "Round the value."),
    ),
    "decimal_max_digits": (
        Text("Al massimo {max_digits} cifre in tutto.", "At most {max_digits} digits in all."),
        _WRITE_WITHIN_BOUNDS,
    ),
    "uuid_parsing": (
        Text("Il valore deve essere un UUID.", "The value must be a UUID."),
        Text("Copiare l’identificativo per intero.", "Copy the whole identifier."),
    ),
    "union_tag_invalid": (
        Text("Il tipo indicato in {discriminator} non esiste.", "The type given in {discriminator} does not exist."),
        Text("Scegliere tra: {expected_tags}.", "Choose one of: {expected_tags}."),
    ),
    "union_tag_not_found": (
        Text("Manca il tipo, da indicare in {discriminator}.", "The type is missing; give it in {discriminator}."),
        Text("Aggiungere il campo.", "Add the field."),
    ),
    **dict.fromkeys(("model_type", "model_attributes_type", "dict_type"), _OBJECT),
    **dict.fromkeys(("int_type", "int_parsing", "int_parsing_size", "int_from_float"), _INTEGER),
    **dict.fromkeys(("float_type", "float_parsing", "decimal_type", "decimal_parsing", "finite_number"), _NUMBER),
    **dict.fromkeys(("date_type", "date_parsing", "date_from_datetime_parsing", "date_from_datetime_inexact"), _DATE),
    **dict.fromkeys(
        (
            "datetime_type",
            "datetime_parsing",
            "datetime_from_date_parsing",
            "datetime_object_invalid",
            "timezone_aware",
        ),
        _INSTANT,
    ),
    **dict.fromkeys(("enum", "literal_error"), _CHOICE),
}
RULES["bool_parsing"] = RULES["bool_type"]
