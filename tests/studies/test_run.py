"""Nothing is computed twice, and what is computed depends on nothing but what it names."""

from __future__ import annotations

import os
import shutil

import pytest
from PIL import Image
from small_study import HERE, make_pictures, prediction_files, run_here, study_spec

from jpegproof.exceptions import JpegproofError, ModelError, StoreError
from jpegproof.jpeg.tables import chroma_table, luma_table
from jpegproof.studies.engine import Hands
from jpegproof.studies.predictions import read_predictions
from jpegproof.studies.run import run_study
from jpegproof.studies.store import Store


def test_counters_equal_the_distinct_work_of_the_plan(tmp_path):
    run = run_here(study_spec(tmp_path, qualities=(10, 50, 90), corrector=True), tmp_path / "out")
    pictures, qualities = 6, 3
    assert run.tally.as_dict()["counts"] == {
        "read": pictures,
        "encode": pictures * qualities,
        "decode": pictures * qualities,
        "correct": pictures * qualities,
        # one input for the original, one for each quality with and without correction
        "prepare": pictures * (1 + 2 * qualities),
        "infer": pictures * (1 + 2 * qualities),
        "store": 1 + 2 * qualities,
    }


def test_models_with_the_same_preparation_share_their_inputs(tmp_path):
    twins = {name: {"from": "tiny_model.py:build", "arguments": {"seed": seed}} for seed, name in enumerate("ab")}
    counts = run_here(study_spec(tmp_path, models=twins), tmp_path / "out").tally.counts
    assert counts["prepare"] == 6 * 3
    assert counts["infer"] == 2 * counts["prepare"]
    assert counts["encode"] == 6 * 2


def test_a_finished_study_computes_nothing(tmp_path):
    spec = study_spec(tmp_path)
    run_here(spec, tmp_path / "out")
    again = run_here(spec, tmp_path / "out")
    assert again.computed == 0
    assert sum(again.tally.counts.values()) == 0


def test_adding_a_quality_computes_its_cells_only_and_not_the_originals_again(tmp_path):
    run_here(study_spec(tmp_path, qualities=(10,)), tmp_path / "out")
    before = prediction_files(tmp_path / "out")
    added = run_here(study_spec(tmp_path, qualities=(10, 50)), tmp_path / "out")
    assert (added.computed, added.tally.counts["encode"], added.tally.counts["infer"]) == (1, 6, 6)
    after = prediction_files(tmp_path / "out")
    assert before.items() <= after.items()


def test_adding_an_edge_computes_its_cells_only(tmp_path):
    run_here(study_spec(tmp_path), tmp_path / "out")
    added = run_here(study_spec(tmp_path, corrector=True), tmp_path / "out")
    assert added.computed == 2
    assert added.tally.counts["infer"] == 12


def test_added_cells_equal_those_of_a_study_that_had_them_from_the_start(tmp_path):
    run_here(study_spec(tmp_path, qualities=(10,)), tmp_path / "grown")
    run_here(study_spec(tmp_path, qualities=(10, 50), corrector=True), tmp_path / "grown")
    run_here(study_spec(tmp_path, qualities=(10, 50), corrector=True), tmp_path / "whole")
    assert prediction_files(tmp_path / "grown") == prediction_files(tmp_path / "whole")


def test_only_the_cells_whose_file_is_missing_are_made_again(tmp_path):
    spec, out = study_spec(tmp_path, corrector=True), tmp_path / "out"
    whole = prediction_files(out) if run_here(spec, out) else {}
    for name in list(whole)[::2]:
        (out / "predictions" / name[:2] / name).unlink()
    kept = {path: path.stat().st_mtime_ns for path in (out / "predictions").glob("*/*.parquet")}
    assert run_here(spec, out).computed == len(whole) - len(kept)
    assert prediction_files(out) == whole
    assert {path: path.stat().st_mtime_ns for path in kept} == kept


@pytest.mark.slow
def test_one_process_and_two_processes_give_the_same_files(tmp_path):
    spec = study_spec(tmp_path, corrector=True)
    make_pictures(tmp_path / "pictures", count=80)
    run_study(spec, tmp_path / "one", Hands("cpu", 1, 1), allow_code=True)
    run_study(spec, tmp_path / "two", Hands("cpu", 2, 1), allow_code=True)
    assert len(prediction_files(tmp_path / "one")) == 3 * 5
    assert prediction_files(tmp_path / "one") == prediction_files(tmp_path / "two")


@pytest.mark.slow
def test_a_mistake_in_a_worker_process_reaches_the_user_as_it_is(tmp_path):
    spec = study_spec(tmp_path, models={"tiny": {"from": "tiny_model.py:build", "arguments": {"classes": 7}}})
    make_pictures(tmp_path / "pictures", count=80)
    with pytest.raises(ModelError, match="3 classes but the model answers with 7"):
        run_study(spec, tmp_path / "out", Hands("cpu", 2, 1), allow_code=True)


