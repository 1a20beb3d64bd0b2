"""Information between series, in bits: how much one foretells of another, and what a whole adds to its parts.

Here: estimators of mutual information, transfer entropy and causal emergence, their errors and their significance.
Not here: graphs of what was found (``graphs``), and any claim of cause or motive: foretelling is not causing.

Importing this package compiles nothing; the first call of a compiled search takes a second or two, later processes
find its machine code on disk. Method, figures and limits: docs/method/information.md.
"""

from latticeforge.information.estimate import Estimate
from latticeforge.information.ksg import (
    TransferMatrix,
    conditional_mutual_information,
    growing_k,
    local_transfer,
    mutual_information,
    transfer_entropies,
    transfer_entropy,
)
from latticeforge.information.lags import Embedding, ragwitz

__all__ = [
    "Embedding",
    "Estimate",
    "TransferMatrix",
    "conditional_mutual_information",
    "growing_k",
    "local_transfer",
    "mutual_information",
    "ragwitz",
    "transfer_entropies",
    "transfer_entropy",
]
