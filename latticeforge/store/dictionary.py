"""The data dictionary: every table and column, from the descriptions that dbt carries and the types of ``model``.

Here: turning those into one Markdown page. Not here: the descriptions (``dbt_project/models``).
``python -m latticeforge.store.dictionary > docs/data-dictionary.md`` writes it; a test compares the two.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from latticeforge.model import VECTOR
from latticeforge.state_model import EVERY_ASSET
from latticeforge.store.marts import PROJECT_DIR

_HEAD = """# Data dictionary

Written by `python -m latticeforge.store.dictionary`; change the descriptions in `dbt_project/models`, not here. All
times are UTC. A window is named by its start and holds `[start, start + 5 minutes)`.
"""
_SCHEMAS = ("landing", "core", "live", "ops")


def data_dictionary(project_dir: Path = PROJECT_DIR) -> str:
    """The page as Markdown: what the dashboard reads, then what it is made of."""
    marts = [model for path in _files(project_dir, "marts", "*") for model in _read(path)["models"]]
    parts = [_HEAD, "## marts: what the dashboard reads\n"]
    parts += ["\n".join(_table(model["name"], model, _types(model))) for model in marts]
    for schema in _SCHEMAS:
        sources = [_read(path)["sources"][0] for path in _files(project_dir, "sources", f"{schema}*")]
        parts.append(f"## {schema}: {_line(sources[0]['description'])}\n")
        tables = [table for source in sources for table in source["tables"]]
        parts += ["\n".join(_table(t["name"], t, _model_types(f"{schema}.{t['name']}"))) for t in tables]
    return "\n".join(parts)


def _files(project_dir: Path, folder: str, pattern: str) -> list[Path]:
    return sorted((project_dir / "models" / folder).glob(f"{pattern}.yml"), key=lambda path: path.stem)


def _table(name: str, described: dict[str, Any], types: dict[str, str]) -> Iterator[str]:
    yield f"### {name}\n\n{_line(described['description'])}\n"
    yield "| Column | Type | Meaning |\n| --- | --- | --- |" if types else "| Column | Meaning |\n| --- | --- |"
    for column in described["columns"]:
        kind = f" {types.get(column['name'], '')} |" if types else ""
        yield f"| `{column['name']}` |{kind} {_line(column['description'])} |"
    yield ""


def _types(model: dict[str, Any]) -> dict[str, str]:
    return {column["name"]: column["data_type"] for column in model["columns"]}


def _model_types(table: str) -> dict[str, str]:
    for asset in EVERY_ASSET.values():
        for known in asset.tables:
            if known.name == table:
                return {name: _type_name(kind) for name, kind in known.columns.items()}
    return {}


def _type_name(kind: Any) -> str:
    if kind == VECTOR:
        return "vector(384)"
    if isinstance(kind, pl.Datetime):
        return "timestamptz"
    if isinstance(kind, pl.List):
        return "text[]"
    return {pl.String: "text", pl.Binary: "bytea", pl.Boolean: "bool", pl.Int32: "int4", pl.Float64: "float8"}[kind]


def _line(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text())
    return found


if __name__ == "__main__":
    sys.stdout.write(data_dictionary())
