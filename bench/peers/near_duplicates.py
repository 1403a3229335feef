"""The peer of bench/near_duplicates: pairs of hashes that differ in at most 24 of 256 bits, by
FAISS where it is installed (IndexBinaryFlat.range_search), else by numpy. One thread. Prints a line
of JSON.

    python near_duplicates.py HASHES [numpy]
"""
import json
import sys
import time

import numpy as np

LIMIT = 24


def by_faiss(hashes):
    import faiss
    faiss.omp_set_num_threads(1)
    index = faiss.IndexBinaryFlat(256)
    index.add(hashes)
    pairs = 0
    for begin in range(0, len(hashes), 4096):
        limits, _, _ = index.range_search(hashes[begin:begin + 4096], LIMIT + 1)
        pairs += int(limits[-1])
    return (pairs - len(hashes)) // 2


def by_numpy(hashes):
    words = np.ascontiguousarray(hashes.view(np.uint64))
    pairs = 0
    for i in range(len(words) - 1):
        differing = np.bitwise_count(words[i + 1:] ^ words[i]).sum(axis=1, dtype=np.uint16)
        pairs += int(np.count_nonzero(differing <= LIMIT))
    return pairs


hashes = np.fromfile(sys.argv[1], np.uint8).reshape(-1, 32)
name = "numpy"
if sys.argv[2:] != ["numpy"]:
    try:
        import faiss
        name = "FAISS " + faiss.__version__
    except ImportError:
        pass
start = time.process_time()
pairs = by_numpy(hashes) if name == "numpy" else by_faiss(hashes)
print(json.dumps({"peer": name, "seconds": round(time.process_time() - start, 3), "pairs": pairs}))
