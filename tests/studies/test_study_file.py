"""A study file is checked whole before anything starts, and each mistake is named where it stands."""

from __future__ import annotations

import textwrap

import pytest
import yaml
from small_study import study_content, study_spec

from jpegproof.exceptions import StudyFileError
from jpegproof.studies.qualities import parse_qualities
from jpegproof.studies.spec import StudySpec
from jpegproof.studies.study_file import dump_study, load_study, with_absolute_paths


def mistakes(tmp_path, text: str) -> list[str]:
    """The lines of the error, one per mistake."""
    file = tmp_path / "study.yaml"
    file.write_text(textwrap.dedent(text))
    with pytest.raises(StudyFileError) as caught:
        load_study(file)
    return str(caught.value).splitlines()[1:] or [str(caught.value)]


def test_five_mistakes_are_told_at_once_each_with_line_place_and_nearest_name(tmp_path):
    study_content(tmp_path)
    found = mistakes(
        tmp_path,
        """\
        name: five mistakes
        data:
          pictures: {path: pictuers}
        models:
          tiny:
            from: torchvision:squeezenet1_2
            wieghts: random
        compression:
          qualities: [10, 955]
        mitigations:
          - none
          - {mitigation: off_the_shelv, corrector: dncnn}
        """,
    )
    text = "\n".join(found)
    for line, place, words in (
        (3, "data.pictures.path", "there is no such folder"),
        (6, "models.tiny.from", "Did you mean 'squeezenet1_"),
        (7, "models.tiny.wieghts", "Did you mean 'weights'?"),
        (9, "compression.qualities", "955 is not a libjpeg quality"),
        (12, "mitigations[1].mitigation", "Did you mean 'off_the_shelf'?"),
    ):
        (own,) = [entry for entry in found if f"{place}:" in entry]
        assert f"study.yaml, line {line}, " in own, text
        assert words in own, text
    # The corrector that is not defined is a sixth one, and nothing else is reported.
    assert len(found) == 6, text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("name: [", "line 1: is not valid YAML"),
        ("name: a\nname: b\n", "line 2, name: stands on line 1 already"),
        ("- a list\n", "Input should be"),
        ("name: x\ndata: {a: &x {path: .}, b: *x}\n", "aliases"),
        ("name: x\ndata: {a: {path: .}}\nmodels: {m: {from: resnet50}}\n", "'resnet50' is not known"),
        ("name: x\ndata: {a: {path: .}}\nmodels: {m: {from: 'torchvison:resnet50'}}\n", "'torchvision:resnet50'"),
        ("name: x\ndata: {a: {path: .}}\nmodels: {m: {from: 'no/such.py:f'}}\n", "there is no such file"),
        (
            "name: x\ndata: {a: {path: .}, b: {path: .}}\nmodels: {m: {from: 'ast:parse'}}\n",
            "add data: one of a, b",
        ),
        (
            "name: x\ndata: {a: {path: .}}\nmodels: {m: {from: 'ast:parse', data: aa}}\n",
            "data set 'aa' is not defined",
        ),
        ("name: x\ndata: {a: {world: tset}}\nmodels: {m: {from: 'ast:parse'}}\n", "Did you mean 'test'?"),
        ("name: x\ndata: {a: {path: .}}\nmodels: {m: {from: 'ade20k:resnet50-upernets'}}\n", "'resnet50-upernet'"),
        ("name: x\ndata: {a: {path: .}}\nmodels: {m: {from: 'forensics:cnndetections'}}\n", "'cnndetection'"),
        ("name: x\ndata: {a: {path: .}}\nmodels: {m: {from: 'smp:Unett'}}\n", "Did you mean 'Unet'"),
        ("name: x\ndata: {a: {path: .}}\nmodels: {m: {from: 'torchvision:fcn_resnet5'}}\n", "'fcn_resnet50'"),
        ("name: ../x\ndata: {a: {path: .}}\nmodels: {m: {from: 'ast:parse'}}\n", "is no name"),
    ],
)
def test_a_mistake_is_told_in_words(tmp_path, text, words):
    assert words in "\n".join(mistakes(tmp_path, text))


def test_a_missing_file_and_a_binary_file_are_told(tmp_path):
    with pytest.raises(StudyFileError, match="check the path"):
        load_study(tmp_path / "nothing.yaml")
    (tmp_path / "binary.yaml").write_bytes(bytes(range(256)))
    with pytest.raises(StudyFileError, match="not UTF-8"):
        load_study(tmp_path / "binary.yaml")


def test_a_resolved_study_means_the_same_when_read_again(tmp_path):
    spec = study_spec(tmp_path, corrector=True)
    (tmp_path / "elsewhere").mkdir()
    resolved = tmp_path / "elsewhere" / "study.yaml"
    resolved.write_text(dump_study(spec))
    again = load_study(resolved)
    assert again.model_dump(exclude={"root"}) == spec.model_dump(exclude={"root"})


