"""Signals: how the streams stand, what warns, what moves together, what foretells what, what is believed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import polars as pl
import streamlit as st

from latticeforge.fusion import CONTESTED
from streamlit_app import queries
from streamlit_app.asking import signals as asking
from streamlit_app.database import Row
from streamlit_app.ui import components, figure, outside, signals_charts, text
from streamlit_app.ui.figure import AnyChart, Figure
from streamlit_app.ui.text import signals as words

PERIOD = timedelta(hours=24)
WARNINGS_TOLD = 8


def page() -> None:
    """Five questions about the last 24 hours, each with its chart."""
    st.header(words.HEADING, anchor=False)
    status = components.answered(queries.status)
    now = components.data_now(status) if status else None
    if status is None or now is None:
        return
    components.state_of_the_data(status)
    st.markdown(words.LEAD)
    end = queries.rounded(now)
    at = components.answered(lambda: [asking.newest(end - PERIOD, end)])
    if at is None:
        return
    if at[0] is None:
        st.info(words.NONE, icon=":material/hourglass_empty:")
        return
    newest = at[0]
    start, end = newest + timedelta(minutes=5) - PERIOD, newest + timedelta(minutes=5)
    st.caption(words.UNTIL.format(at=text.moment(end)))
    _streams(start, end, newest)
    _warnings(start, end, newest)
    _regimes(start, end)
    _graph(start, end)
    _beliefs(start, end)


def _figure(key: str, title: str, chart: AnyChart, data: pl.DataFrame, until: datetime, **said: Any) -> None:
    figure.show(
        Figure(key=key, title=title, chart=chart, data=data, until=until, page="signals", heading=False, **said)
    )


def _streams(start: datetime, end: datetime, newest: datetime) -> None:
    st.subheader(words.STREAMS, anchor=False)
    kinds = {title: kind for kind, title in words.KINDS.items()}
    shown = str(
        st.segmented_control(
            words.KIND, list(kinds), default=next(iter(kinds)), required=True, key="kind", bind="query-params"
        )
    )
    kind = kinds[shown]
    found = components.answered(lambda: asking.streams(start, end, kind))
    if found is None:
        return
    if found.is_empty():
        st.caption(text.EMPTY)
    else:
        clean = found.with_columns(components.cleaned("label"))
        clipped = clean.filter(pl.col("clipped").abs() > 0).sort(pl.col("clipped").abs(), descending=True)
        top = f"{clipped['label'][0]}, {text.moment(clipped['window_start'][0])}" if clipped.height else ""
        _figure(
            f"streams-{kind}",
            words.STREAMS,
            signals_charts.heat(clean),
            found,
            end,
            counts=words.STREAMS_COUNTS,
            interval=words.STREAMS_INTERVAL,
            spoken=words.STREAMS_SPOKEN.format(
                streams=clean["stream_id"].n_unique(), n=clipped.height, top=top or words.STREAMS_NOBODY
            ),
            view={"kind": shown},
            method="signals",
        )
    standing = components.answered(lambda: asking.standing(newest))
    if standing is not None and standing.height:
        st.markdown(f"**{words.STANDING}**")
        table = standing.with_columns(
            components.cleaned("label"),
            pl.col("kind").replace(words.KIND_NAMES),
            *(pl.col(c).cast(pl.Float64).round(1) for c in ("value", "usual", "score", "clipped")),
        )
        st.dataframe(table, hide_index=True, column_config=dict(words.STANDING_COLUMNS), alt=words.STANDING)


def _warnings(start: datetime, end: datetime, newest: datetime) -> None:
    st.subheader(words.WARNINGS, anchor=False)
    found = components.answered(lambda: asking.warnings(start, end))
    states = components.answered(lambda: asking.states(newest))
    if found is None or states is None:
        return
    if found.is_empty():
        st.caption(f":material/check_circle: {words.WARNINGS_NONE}")
    else:
        lead = pl.col("lead_minutes").cast(pl.Float64)
        clean = found.with_columns(
            components.cleaned("label"),
            lead_minutes=lead,
            jump_at=pl.col("raised_at") + pl.duration(seconds=(lead * 60).cast(pl.Int64)),
        )
        _figure(
            "warnings",
            words.WARNINGS,
            signals_charts.leads_in_time(clean),
            found,
            end,
            counts=words.WARNINGS_COUNTS,
            interval=words.WARNINGS_INTERVAL,
            spoken=words.WARNINGS_SPOKEN.format(n=found.height, jumped=clean["lead_minutes"].count()),
            method="signals",
        )
        st.markdown(components.bullets([_warning(row) for row in found.head(WARNINGS_TOLD).iter_rows(named=True)]))
    none = dict.fromkeys(("warning", "quiet", "sparse", "learning", "missing"), 0)
    st.caption(words.JUDGED.format(**(none | states)))


def _warning(row: Row) -> str:
    line = words.WARNING_OPEN if row["lead_minutes"] is None else words.WARNING_JUMPED
    return line.format(
        label=outside.markdown(row["label"], 80),
        since=text.clock(row["since_at"]),
        raised=text.clock(row["raised_at"]),
        lead=row["lead_minutes"],
        reason=row["reason"][:1].upper() + row["reason"][1:],
    )


def _regimes(start: datetime, end: datetime) -> None:
    st.subheader(words.REGIMES, anchor=False)
    found = components.answered(lambda: asking.regimes(start, end))
    if found is None or found.is_empty():
        return
    now = [rows.row(-1, named=True) for rows in found.partition_by("kind", maintain_order=True)]
    known = found.filter(pl.col("order_r").is_not_null())
    if known.height:
        clean = known.with_columns(
            *(pl.col(c).cast(pl.Float64) for c in ("order_r", "chance_r", "psi_bits")),
            name=pl.col("kind").replace(words.KINDS),
        )
        told = [
            words.REGIME_NEWEST.format(kind=words.KINDS[r["kind"]], order=r["order_r"], chance=r["chance_r"])
            for r in now
            if r["order_r"] is not None
        ]
        _figure(
            "regimes",
            words.REGIMES,
            signals_charts.order(clean),
            found,
            end,
            counts=words.REGIME_COUNTS,
            interval=words.REGIME_INTERVAL,
            spoken=words.REGIME_SPOKEN.format(
                kinds=" and ".join(clean["name"].unique(maintain_order=True)), newest="; ".join(told)
            ),
            method="signals",
        )
    st.markdown(components.bullets([_regime(row) for row in now]))


def _regime(row: Row) -> str:
    kind = words.KINDS[row["kind"]]
    if row["verdict"] is None:
        return words.REGIME_UNKNOWN.format(kind=kind)
    return words.REGIME_SAID.format(
        kind=kind,
        verdict=words.VERDICTS[row["verdict"]],
        psi=row["psi_bits"],
        order=row["order_r"],
        chance=row["chance_r"],
        streams=row["streams"],
    )


def _graph(start: datetime, end: datetime) -> None:
    st.subheader(words.GRAPH, anchor=False)
    tested = components.answered(lambda: asking.tests(start, end))
    if tested is None:
        return
    if not tested:
        st.caption(words.GRAPH_UNTESTED)
        return
    hours = {text.moment(row["at"] + timedelta(minutes=5)): row for row in tested}
    chosen = str(st.selectbox(words.HOUR, list(hours), key="hour", bind="query-params", required=True))
    figures = hours[chosen]
    at = figures["at"]
    links = components.answered(lambda: asking.leads(at))
    if links is None:
        return
    if links.is_empty():
        st.markdown(words.GRAPH_NONE.format(**figures))
    else:
        _links(links, figures, chosen)
    _hubs(at, start, end)


def _links(links: pl.DataFrame, tested: Row, hour: str) -> None:
    clean = links.with_columns(components.cleaned("source_label"), components.cleaned("target_label"))
    _figure(
        "leads",
        words.GRAPH,
        signals_charts.graph(clean, dark=st.context.theme.type == "dark"),
        links,
        tested["at"] + timedelta(minutes=5),
        counts=f"{words.GRAPH_COUNTS.format(**tested)} {words.GRAPH_NOT}",
        interval=words.GRAPH_INTERVAL,
        spoken=words.GRAPH_SPOKEN.format(n=links.height, at=hour),
        view={"hour": hour},
        method="signals",
    )
    lines = [
        words.LINK_LINE.format(
            source=outside.markdown(r["source_label"], 60),
            target=outside.markdown(r["target_label"], 60),
            lag=r["lag_minutes"],
            bits=r["bits"],
            low=r["bits_low"],
            high=r["bits_high"],
            q=r["q_value"],
        )
        for r in links.iter_rows(named=True)
    ]
    st.markdown(components.bullets(lines))


def _hubs(at: datetime, start: datetime, end: datetime) -> None:
    found = components.answered(lambda: asking.fragility(at))
    turns = components.answered(lambda: asking.turns(start, end))
    if found is None or turns is None:
        return
    if not found:
        st.caption(words.TOO_FEW_LINKS)
    for row in found:
        fragile = row["fragile"] and row["hub"]
        said = words.FRAGILE.format(hub=outside.markdown(row["hub"], 60)) if fragile else words.NOT_FRAGILE
        line = words.FRAGILE_FIGURES.format(
            said=said, value=row["value"], surrogates=row["surrogates"], low=row["chance_low"], high=row["chance_high"]
        )
        st.markdown(line)
    lines = [
        words.TURNS[row["kind"]].format(
            at=text.clock(row["window_start"] + timedelta(minutes=5)),
            before=outside.markdown(row["before"], 60),
            after=outside.markdown(row["after"], 60),
        )
        for row in turns
    ]
    if lines:
        st.markdown(components.bullets(lines))


def _beliefs(start: datetime, end: datetime) -> None:
    st.subheader(words.BELIEFS, anchor=False)
    found = components.answered(lambda: asking.beliefs(start, end))
    if found is None:
        return
    if found.is_empty():
        st.caption(words.BELIEFS_NONE)
        return
    named: dict[str, str] = {}
    for r in found.unique("statement_id", keep="first", maintain_order=True).iter_rows(named=True):
        said = f"{outside.plain(r['label'], 60)}, {text.clock(r['window_start'])}, {text.VERDICTS[r['verdict']]}"
        named[said if said not in named else f"{said} ({len(named)})"] = r["statement_id"]
    chosen = str(st.selectbox(words.STORY, list(named), key="link", bind="query-params", required=True))
    own = found.filter(pl.col("statement_id") == named[chosen])
    fused = own.filter(pl.col("detector") == "fused").row(0, named=True)
    shown = own.with_columns(
        pl.col("mass_distraction", "mass_organic", "mass_unknown").cast(pl.Float64),
        name=pl.col("detector").replace(words.DETECTORS),
    )
    k = fused["conflict_k"]
    _figure(
        "beliefs",
        words.BELIEFS,
        signals_charts.masses(shown),
        own,
        end,
        counts=words.BELIEF_COUNTS,
        interval=words.BELIEF_INTERVAL.format(
            belief=fused["mass_distraction"],
            plausible=fused["plausibility"],
            k=k,
            contested=words.CONTESTED if k > CONTESTED else "",
        ),
        spoken=words.BELIEF_SPOKEN.format(
            label=outside.plain(fused["label"], 80),
            belief=fused["mass_distraction"],
            organic=fused["mass_organic"],
            unknown=fused["mass_unknown"],
            k=k,
        ),
        view={"link": chosen},
        method="scores",
    )


page()
