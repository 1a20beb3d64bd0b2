"""The data dictionary is complete and current: checked against the database, the model and dbt's descriptions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from latticeforge.state_model import EVERY_ASSET
from latticeforge.store import Store
from latticeforge.store.dictionary import data_dictionary


def _sources(root: Path) -> dict[str, list[dict[str, Any]]]:
    files = sorted((root / "dbt_project" / "models" / "sources").glob("*.yml"))
    sources = [source for file in files for source in yaml.safe_load(file.read_text())["sources"]]
    return {f"{source['schema']}.{table['name']}": table["columns"] for source in sources for table in source["tables"]}


def test_the_page_is_what_the_descriptions_say(root: Path) -> None:
    written = (root / "docs" / "data-dictionary.md").read_text()
    assert written == data_dictionary(), (
        "write it again: python -m latticeforge.store.dictionary > docs/data-dictionary.md"
    )


def test_every_source_table_is_described_column_for_column(root: Path, store: Store) -> None:
    with store.connection() as connection:
        for table, columns in _sources(root).items():
            schema, name = table.split(".")
            there = connection.execute(
                "select column_name::text from information_schema.columns where table_schema = %s and table_name = %s",
                (schema, name),
            ).fetchall()
            described = [column["name"] for column in columns]
            # The store adds generation_id to what an asset computes.
            derived = table in {t.name for asset in EVERY_ASSET.values() for t in asset.tables}
            assert sorted(described + ["generation_id"] * derived) == sorted(row[0] for row in there), table
            assert all(column.get("description") for column in columns)


@pytest.mark.parametrize(
    "table", [table for asset in EVERY_ASSET.values() for table in asset.tables], ids=lambda t: t.name
)
def test_every_derived_table_of_the_model_is_in_it(root: Path, table: Any) -> None:
    assert [column["name"] for column in _sources(root)[table.name]] == list(table.columns)