def test_a_resolved_study_of_own_tables_reads_back(tmp_path):
    content = {**study_content(tmp_path), "compression": {"tables": [[40] * 64]}}
    spec = with_absolute_paths(StudySpec.model_validate(content), tmp_path)
    file = tmp_path / "resolved.yaml"
    file.write_text(dump_study(spec))
    assert load_study(file) == spec


def test_paths_begin_at_the_study_files_root_or_at_the_one_given(tmp_path):
    content = study_content(tmp_path)
    (tmp_path / "studies").mkdir()
    file = tmp_path / "studies" / "study.yaml"
    file.write_text(yaml.safe_dump({**content, "root": ".."}))
    assert load_study(file).data["pictures"].path == tmp_path / "pictures"  # pyright: ignore[reportAttributeAccessIssue]
    file.write_text(yaml.safe_dump(content))
    assert load_study(file, root=tmp_path).models["tiny"].source == f"{tmp_path / 'tiny_model.py'}:build"


@pytest.mark.parametrize("files", [["published"], ["published/encoder_1.pth", "published/decoder_1.pth"]])
def test_a_published_pair_of_checkpoints_is_found_by_its_folder_or_its_files(tmp_path, files):
    content = {**study_content(tmp_path), "mitigations": ["none"]}
    content["models"] = {"parser": {"from": "ade20k:resnet50-upernet", "weights": ", ".join(files)}}
    file = tmp_path / "study.yaml"
    file.write_text(yaml.safe_dump(content))
    with pytest.raises(StudyFileError, match=f"models.parser.weights: there is no such file: {tmp_path / files[-1]}"):
        load_study(file)
    (tmp_path / "published").mkdir()
    for part in ("encoder", "decoder"):
        (tmp_path / "published" / f"{part}_1.pth").touch()
    assert load_study(file).models["parser"].weights == ",".join(str(tmp_path / name) for name in files)


@pytest.mark.parametrize(
    ("text", "qualities"),
    [
        ("10:90:10", list(range(10, 91, 10))),
        ("10:30", [10, 20, 30]),
        ("50,10,50", [10, 50]),
        ("5:10:5, 90", [5, 10, 90]),
        (75, [75]),
        ([30, 10], [10, 30]),
    ],
)
def test_qualities_are_read_as_people_write_them(text, qualities):
    assert parse_qualities(text) == qualities


@pytest.mark.parametrize("text", ["", "0", "101", "10:5:1", "10:90:0", "high", "95.5", [True], [], "1:2:3:4"])
def test_what_is_no_quality_is_refused_with_advice(text):
    with pytest.raises(ValueError, match=r"10:90:10"):
        parse_qualities(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1:30", list(range(1, 31, 10))),
        ("10:50:10", [10, 20, 30, 40, 50]),
        ("10:90", list(range(10, 91, 10))),
        ("30", [30]),
        ("[10, 50]", [10, 50]),
        ("'10,50'", [10, 50]),
    ],
)
def test_qualities_need_no_quotes(tmp_path, text, value):
    """YAML 1.1 would read 1:30 as the number 90, and 10:50:10 as 39010."""
    study_content(tmp_path)
    file = tmp_path / "study.yaml"
    file.write_text(
        "name: x\ndata: {a: {path: pictures}}\nmodels: {m: {from: 'tiny_model.py:build'}}\n"
        f"compression: {{qualities: {text}, subsampling: 4:2:0}}\n"
    )
    spec = load_study(file).compression
    assert (spec.qualities, spec.subsampling) == (value, "4:2:0")


@pytest.mark.parametrize("text", ["95.5", "", "yes", "{a: 1}", "[10, x]"])
def test_qualities_that_are_none_hide_no_other_mistake(tmp_path, text):
    found = mistakes(
        tmp_path,
        "name: x\ndata: {a: {path: nowhere}}\nmodels: {m: {from: 'ast:parse'}}\n"
        f"compression:\n  qualities: {text}\n",
    )
    joined = "\n".join(found)
    assert "compression.qualities" in joined
    assert "there is no such folder" in joined


def test_a_file_nested_without_end_is_refused(tmp_path):
    assert "nested" in "\n".join(mistakes(tmp_path, "name: " + "[" * 5000 + "]" * 5000))


@pytest.mark.parametrize("name", ["09", "0815", "1e5", "no", "10"])
def test_names_that_look_like_numbers_survive_being_written(tmp_path, name):
    content = study_content(tmp_path)
    content["data"] = {name: content["data"]["pictures"]}
    spec = with_absolute_paths(StudySpec.model_validate(content), tmp_path)
    file = tmp_path / "resolved.yaml"
    file.write_text(dump_study(spec))
    assert load_study(file) == spec


def test_a_number_that_begins_with_0_is_not_octal(tmp_path):
    study_content(tmp_path)
    file = tmp_path / "study.yaml"
    file.write_text("name: x\nseed: 010\ndata: {a: {path: pictures}}\nmodels: {m: {from: 'tiny_model.py:build'}}\n")
    assert load_study(file).seed == 10
