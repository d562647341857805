"""How often what happens to a home: yearly rates of each report by state. Assumed, tuned to published shares.

From a state a home leaves after an exponential wait; each rate is a competing hazard. What has a date of its own
(works, the end of a transitional assignment) is not here but in `lives`.
"""

from collections.abc import Mapping

from shared.events.units import (
    DeclaredUninhabitable,
    DisposalApproved,
    DisposalWithdrawn,
    InspectionOutcome,
    NoticeClosed,
    NoticePublished,
    Report,
    SatAssigned,
    TitleLost,
    UnitAssigned,
    UnitBartered,
    UnitCorrected,
    UnitDemolished,
    UnitInspected,
    UnitOccupiedWithoutTitle,
    UnitReleased,
    UnitReservedForSat,
    UnitSold,
    UnitStatus,
    UnitVacated,
    ValorisationEnded,
    Valorised,
    WorksKind,
    WorksScheduled,
    WorksStarted,
)

Rates = Mapping[type[Report], float]

YEARLY: Mapping[UnitStatus, Rates] = {
    UnitStatus.OCCUPIED: {UnitVacated: 0.04, TitleLost: 0.0015, DisposalApproved: 0.001, UnitCorrected: 0.05},
    UnitStatus.OCCUPIED_WITHOUT_TITLE: {UnitReleased: 0.5},
    UnitStatus.FREE_ASSIGNABLE: {
        NoticePublished: 2.4,
        UnitReservedForSat: 0.2,
        UnitOccupiedWithoutTitle: 0.04,
        DeclaredUninhabitable: 0.03,
        DisposalApproved: 0.02,
        Valorised: 0.02,
    },
    UnitStatus.FREE_STATE_OF_FACT: {
        WorksScheduled: 0.28,
        WorksStarted: 0.05,
        NoticePublished: 0.1,
        UnitOccupiedWithoutTitle: 0.03,
        DeclaredUninhabitable: 0.04,
        DisposalApproved: 0.025,
        Valorised: 0.003,
        UnitDemolished: 0.001,
    },
    UnitStatus.UNINHABITABLE: {
        WorksScheduled: 0.25,
        DisposalApproved: 0.06,
        UnitOccupiedWithoutTitle: 0.01,
        UnitDemolished: 0.01,
    },
    UnitStatus.IN_NOTICE: {UnitAssigned: 2.5, NoticeClosed: 0.9, UnitOccupiedWithoutTitle: 0.02},
    UnitStatus.RESERVED_SAT: {SatAssigned: 1.2, UnitOccupiedWithoutTitle: 0.03},
    UnitStatus.IN_DISPOSAL_PLAN: {UnitSold: 0.35, UnitBartered: 0.01, DisposalWithdrawn: 0.08},
    UnitStatus.VALORISED: {ValorisationEnded: 0.5},
}

AWAITING_INSPECTION: Rates = {UnitInspected: 12.0}
AWAITING_WORKS: Rates = {WorksStarted: 1.5}

FIRST_STATES: Mapping[UnitStatus, float] = {
    UnitStatus.OCCUPIED: 788,
    UnitStatus.OCCUPIED_WITHOUT_TITLE: 12,
    UnitStatus.FREE_ASSIGNABLE: 20,
    UnitStatus.FREE_STATE_OF_FACT: 110,
    UnitStatus.UNINHABITABLE: 35,
    UnitStatus.IN_WORKS: 30,
    UnitStatus.RESERVED_SAT: 5,
}
"""States at the window's start, in parts of a thousand."""

OUTCOMES: Mapping[InspectionOutcome, float] = {
    InspectionOutcome.ASSIGNABLE: 25,
    InspectionOutcome.STATE_OF_FACT: 58,
    InspectionOutcome.UNINHABITABLE: 17,
}
"""How homes come back, in percent: 57-95 % of vacant homes need works (Cremona province 2022, Pavia-Lodi 2023)."""

WORKS: Mapping[WorksKind, tuple[float, int, int, int, int]] = {
    WorksKind.ORDINARY_MAINTENANCE: (15, 90, 180, 3_000, 12_000),
    WorksKind.EXTRAORDINARY_MAINTENANCE: (55, 150, 360, 10_000, 35_000),
    WorksKind.RECOVERY: (15, 270, 540, 25_000, 60_000),
    WorksKind.RENOVATION: (15, 270, 600, 30_000, 80_000),
}
"""Works on existing homes: how common (percent), shortest and longest declared days, lowest and highest cost (EUR)."""
