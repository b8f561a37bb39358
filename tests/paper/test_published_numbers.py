"""The paper's numbers as the package keeps them."""

from __future__ import annotations

from collections import Counter
from importlib.resources import files

from outside_folders import outside_folder

from jpegproof.paper.networks import NETWORKS
from jpegproof.paper.published import TABLES, find_published, published_numbers, published_references


def test_every_number_of_the_five_tables_is_there():
    assert Counter(number.table for number in published_numbers()) == {1: 324, 2: 144, 3: 252, 4: 72, 5: 135}
    assert {number.model for number in published_numbers()} == set(NETWORKS)
    # Section D.3 leaves one out.
    assert set(NETWORKS) - set(published_references()) == {"ResNet50 + UPerNet"}


def test_a_number_is_found_by_its_place():
    found = find_published(5, "HRNetV2 + C1", "mIoU", "multihead_three", 30)
    assert found is not None
    assert (found.value, found.reference, found.task) == (39.39, 40.59, "segmentation")
    assert find_published(1, "ResNet-50", "top1", "none", 15) is None


def test_what_cannot_be_read_is_empty_and_never_a_number():
    unread = find_published(3, "ResNet50 (dilated) + PPM", "mIoU", "off_the_shelf", 40)
    assert unread is not None
    assert unread.value is None
    assert sum(number.value is None for number in published_numbers()) == 47
    assert all(number.value > 0 for number in published_numbers() if number.value is not None)


def test_the_tables_keep_the_references_that_they_print():
    apart = {
        number.model
        for number in published_numbers()
        if published_references().get(number.model, number.reference) != number.reference
    }
    assert apart == {"FasterRCNN", "Chai et al."}


def test_rows_that_two_tables_share_are_alike():
    firsts = {(n.model, n.mitigation, n.quality): n.value for n in published_numbers() if n.table != 5}
    shared = [n for n in published_numbers() if n.table == 5 and (n.model, n.mitigation, n.quality) in firsts]
    assert len(shared) == 80
    assert all(firsts[n.model, n.mitigation, n.quality] == n.value for n in shared)


def test_the_packages_files_are_those_that_were_handed_over():
    folder = outside_folder("paper", "JPEGPROOF_PAPER", "the paper's tables")
    for name in (*TABLES.values(), "reference_uncompressed.csv"):
        assert files("jpegproof.paper").joinpath(name).read_text() == (folder / name).read_text()
