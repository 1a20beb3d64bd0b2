"""What orchestration tests share: the definitions on a test's own database, an instance, a few hours of headlines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from latticeforge.embedding import Encoder
from latticeforge.model import CalendarEvent, Item
from latticeforge.store import Store
from latticeforge.store.landing import land_events, land_items
from lf_assets.definitions import build_defs
from resources import EncoderResource, SnapshotResource, StoreResource

NOON = datetime(2025, 1, 28, 12, tzinfo=UTC)


@pytest.fixture
def land(store: Store) -> Callable[[Sequence[Item]], None]:
    """Land items in the test's database, and a calendar entry at 13:17."""

    def landed(items: Sequence[Item]) -> None:
        at = NOON + timedelta(hours=1, minutes=17)
        with store.connection() as connection:
            land_items(connection, items, None)
            land_events(connection, [CalendarEvent("e1", "law", "Clemency announced", at, "law", 0.9, at)], None)

    return landed


@pytest.fixture(scope="session")
def encoders(tmp_path_factory: pytest.TempPathFactory) -> EncoderResource:
    """The encoder of the settings, prepared in a folder of this run."""
    return EncoderResource(models=str(tmp_path_factory.mktemp("models")))


@pytest.fixture
def encoder(encoders: EncoderResource) -> Encoder:
    """The encoder that the definitions use."""
    return encoders.encoder


@pytest.fixture
def definitions(database_url: str, tmp_path: Path, encoders: EncoderResource) -> dg.Definitions:
    """The definitions on the test's own database and folder."""
    return build_defs(
        {
            "store": StoreResource(url=database_url),
            "encoder": encoders,
            "snapshots": SnapshotResource(path=str(tmp_path / "snapshots")),
        }
    )


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    """A Dagster instance of the test's own."""
    with dg.DagsterInstance.ephemeral() as opened:
        yield opened


Run = Callable[..., dg.ExecuteInProcessResult]


@pytest.fixture
def run_hours(definitions: dg.Definitions, instance: dg.DagsterInstance) -> Run:
    """Run the hour job for hour keys from first to last."""

    def run(first: str, last: str | None = None, *, reason: str = "") -> dg.ExecuteInProcessResult:
        tags = {
            "dagster/asset_partition_range_start": first,
            "dagster/asset_partition_range_end": last or first,
            "latticeforge/reason": reason,
        }
        job = definitions.resolve_job_def("hour_job")
        quiet = {"loggers": {"console": {"config": {"log_level": "ERROR"}}}}
        return job.execute_in_process(instance=instance, tags=tags, run_config=quiet, raise_on_error=False)

    return run


@pytest.fixture
def wind_back(store: Store) -> Callable[[], None]:
    """As if the radar had written an hour ago what had landed an hour before, with a ledger that says so."""

    def wound() -> None:
        with store.connection() as c:
            c.execute("set local session_replication_role = replica")  # without the guards of landing and ledger
            c.execute("update landing.item set landed_at = landed_at - interval '2 hours'")
            c.execute("update landing.calendar_event set landed_at = landed_at - interval '2 hours'")
            c.execute("update core.generation set created_at = created_at - interval '1 hour'")
            c.execute("update ops.window set close_s = 0.01")
            c.execute("create temp table sealed on commit drop as select audit_id, at from ops.audit")
            c.execute("delete from core.ledger")
            c.execute("delete from ops.audit")
            for audit_id, at in c.execute("select audit_id, at from sealed order by at").fetchall():
                c.execute("select core.seal(%s, %s)", (audit_id, at))

    return wound
