"""``lf bench encode``: speed and faithfulness of the fast encoder.

Here: options and one table. Not here: measuring (``embedding.quality``).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from latticeforge.cli.output import BAD_INPUT, fail, load_settings, out, print_json

if TYPE_CHECKING:
    from rich.table import Table

    from latticeforge.embedding.quality import EncodeReport

_FEWEST = 50
_MOST = 50_000


def bench_encode(
    texts: Annotated[int, typer.Option(help="How many invented headlines to encode.")] = 2000,
    save: Annotated[Path | None, typer.Option(help="Also write the figures to this JSON file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Measure the fast encoder against plain fp32 sentence-transformers.

    Example: [bold]lf bench encode --texts 2000[/]
    """
    from dataclasses import asdict

    from latticeforge.embedding.faults import EncoderFault
    from latticeforge.embedding.headlines import invented_headlines
    from latticeforge.embedding.quality import measure

    if not _FEWEST <= texts <= _MOST:
        fail(f"--texts {texts} is not between {_FEWEST} and {_MOST}", BAD_INPUT)
    if save is not None and not save.parent.is_dir():
        fail(f"no folder {save.parent} to write {save.name} into; make it first", BAD_INPUT)
    try:
        report = measure(invented_headlines(texts), load_settings().home / "models")
    except EncoderFault as error:
        fail(str(error))
    figures = {**asdict(report), "met": report.met()}
    if save is not None:
        _write(save, figures)
    if as_json:
        print_json(figures)
    else:
        out.print(encode_table(report))


def encode_table(report: EncodeReport) -> Table:
    """The figures of one measurement as a table."""
    from rich.table import Table

    table = Table("what", "measured", "promised", title=f"Encoder {report.encoder}")
    if report.machine_load > 1.5 * report.threads:  # torch waits for its slower thread, so a busy machine flatters us
        table.caption = "the machine is busy with other work: rates and ratio are not those of an idle one"
    table.add_row("plain fp32 sentence-transformers", f"{report.fp32_per_s:,.0f} texts/s", "")
    table.add_row("fast form", f"{report.fast_per_s:,.0f} texts/s", "")
    table.add_row("ratio (median of rounds)", f"{report.ratio:.2f}", ">= 3.5")
    table.add_row("cosine with fp32, mean / lowest", f"{report.cosine_mean:.4f} / {report.cosine_min:.4f}", ">= 0.995")
    table.add_row("top-10 neighbours shared", f"{report.neighbour_overlap:.3f}", ">= 0.95")
    table.add_row("size, fp32 / fast", f"{report.fp32_mb:.0f} / {report.fast_mb:.0f} MB", "")
    table.add_row("loading the prepared form", f"{report.load_s:.2f} s", "")
    table.add_row("texts, mean length", f"{report.texts:,}, {report.tokens_mean:.1f} tokens", "")
    table.add_row("limit: 4 x the fp32 matrix rate", f"{report.limit_per_s:,.0f} texts/s", "")
    table.add_row("  of which reached", f"{report.of_limit:.0%}", "")
    table.add_row("processor", f"{report.cpu}, {report.threads} threads, load {report.machine_load:.1f}", "")
    return table


def _write(path: Path, figures: dict[str, object]) -> None:
    import json

    path.write_text(json.dumps(figures, indent=2) + "\n")
