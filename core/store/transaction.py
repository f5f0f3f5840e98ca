"""What one transaction reaches: the rows of every area, each made when it is first asked for."""

from __future__ import annotations

from functools import cached_property
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from core.store.audit_rows import AuditRows
from core.store.breach_rows import BreachRows
from core.store.bucket_rows import BucketRows, CursorRows
from core.store.capture_rows import CaptureRows
from core.store.claim_rows import ClaimRows
from core.store.closing_rows import ClosingRows
from core.store.decision_rows import DecisionRows
from core.store.driver_rows import DriverRows
from core.store.envelope_rows import EnvelopeRows
from core.store.estimate_rows import EstimateRows
from core.store.event_months import EventMonths
from core.store.export_rows import ExportRows
from core.store.forecast_rows import ForecastRows
from core.store.guard_rows import GuardRows
from core.store.home_rows import HomeRows
from core.store.hour_rows import HourRows
from core.store.invoice_rows import InvoiceRows
from core.store.journal import Journal
from core.store.leave_rows import LeaveRows
from core.store.meta_rows import MetaRows
from core.store.outbox import Outbox
from core.store.plan_rows import PlanRows
from core.store.price_rows import PriceRows
from core.store.proposal_rows import ProposalRows
from core.store.reconciliation_rows import ReconciliationRows, SignatureRows
from core.store.repricing_rows import RepricingRows
from core.store.request_rows import RequestRows
from core.store.response_rows import EscalationRows, GrantRows, PostureRows, TurnRows
from core.store.rollout_evidence_rows import RolloutEvidenceRows
from core.store.rollout_rows import RolloutRows
from core.store.series_rows import SeriesRows
from core.store.slot_rows import SlotRows
from core.store.source_days import SourceDays
from core.store.source_rows import SourceRows
from core.store.spend_rows import SpendRows
from core.store.tag_rows import TagRows
from core.store.telltale_rows import TelltaleRows
from core.store.workload_rows import WorkloadRows


class Transaction:
    """One open transaction and the rows reachable through it."""

    def __init__(self, connection: AsyncConnection, zone: ZoneInfo) -> None:
        self.connection = connection
        self.zone = zone

    @cached_property
    def meta(self) -> MetaRows:
        return MetaRows(self.connection)

    @cached_property
    def sources(self) -> SourceRows:
        return SourceRows(self.connection)

    @cached_property
    def claims(self) -> ClaimRows:
        return ClaimRows(self.connection)

    @cached_property
    def source_days(self) -> SourceDays:
        return SourceDays(self.connection)

    @cached_property
    def buckets(self) -> BucketRows:
        return BucketRows(self.connection)

    @cached_property
    def cursors(self) -> CursorRows:
        return CursorRows(self.connection)

    @cached_property
    def series(self) -> SeriesRows:
        return SeriesRows(self.connection)

    @cached_property
    def prices(self) -> PriceRows:
        return PriceRows(self.connection)

    @cached_property
    def journal(self) -> Journal:
        return Journal(self.connection)

    @cached_property
    def months(self) -> EventMonths:
        return EventMonths(self.connection)

    @cached_property
    def spend(self) -> SpendRows:
        return SpendRows(self.connection)

    @cached_property
    def drivers(self) -> DriverRows:
        return DriverRows(self.connection)

    @cached_property
    def plans(self) -> PlanRows:
        return PlanRows(self.connection)

    @cached_property
    def forecasts(self) -> ForecastRows:
        return ForecastRows(self.connection)

    @cached_property
    def workloads(self) -> WorkloadRows:
        return WorkloadRows(self.connection)

    @cached_property
    def tags(self) -> TagRows:
        return TagRows(self.connection)

    @cached_property
    def envelopes(self) -> EnvelopeRows:
        return EnvelopeRows(self.connection)

    @cached_property
    def hours(self) -> HourRows:
        return HourRows(self.connection)

    @cached_property
    def breaches(self) -> BreachRows:
        return BreachRows(self.connection)

    @cached_property
    def decisions(self) -> DecisionRows:
        return DecisionRows(self.connection)

    @cached_property
    def guard(self) -> GuardRows:
        return GuardRows(self.connection)

    @cached_property
    def requests(self) -> RequestRows:
        return RequestRows(self.connection)

    @cached_property
    def invoices(self) -> InvoiceRows:
        return InvoiceRows(self.connection)

    @cached_property
    def estimates(self) -> EstimateRows:
        return EstimateRows(self.connection)

    @cached_property
    def captures(self) -> CaptureRows:
        return CaptureRows(self.connection)

    @cached_property
    def telltale(self) -> TelltaleRows:
        return TelltaleRows(self.connection)

    @cached_property
    def repricing(self) -> RepricingRows:
        return RepricingRows(self.connection)

    @cached_property
    def reconciliations(self) -> ReconciliationRows:
        return ReconciliationRows(self.connection)

    @cached_property
    def signatures(self) -> SignatureRows:
        return SignatureRows(self.connection)

    @cached_property
    def rollouts(self) -> RolloutRows:
        return RolloutRows(self.connection)

    @cached_property
    def rollout_evidence(self) -> RolloutEvidenceRows:
        return RolloutEvidenceRows(self.connection)

    @cached_property
    def homes(self) -> HomeRows:
        return HomeRows(self.connection)

    @cached_property
    def postures(self) -> PostureRows:
        return PostureRows(self.connection)

    @cached_property
    def grants(self) -> GrantRows:
        return GrantRows(self.connection)

    @cached_property
    def escalations(self) -> EscalationRows:
        return EscalationRows(self.connection)

    @cached_property
    def leaves(self) -> LeaveRows:
        return LeaveRows(self.connection)

    @cached_property
    def turns(self) -> TurnRows:
        return TurnRows(self.connection)

    @cached_property
    def closings(self) -> ClosingRows:
        return ClosingRows(self.connection)

    @cached_property
    def exports(self) -> ExportRows:
        return ExportRows(self.connection)

    @cached_property
    def proposals(self) -> ProposalRows:
        return ProposalRows(self.connection)

    @cached_property
    def outbox(self) -> Outbox:
        return Outbox(self.connection)

    @cached_property
    def slots(self) -> SlotRows:
        return SlotRows(self.connection)

    @cached_property
    def audit(self) -> AuditRows:
        return AuditRows(self.connection)