def test_the_batch_size_does_not_change_the_names_of_cells(tmp_path):
    small = {"tiny": {"from": "tiny_model.py:build", "batch_size": 2}}
    run_here(study_spec(tmp_path), tmp_path / "out")
    assert run_here(study_spec(tmp_path, models=small), tmp_path / "out").computed == 0


def test_moving_or_touching_the_pictures_recomputes_nothing(tmp_path):
    run_here(study_spec(tmp_path), tmp_path / "out")
    shutil.move(tmp_path / "pictures", tmp_path / "elsewhere")
    for path in (tmp_path / "elsewhere").rglob("*.png"):
        os.utime(path, (1, 1))
    make_pictures(tmp_path / "pictures")  # so that the helper does not make them anew
    moved = study_spec(tmp_path, data={"pictures": {"path": "elsewhere"}})
    assert run_here(moved, tmp_path / "out").computed == 0


def test_a_changed_picture_recomputes_its_shard(tmp_path):
    spec = study_spec(tmp_path)
    run_here(spec, tmp_path / "out")
    path = next((tmp_path / "pictures").rglob("*.png"))
    Image.new("RGB", (50, 50), "red").save(path)
    assert run_here(spec, tmp_path / "out").computed == 3


@pytest.mark.parametrize(
    "changes",
    [
        {"models": {"tiny": {"from": "tiny_model.py:build", "arguments": {"seed": 1}}}},
        {"models": {"tiny": {"from": "tiny_model.py:build", "preparation": {"resize": 36}}}},
        {"compression": {"qualities": [10, 50], "subsampling": "4:4:4"}},
        {"compression": {"qualities": [10, 50], "stage": "input"}},
        {"compression": {"qualities": [10, 50], "progressive": True}},
    ],
)
def test_whatever_a_prediction_depends_on_changes_its_name(tmp_path, changes):
    run_here(study_spec(tmp_path), tmp_path / "out")
    jpeg_only = "compression" in changes
    assert run_here(study_spec(tmp_path, **changes), tmp_path / "out").computed == (2 if jpeg_only else 3)


def test_names_seeds_and_titles_change_nothing(tmp_path):
    run_here(study_spec(tmp_path), tmp_path / "out")
    renamed = study_spec(
        tmp_path,
        name="other",
        seed=7,
        models={"renamed": {"from": "tiny_model.py:build"}},
        data={"x": {"path": "pictures"}},
    )
    assert run_here(renamed, tmp_path / "out").computed == 0


def test_compressing_after_the_crop_compresses_the_crop(tmp_path):
    spec = study_spec(tmp_path, compression={"qualities": [10], "stage": "input"})
    run = run_here(spec, tmp_path / "out")
    (cell,) = [cell for cell in run.plan.cells if cell.compression == 1]
    table = read_predictions(Store(tmp_path / "out").get(cell.name), "here")
    from_crop = table.column("bytes").to_pylist()
    run_here(study_spec(tmp_path, qualities=(10,)), tmp_path / "source")
    (cell,) = [
        cell
        for cell in run_here(study_spec(tmp_path, qualities=(10,)), tmp_path / "source").plan.cells
        if cell.compression == 1
    ]
    from_source = read_predictions(Store(tmp_path / "source").get(cell.name), "here").column("bytes").to_pylist()
    assert all(crop < source for crop, source in zip(from_crop, from_source, strict=True))
    assert run.tally.counts["encode"] == 6


def test_a_picture_that_cannot_be_decoded_is_recorded_and_ends_nothing(tmp_path):
    spec = study_spec(tmp_path, corrector=True)
    broken = tmp_path / "pictures" / "class0" / "000.png"
    broken.write_bytes(broken.read_bytes()[:200])
    run = run_here(spec, tmp_path / "out")
    for cell in run.plan.cells:
        table = read_predictions(Store(tmp_path / "out").get(cell.name), "here")
        reasons = dict(zip(table["picture"].to_pylist(), table["skipped"].to_pylist(), strict=True))
        assert [name for name, reason in reasons.items() if reason] == ["class0/000.png"]
        assert table["top"].null_count == 1


def test_a_shard_without_any_usable_picture_is_recorded_too(tmp_path):
    spec = study_spec(tmp_path)
    for path in (tmp_path / "pictures").rglob("*.png"):
        path.write_bytes(b"no picture")
    run = run_here(spec, tmp_path / "out")
    table = read_predictions(Store(tmp_path / "out").get(run.plan.cells[-1].name), "here")
    assert table["skipped"].null_count == 0


