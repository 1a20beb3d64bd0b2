"""Every setting of LatticeForge, read from ``LF_*`` environment variables.

Here: names, defaults, units and meaning. Not here: anything that opens a file or a connection.
``docs/settings.md`` lists them all and a test compares the two.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import platformdirs
from pydantic import Field, PositiveFloat, PositiveInt
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Settings from the environment; each field ``x`` is the variable ``LF_X``."""

    model_config = SettingsConfigDict(env_prefix="LF_", extra="ignore", frozen=True)

    home: Path = Field(
        default_factory=lambda: Path(platformdirs.user_data_dir("latticeforge", appauthor=False)),
        description="Folder that holds all state: embedded server, model cache, snapshots, logs.",
    )
    database_url: str | None = Field(
        default=None, description="A Postgres server of your own (with pgvector); empty means the embedded one."
    )
    dashboard_database_url: str | None = Field(
        default=None,
        description="Where the dashboard reads, as lf_reader; empty means the database above, without a password.",
    )
    dashboard_port: PositiveInt = Field(default=8501, description="TCP port of the dashboard on 127.0.0.1.")
    dagster_port: PositiveInt = Field(default=3000, description="TCP port of the Dagster UI on 127.0.0.1.")
    allowed_lateness_s: PositiveFloat = Field(
        default=330.0,
        description="Seconds after its end during which a window waits for items; feeds are polled every 300 +- 5 %.",
    )
    feeds: Path | None = Field(default=None, description="A list of feeds like data/feeds.yaml; empty means that one.")
    calendars: tuple[str, ...] = Field(
        default=(), description='Political calendars, addresses or files (ICS or CSV), as JSON: ["politics.ics"].'
    )
    attention_url: str | None = Field(
        default=None, description="A counts API to poll every minute; its format is in latticeforge/sources/counts.py."
    )
    stream_url: str | None = Field(
        default=None, description="A Jetstream-like websocket of posts, e.g. wss://host/subscribe; empty means none."
    )
    spool_max_mb: PositiveInt = Field(
        default=512,
        description="Megabytes that may wait on disk while the database is away; past that, collecting waits too.",
    )
    encoder: str = Field(
        default="minilm-int8",
        description="Text encoder: minilm-int8 (fast), minilm-fp32, or the path of a sentence-transformers model.",
    )
    archive: str | None = Field(
        default=None,
        description="Where days are sealed: a folder, or s3://bucket/prefix; empty means snapshots in the home.",
    )
    first_day: date = Field(
        default=date(2021, 1, 1), description="First UTC day that the Dagster assets have partitions for."
    )

    @property
    def snapshots(self) -> Path:
        """Where days are sealed unless ``archive`` says otherwise."""
        return self.home / "snapshots"

    @property
    def sealed_days(self) -> str | Path:
        """Where days are sealed."""
        return self.archive or self.snapshots
