"""The signal library beside the usual ways: all rows, one JSON object a line. ``lf bench signals`` makes the table.

    python benchmarks/signals.py [--rounds 9]

Here: which rows there are and whose peer is not installed. Not here: the measurements (``*_rows``).
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import warnings
from dataclasses import asdict

import graph_rows
import information_rows
import signals_rows

PEERS = {  # module: name on the package index
    "ewstools": "ewstools",
    "infomeasure": "infomeasure",
    "pyds": "py_dempster_shafer",
    "igraph": "igraph",
    "rustworkx": "rustworkx",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    warnings.simplefilter("ignore")
    for group in (signals_rows, information_rows, graph_rows):
        for row in group.rows(rounds):
            print(json.dumps(asdict(row) | {"ratio": row.ratio}), flush=True)
    left_out = [name for module, name in PEERS.items() if importlib.util.find_spec(module) is None]
    print(json.dumps({"left_out": left_out, "live_share": signals_rows.live_share()}))


if __name__ == "__main__":
    main()