def test_a_model_whose_answers_are_not_finite_has_them_recorded(tmp_path):
    file = tmp_path / "broken_model.py"
    file.write_text(
        "import torch\n"
        "class Broken(torch.nn.Module):\n"
        "    def forward(self, x):\n"
        "        return x.mean((2, 3)) / (x.mean() * 0)\n"
        "def build():\n"
        "    return Broken()\n"
    )
    spec = study_spec(tmp_path, models={"broken": {"from": "broken_model.py:build"}})
    run = run_here(spec, tmp_path / "out")
    table = read_predictions(Store(tmp_path / "out").get(run.plan.cells[0].name), "here")
    assert set(table["skipped"].to_pylist()) == {"the model's answer is not finite"}


def test_code_of_a_study_file_is_not_run_unasked(tmp_path):
    with pytest.raises(ModelError, match="--allow-code"):
        run_study(study_spec(tmp_path), tmp_path / "out", HERE)


def test_a_results_folder_that_cannot_be_made_is_a_clear_error(tmp_path):
    (tmp_path / "file").write_text("here is a file")
    with pytest.raises(StoreError, match="cannot be used as a results folder"):
        run_here(study_spec(tmp_path), tmp_path / "file" / "out")


def test_a_model_object_cannot_travel_to_other_processes(tmp_path):
    import torch

    from jpegproof import wrap

    with pytest.raises(JpegproofError, match="workers=1"):
        run_study(
            study_spec(tmp_path),
            tmp_path / "out",
            Hands("cpu", 2, 1),
            given={"tiny": wrap(torch.nn.Identity(), trial=False)},
        )


def test_left_over_parts_of_killed_writers_are_swept_and_living_ones_kept(tmp_path):
    store = Store(tmp_path)
    store.begin()
    parts = tmp_path / "predictions" / ".parts"
    dead, alive = parts / "ab.99999999.1234", parts / f"ab.{os.getpid()}.1234"
    dead.write_bytes(b"half")
    alive.write_bytes(b"half")
    store.begin()
    assert (dead.exists(), alive.exists()) == (False, True)


def test_a_prediction_file_is_written_once(tmp_path):
    store = Store(tmp_path)
    store.begin()
    assert store.put_once("ab" * 16, b"first")
    assert not store.put_once("ab" * 16, b"second")
    assert store.get("ab" * 16) == b"first"
    assert store.finished() == {"ab" * 16}


def test_own_quantisation_tables_take_the_place_of_qualities(tmp_path):
    luma, chroma = (tuple(table(30).ravel().tolist()) for table in (luma_table, chroma_table))
    own = run_here(study_spec(tmp_path, compression={"tables": [luma, chroma]}), tmp_path / "out")
    (cell,) = [cell for cell in own.plan.cells if cell.compression == 1]
    sizes = read_predictions(Store(tmp_path / "out").get(cell.name), "here").column("bytes").to_pylist()
    run = run_here(study_spec(tmp_path, qualities=(30,)), tmp_path / "out")
    (cell,) = [cell for cell in run.plan.cells if cell.compression == 1]
    assert sizes == read_predictions(Store(tmp_path / "out").get(cell.name), "here").column("bytes").to_pylist()
    assert own.plan.compressions[1].nominal_quality == 30


def test_a_picture_too_long_and_thin_for_the_model_is_recorded(tmp_path):
    study_spec(tmp_path)
    (tmp_path / "thin").mkdir()
    Image.new("L", (60_000, 1)).save(tmp_path / "thin" / "thin.png")
    Image.new("L", (60, 50)).save(tmp_path / "thin" / "usual.png")
    wide = {"tiny": {"from": "tiny_model.py:build", "preparation": {"resize": 256}}}
    for stage in ("source", "input"):
        compression = {"qualities": [10], "stage": stage}
        thin = study_spec(tmp_path, data={"thin": {"path": "thin"}}, models=wide, compression=compression)
        run = run_here(thin, tmp_path / stage)
        table = read_predictions(Store(tmp_path / stage).get(run.plan.cells[-1].name), "here")
        assert "would become 15360000x256" in table["skipped"].to_pylist()[0]
        assert table["skipped"].to_pylist()[1] is None


@pytest.mark.parametrize(
    ("forward", "words"),
    [
        ("raise ValueError('inner boom')", "failed on an input of shape .*ValueError: inner boom"),
        ("return x.new_zeros((len(x), 0))", "must answer"),
        ("self.n = getattr(self, 'n', 1) + 1; return x.new_zeros((len(x), self.n))", "varying number of classes"),
    ],
)
def test_a_model_that_misbehaves_is_a_clear_error(tmp_path, forward, words):
    (tmp_path / "odd_model.py").write_text(
        "import torch\n"
        "class Odd(torch.nn.Module):\n"
        "    def forward(self, x):\n"
        f"        {forward}\n"
        "def build():\n"
        "    return Odd()\n"
    )
    data = {"pictures": {"path": "pictures", "layout": "folder"}}
    spec = study_spec(tmp_path, data=data, models={"odd": {"from": "odd_model.py:build"}})
    with pytest.raises(ModelError, match=words):
        run_here(spec, tmp_path / "out")
