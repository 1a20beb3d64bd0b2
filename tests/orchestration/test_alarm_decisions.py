"""The night decides the alarms that are due, and says so in the catalogue."""

from __future__ import annotations

from datetime import UTC, datetime

import dagster as dg

from latticeforge.radar.alerts import Alert, save_alerts
from latticeforge.store import Store
from lf_assets.decisions import decisions
from resources import EncoderResource, StoreResource
from sensors.jobs import NIGHT_JOB

EVENT = datetime(2025, 1, 28, 14, tzinfo=UTC)


def test_the_night_decides_what_is_due(
    definitions: dg.Definitions, store: Store, database_url: str, encoders: EncoderResource
) -> None:
    decision = dg.AssetKey(["live", "decision"])
    assert decision in NIGHT_JOB.selection.resolve(definitions.resolve_asset_graph())
    alarm = Alert(
        "a", EVENT, "e1", "Clemency announced", EVENT, "drones", "Drones seen", EVENT, 6.0, 5.0, "likely", 0.8, 0.5,
        0.9, 0.1, 300.0, 50.0, 0.01, [], [], EVENT,
    )  # fmt: skip
    with store.connection() as connection:
        save_alerts(connection, [alarm])
    done = dg.materialize([decisions], resources={"store": StoreResource(url=database_url), "encoder": encoders})
    metadata = done.asset_materializations_for_node("live__decision")[0].metadata
    assert (metadata["confirmed"].value, metadata["withdrawn"].value) == (0, 1)
    assert "not fully collected" in str(metadata["decisions"].value)
    with store.connection() as connection:
        rows = connection.execute("select alert_id, decision from live.decision").fetchall()
    assert rows == [("a", "withdrawn")]
