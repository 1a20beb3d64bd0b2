"""Check that one item is in a sealed day of LatticeForge. Needs Python 3.9 or newer and nothing else.

    python check_proof.py proof.json ROOT

ROOT is the day's published Merkle root, 64 hexadecimal digits from a source you trust. Exit code 0: it is there.
The tree is that of RFC 6962: leaf = SHA-256(0x00 + data), node = SHA-256(0x01 + left + right).
"""

import hashlib
import json
import pathlib
import sys


def sha256(data):
    return hashlib.sha256(data).digest()


def root_over(leaf, index, size, siblings):
    """The root that the leaf and its siblings lead to (RFC 9162, section 2.1.3.2)."""
    if not 0 <= index < size:
        raise ValueError("the place is not in the tree")
    node, last, found = index, size - 1, sha256(b"\x00" + leaf.encode())
    for sibling in map(bytes.fromhex, siblings):
        if last == 0:
            raise ValueError("too many hashes")
        if node % 2 or node == last:
            found = sha256(b"\x01" + sibling + found)
            while node % 2 == 0 and node:
                node, last = node // 2, last // 2
        else:
            found = sha256(b"\x01" + found + sibling)
        node, last = node // 2, last // 2
    if last:
        raise ValueError("too few hashes")
    return found.hex()


def check(proof, root):
    """The proved row; ValueError says what does not hold."""
    entry = json.loads(proof["file"])
    if proof["format"] != "latticeforge-proof/1" or entry["table"] != "landing.item":
        raise ValueError("not a proof of an item that this script knows")
    if root_over(proof["row"], **proof["row_place"]) != entry["rows_root"]:
        raise ValueError("the row is not in the file")
    if root_over(proof["file"], **proof["file_place"]) != root.strip().lower():
        raise ValueError("the file is not under this root")
    return json.loads(proof["row"])


if __name__ == "__main__":
    try:
        row = check(json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")), sys.argv[2])
    except IndexError:
        sys.exit("usage: check_proof.py proof.json ROOT")
    except (OSError, KeyError, TypeError, ValueError) as error:
        sys.exit(f"NOT PROVED: {error}")
    sys.stdout.write(f"PROVED: {row['item_id']} of {row['source']}, seen {row['first_seen_at']}: {row['title']!a}\n")
