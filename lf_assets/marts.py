"""The marts, by dbt: each model an asset, each dbt test a check.

Here: how dbt's names become asset keys, and running dbt against our database. Not here: SQL (``dbt_project``).
"""

import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtCliResource, DbtProject, dbt_assets

from latticeforge.state_model import EVERY_ASSET
from latticeforge.store.marts import PROJECT_DIR, dbt_environment
from lf_assets.catalogue import DESK
from resources import StoreResource

_ASSET_OF_TABLE = {table.name: name for name, asset in EVERY_ASSET.items() for table in asset.tables}
_ASSET_OF_SOURCE = {
    **{table: ["core", asset] for table, asset in _ASSET_OF_TABLE.items()},
    "core.active": ["core", "distraction_scores"],
    "core.generation": ["core", "distraction_scores"],
    "core.embedding": ["core", "embeddings"],
    "core.narrative_chain": ["core", "narratives"],
    **{f"core.calendar_{name}": ["core", "calendar_link"] for name in ("analysis", "fan")},
    "ops.window": ["live", "windows"],
    "ops.sealed": ["archive", "daily_snapshot"],
    **{f"core.{name}": ["core", "distraction_scores"] for name in ("activation", "ledger", "removed")},
    **{
        f"ops.{name}": ["ops", "change"]
        for name in ("audit", "rollback", "withdrawal", "retention", "past", "unsealed")
    },
}


class MartsTranslator(DagsterDbtTranslator):
    """Models are ``marts/NAME``; a source is the asset that writes that table."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """The key of a model or a source."""
        name = str(dbt_resource_props["name"])
        if dbt_resource_props["resource_type"] != "source":
            return dg.AssetKey(["marts", name])
        schema = str(dbt_resource_props["schema"])
        return dg.AssetKey(_ASSET_OF_SOURCE.get(f"{schema}.{name}", [schema, name]))

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """The first part of the key."""
        return self.get_asset_key(dbt_resource_props).path[0]

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str]:
        """Who answers for the marts."""
        return [DESK]


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """dbt and its adapter read the process's environment and nothing else."""
    before = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _project() -> DbtProject:
    """The project, with a manifest newer than every file it was parsed from. A fresh clone has none yet."""
    project = DbtProject(PROJECT_DIR, profiles_dir=PROJECT_DIR)
    sources = [p for p in PROJECT_DIR.rglob("*") if p.suffix in (".sql", ".yml") and "target" not in p.parts]
    newest = max(p.stat().st_mtime for p in sources)
    if not project.manifest_path.exists() or project.manifest_path.stat().st_mtime < newest:
        # Parsing needs a profile, no database; dagster-dbt looks for dbt on PATH, where a virtual environment that
        # was not activated is not.
        path = os.pathsep.join([str(DBT.parent), os.environ.get("PATH", os.defpath)])
        with _environment(dbt_environment("postgresql://localhost/unused") | {"PATH": path}):
            project.preparer.prepare(project)
    return project


DBT = Path(sys.executable).parent / "dbt"  # of this interpreter's environment, whatever PATH says
PROJECT = _project()
# Several tables belong to one asset, so several dbt sources have the same key.
TRANSLATOR = MartsTranslator(DagsterDbtTranslatorSettings(enable_duplicate_source_asset_keys=True))


def dbt_resource() -> DbtCliResource:
    """dbt on our project and our profile."""
    return DbtCliResource(PROJECT, profiles_dir=str(PROJECT_DIR), dbt_executable=str(DBT))


@dbt_assets(manifest=PROJECT.manifest_path, project=PROJECT, dagster_dbt_translator=TRANSLATOR, name="marts")
def marts(context: dg.AssetExecutionContext, dbt: DbtCliResource, store: StoreResource) -> Iterator[Any]:
    """Build the selected models and run their tests."""
    with tempfile.TemporaryDirectory(prefix="latticeforge-dbt-") as scratch:
        with _environment(dbt_environment(store.store.url)):
            build = dbt.cli(["build"], context=context, target_path=Path(scratch))
        yield from build.stream()
