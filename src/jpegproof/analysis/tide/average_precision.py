"""Average precision of a list of answers, under any number of image weights at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jpegproof.analysis.tide.listing import Listing

Values = NDArray[np.float64]

_RECALLS = np.arange(101) / 100
_CHUNK_BYTES = 64_000_000


def average_precision(listing: Listing, weights: Values) -> Values:
    """Mean over classes of the average precision at one threshold: precision at 101 recalls, as COCO samples it.

    A class counts where there is an object to be found or an answer. As in tidecv, one that has answers and no object
    counts with 0; COCO leaves it out. A class whose objects are all in pictures that a resample happens to miss does
    not count in it: else rare classes would pull every resample below the data set itself. Where no class counts there
    is nothing to be found and nothing wrong, and the mean is 100.

    Args:
        listing: the answers.
        weights: (R, N) whole numbers, at least 0: how often each picture counts.

    Returns:
        (R,) in percent.

    Source: COCO's evaluation (cocodataset.org, Detection Evaluation; pycocotools' cocoeval.py).
    """
    labels = np.unique(np.concatenate([listing.label, listing.true_label]))
    order = np.lexsort((np.arange(len(listing.score)), -listing.score, listing.label))
    picture, right = listing.picture[order], listing.right[order]
    begins = np.searchsorted(listing.label[order], labels)
    ends = np.searchsorted(listing.label[order], labels, side="right")
    true_order = np.argsort(listing.true_label, kind="stable")
    true_picture, wanted = listing.true_picture[true_order], listing.wanted[true_order]
    true_begins = np.searchsorted(listing.true_label[true_order], labels)
    true_ends = np.searchsorted(listing.true_label[true_order], labels, side="right")

    longest = max((int(end - begin) for begin, end in zip(begins, ends, strict=True)), default=0)
    chunk = max(1, _CHUNK_BYTES // (8 * max(longest, 1)))
    means = []
    for at in range(0, len(weights), chunk):
        # Pictures first: a picture's weights lie side by side and are fetched at once.
        drawn = np.ascontiguousarray(weights[at : at + chunk].T)
        total, classes = np.zeros(drawn.shape[1]), np.zeros(drawn.shape[1])
        for begin, end, true_begin, true_end in zip(begins, ends, true_begins, true_ends, strict=True):
            objects = drawn[true_picture[true_begin:true_end]].sum(axis=0)
            to_find = drawn[true_picture[true_begin:true_end][wanted[true_begin:true_end]]].sum(axis=0)
            counts = to_find > 0
            if not counts.all():
                answered = drawn[picture[begin:end]][:, ~counts].any(axis=0)
                counts[~counts] = answered & ((objects[~counts] > 0) | (true_begin == true_end))
            classes += counts
            total += counts * _of_class(drawn, picture[begin:end], right[begin:end], to_find)
        means.append(np.divide(total, classes, out=np.full(len(total), 100.0), where=classes > 0))
    return np.concatenate(means) if means else np.zeros(0)


def _of_class(drawn: Values, picture: NDArray[np.int64], right: NDArray[np.bool_], objects: Values) -> Values:
    """(R,) average precision of one class in percent; 0 where it has no object.

    Precision can only peak at an answer that is right, and recall only rises there, so that nothing else has to be
    looked at than how many answers stand before each of these.
    """
    peaks = np.flatnonzero(right)
    if len(peaks) == 0:
        return np.zeros(drawn.shape[1])
    before = np.concatenate([[0], peaks[:-1] + 1])
    seen = np.add.reduceat(drawn[picture[: peaks[-1] + 1]], before, axis=0).cumsum(axis=0)
    hits = drawn[picture[peaks]].cumsum(axis=0)
    precision = np.divide(hits, seen, out=np.zeros_like(hits), where=seen > 0)
    best_from_here = np.maximum.accumulate(precision[::-1], axis=0)[::-1]
    recall = np.divide(hits, objects, out=np.zeros_like(hits), where=objects > 0)
    reached = np.searchsorted(_RECALLS, recall, side="right")
    newly_reached = np.diff(reached, axis=0, prepend=0)
    return (newly_reached * best_from_here).sum(axis=0) / len(_RECALLS) * 100 * (objects > 0)
