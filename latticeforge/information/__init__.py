"""Information between series, in bits: how much one foretells of another, and what a whole adds to its parts.

Here: estimators of mutual information, transfer entropy and causal emergence, their errors and their significance.
Not here: graphs of what was found (``graphs``), and any claim of cause or motive: foretelling is not causing.

Importing this package compiles nothing; the first call of a compiled search takes a second or two, later processes
find its machine code on disk. Method, figures and limits: docs/method/information.md.
"""

from latticeforge.information.binned import binned_information, binned_transfer_entropy, entropy_bits
from latticeforge.information.conditional_emergence import ConditionalForms, conditional_forms
from latticeforge.information.emergence import Emergence, emergence
from latticeforge.information.estimate import Estimate
from latticeforge.information.gaussian import CopulaScreen, copula_transfers, gaussian_information
from latticeforge.information.gradient import SignFlip, TransferGradient, intentionality_gradient
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
from latticeforge.information.leads import Lead, Leads, find_leads
from latticeforge.information.macros import LinearMacro, learned_linear, principal_component, share_of_voice
from latticeforge.information.scan import LagScan, scan_lags
from latticeforge.information.sliding import SlidingTransferEntropy, sliding_transfer_entropy
from latticeforge.information.surrogates import (
    EffectiveTransfer,
    benjamini_yekutieli,
    circular_shifts,
    effective_transfer_entropy,
    shuffled_blocks,
)

__all__ = [
    "ConditionalForms",
    "CopulaScreen",
    "EffectiveTransfer",
    "Embedding",
    "Emergence",
    "Estimate",
    "LagScan",
    "Lead",
    "Leads",
    "LinearMacro",
    "SignFlip",
    "SlidingTransferEntropy",
    "TransferGradient",
    "TransferMatrix",
    "benjamini_yekutieli",
    "binned_information",
    "binned_transfer_entropy",
    "circular_shifts",
    "conditional_forms",
    "conditional_mutual_information",
    "copula_transfers",
    "effective_transfer_entropy",
    "emergence",
    "entropy_bits",
    "find_leads",
    "gaussian_information",
    "growing_k",
    "intentionality_gradient",
    "learned_linear",
    "local_transfer",
    "mutual_information",
    "principal_component",
    "ragwitz",
    "scan_lags",
    "share_of_voice",
    "shuffled_blocks",
    "sliding_transfer_entropy",
    "transfer_entropies",
    "transfer_entropy",
]
