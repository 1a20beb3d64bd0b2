"""Sealed days in an S3-compatible store: a real HTTP server on loopback, our own client."""

from __future__ import annotations

import json
import logging
import urllib.request
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer
from typer.testing import CliRunner

from latticeforge.cli.snapshot import app
from latticeforge.model import DateStatus, Item, item_id_of
from latticeforge.store import Store
from latticeforge.store.landing import land_items
from latticeforge.store.places import S3Archive
from latticeforge.store.snapshot import (
    SnapshotFault,
    create_snapshot,
    read_manifest,
    snapshot_days,
    verify_archive,
    verify_snapshot,
)
from resources import SnapshotResource

DAY = date(2025, 1, 28)
NOON = datetime(2025, 1, 28, 12, tzinfo=UTC)
PLACE = "s3://newsroom/radar/days"


@pytest.fixture(scope="module")
def s3_url() -> Iterator[str]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # a line for each request otherwise
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(s3_url: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Another client's view of the empty bucket ``newsroom``."""
    keys = {"ACCESS_KEY_ID": "key", "SECRET_ACCESS_KEY": "secret", "REGION": "us-east-1", "ENDPOINT_URL": s3_url}
    for name, value in keys.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    urllib.request.urlopen(urllib.request.Request(f"{s3_url}/moto-api/reset", method="POST")).close()
    return boto3.resource("s3", region_name="us-east-1").create_bucket(Bucket="newsroom")


def stored(bucket: Any, name: str) -> Any:
    """One object of the day."""
    return bucket.Object(f"radar/days/2025-01-28/{name}")


def body(bucket: Any, name: str) -> bytes:
    """Its bytes."""
    return bytes(stored(bucket, name).get()["Body"].read())


def land(store: Store, title: str) -> None:
    item = Item(
        item_id=item_id_of("paper", title),
        source="paper",
        guid=title,
        title=title,
        summary="",
        url="",
        author="",
        published_at=NOON,
        updated_at=None,
        event_at=NOON,
        date_status=DateStatus.OK,
        first_seen_at=NOON,
    )
    with store.connection() as connection:
        land_items(connection, [item], None)


def test_a_day_in_s3_has_the_bytes_of_a_day_in_a_folder(store: Store, bucket: Any, tmp_path: Path) -> None:
    land(store, "Alpha")
    here, there = create_snapshot(store, DAY, tmp_path), create_snapshot(store, DAY, PLACE)
    assert here == there == create_snapshot(store, DAY, PLACE) == read_manifest(PLACE, DAY)
    for path in (tmp_path / DAY.isoformat()).iterdir():
        assert body(bucket, path.name) == path.read_bytes(), path.name
    assert verify_snapshot(PLACE, DAY) == []
    create_snapshot(store, DAY + timedelta(days=1), PLACE)
    assert snapshot_days(PLACE) == [DAY, DAY + timedelta(days=1)]
    assert verify_archive(PLACE) == {"2025-01-28": [], "2025-01-29": []}


def test_what_changes_in_s3_is_named(store: Store, bucket: Any) -> None:
    land(store, "Alpha")
    create_snapshot(store, DAY, PLACE)
    items = body(bucket, "landing.item.parquet")
    stored(bucket, "landing.item.parquet").put(Body=items[:-9] + b"x" + items[-8:])
    stored(bucket, "ops.gap.parquet").delete()
    stored(bucket, "extra.txt").put(Body=b"x")
    stored(bucket, "below/extra.txt").put(Body=b"x")
    problems = "\n".join(verify_snapshot(PLACE, DAY))
    assert "2025-01-28/landing.item.parquet: SHA-256 is" in problems
    assert "2025-01-28/ops.gap.parquet: missing" in problems
    assert "2025-01-28/extra.txt: not in the manifest" in problems
    assert "2025-01-28/below: not in the manifest" in problems


def test_a_day_without_its_manifest_is_not_sealed_and_is_finished_later(store: Store, bucket: Any) -> None:
    """An upload that was cut off: the manifest comes last, so no reader takes the rest for a day."""
    land(store, "Alpha")
    sealed = create_snapshot(store, DAY, PLACE)
    stored(bucket, "manifest.json").delete()
    stored(bucket, "ops.gap.parquet").put(Body=b"half a fi")
    assert verify_snapshot(PLACE, DAY) == ["2025-01-28/manifest.json is missing: is the day sealed?"]
    listed = CliRunner().invoke(app, ["list", "--from", PLACE])
    assert "2025-01-28  has files and no manifest" in listed.stdout
    with pytest.raises(SnapshotFault, match=r"2025-01-28/manifest\.json is missing"):
        create_snapshot(store, DAY + timedelta(days=1), PLACE)
    assert create_snapshot(store, DAY, PLACE) == sealed
    assert verify_snapshot(PLACE, DAY) == []


def test_the_manifest_is_the_last_thing_that_is_put(store: Store, bucket: Any) -> None:
    sealed = create_snapshot(store, DAY, PLACE)
    times = {o.key.rpartition("/")[2]: o.last_modified for o in bucket.objects.all()}
    assert set(times) == {f.name for f in sealed.files} | {"manifest.json", "ro-crate-metadata.json"}
    assert max(times.values()) == times["manifest.json"]


def test_of_two_who_seal_at_once_one_is_refused(store: Store, bucket: Any, tmp_path: Path) -> None:
    archive = S3Archive(PLACE)
    create_snapshot(store, DAY, tmp_path)
    prepared = tmp_path / DAY.isoformat()
    archive.publish(DAY, prepared)
    with pytest.raises(SnapshotFault, match="was sealed in s3://newsroom/radar/days by somebody else"):
        archive.publish(DAY, prepared)
    assert verify_snapshot(PLACE, DAY) == []


def test_the_commands_and_the_nightly_asset_take_the_place_from_the_setting(
    store: Store, database_url: str, bucket: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LF_HOME", str(tmp_path))
    monkeypatch.setenv("LF_DATABASE_URL", database_url)
    monkeypatch.setenv("LF_ARCHIVE", PLACE)
    land(store, "Alpha")
    run = CliRunner()
    created = run.invoke(app, ["create", "2025-01-28", "--json"])
    assert created.exit_code == 0, created.output
    assert json.loads(created.stdout)["archive"] == PLACE == SnapshotResource().archive.where
    assert run.invoke(app, ["verify"]).exit_code == 0
    assert json.loads(run.invoke(app, ["list", "--from", PLACE, "--json"]).stdout)[0]["day"] == "2025-01-28"
    assert run.invoke(app, ["diff", "2025-01-28"]).exit_code == 0
    proved = run.invoke(app, ["prove", item_id_of("paper", "Alpha"), "--day", "2025-01-28"])
    assert json.loads(proved.stdout)["day"] == "2025-01-28"


def test_a_key_that_climbs_out_of_its_day_is_refused(store: Store, bucket: Any) -> None:
    create_snapshot(store, DAY, PLACE)
    stored(bucket, "../../../../climbing").put(Body=b"x")
    [problem] = verify_snapshot(PLACE, DAY)
    assert problem.startswith(f"{PLACE}: ")
    assert "invalid path" in problem


def test_a_store_that_refuses_is_one_clear_line(bucket: Any) -> None:
    result = CliRunner().invoke(app, ["list", "--from", "s3://other-bucket"])
    assert result.exit_code == 1
    assert "s3://other-bucket: " in result.stderr
    assert "NoSuchBucket" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
