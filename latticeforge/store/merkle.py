"""Merkle trees over byte strings, as in RFC 6962 (Certificate Transparency), section 2.1.

Here: roots, inclusion proofs and their check. Not here: what the leaves are (``snapshot``).
Leaves and inner nodes are hashed with different first bytes, so that an inner node can never pass for a leaf.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

Hash = bytes  # 32 bytes of SHA-256


def leaf_hash(data: bytes) -> Hash:
    """SHA-256 of 0x00 and the data (32 bytes)."""
    return hashlib.sha256(b"\x00" + data).digest()


def root(leaves: Sequence[bytes]) -> Hash:
    """The root of the tree over ``leaves``, in their order; SHA-256 of nothing where there are none.

    >>> root([b"a"]) == leaf_hash(b"a")
    True
    """
    return _root([leaf_hash(leaf) for leaf in leaves])


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[Hash]:
    """The sibling hashes from leaf ``index`` up to the root: what someone needs who has this leaf and the root only.

    Raises:
        IndexError: there is no such leaf.
    """
    if not 0 <= index < len(leaves):
        raise IndexError(f"leaf {index} of a tree of {len(leaves)}")
    return _path([leaf_hash(leaf) for leaf in leaves], index)


def proves(leaf: bytes, index: int, size: int, proof: Sequence[Hash], expected_root: Hash) -> bool:
    """Whether ``proof`` shows that ``leaf`` is number ``index`` of the ``size`` leaves under ``expected_root``.

    The check of RFC 9162, section 2.1.3.2.

    >>> leaves = [b"a", b"b", b"c"]
    >>> proves(b"b", 1, 3, inclusion_proof(leaves, 1), root(leaves))
    True
    """
    if not 0 <= index < size:
        return False
    node, last, computed = index, size - 1, leaf_hash(leaf)
    for sibling in proof:
        if last == 0:
            return False
        if node % 2 or node == last:
            computed = _node_hash(sibling, computed)
            while node % 2 == 0 and node:
                node, last = node // 2, last // 2
        else:
            computed = _node_hash(computed, sibling)
        node, last = node // 2, last // 2
    return last == 0 and computed == expected_root


def _node_hash(left: Hash, right: Hash) -> Hash:
    return hashlib.sha256(b"\x01" + left + right).digest()


def _root(hashes: Sequence[Hash]) -> Hash:
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    split = _split(len(hashes))
    return _node_hash(_root(hashes[:split]), _root(hashes[split:]))


def _path(hashes: Sequence[Hash], index: int) -> list[Hash]:
    if len(hashes) == 1:
        return []
    split = _split(len(hashes))
    if index < split:
        return [*_path(hashes[:split], index), _root(hashes[split:])]
    return [*_path(hashes[split:], index - split), _root(hashes[:split])]


def _split(size: int) -> int:
    """The largest power of two below ``size``."""
    return 1 << ((size - 1).bit_length() - 1)
