"""Servers by the names that a user types, and which are compared where none is named."""

from __future__ import annotations

import sys

import pytest

from jpegproof.exceptions import JpegproofError, UnknownNameError
from jpegproof.probes.parity.servers import Server, parse_server, usual_servers, with_single_steps

REFERENCE = Server("pillow", "pillow-bilinear")
UNRESIZED = Server("pillow", "")


def test_what_is_not_named_is_the_references():
    pytest.importorskip("cv2")
    assert parse_server("opencv", REFERENCE) == Server("opencv", "pillow-bilinear")
    assert parse_server("opencv-linear", REFERENCE) == Server("pillow", "opencv-linear")
    assert parse_server(" opencv + opencv-linear", REFERENCE) == Server("opencv", "opencv-linear")
    assert parse_server("opencv-linear+opencv", REFERENCE).name == "opencv+opencv-linear"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("openvc", "Did you mean 'opencv'"),
        ("pillow+pillow-draft", "two decoders"),
        ("pillow-box+pillow-bicubic", "two resizers"),
        ("", "neither a decoder nor a resizer"),
    ],
)
def test_a_mistyped_server_is_told(text: str, says: str):
    with pytest.raises(JpegproofError, match=says):
        parse_server(text, REFERENCE)


@pytest.mark.parametrize("text", ["pillow-box", "pillow-draft"])
def test_where_nothing_is_resized_there_is_nothing_to_resize_otherwise(text: str):
    with pytest.raises(JpegproofError, match="not resized"):
        parse_server(text, UNRESIZED)
    servers, _ = usual_servers(UNRESIZED)
    assert all(server.resizer == "" and server.decoder != "pillow-draft" for server in servers)


def test_one_step_at_a_time_then_combinations():
    for name in ("cv2", "simplejpeg", "torchvision"):
        pytest.importorskip(name)
    servers, absent = usual_servers(REFERENCE)
    steps = [server.step_from(REFERENCE) for server in servers]
    assert steps == sorted(steps, key=["decoder", "resizer", "both"].index)
    assert len(set(servers)) == len(servers)
    assert "" not in steps
    assert absent == []
    assert Server("opencv", "opencv-linear") in servers
    assert Server("opencv", "opencv-cubic") in usual_servers(Server("pillow", "pillow-bicubic"))[0]
    # Both repeat chroma; one is enough.
    assert "nearest-chroma" not in {server.decoder for server in servers}


def test_what_is_not_installed_is_left_out_and_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "simplejpeg", None)
    monkeypatch.setitem(sys.modules, "cv2", None)
    servers, absent = usual_servers(REFERENCE)
    names = {part for server in servers for part in (server.decoder, server.resizer)}
    assert not [name for name in names if name.startswith(("simplejpeg", "opencv"))]
    assert {(item.package, item.extra) for item in absent} == {
        ("simplejpeg", "parity"),
        ("opencv-python-headless", "parity"),
    }
    assert {"simplejpeg-fastdct", "opencv", "opencv-area"} <= {item.name for item in absent}
    # What GPUs do is still emulated.
    assert Server("nearest-chroma", "pillow-bilinear") in servers


def test_both_steps_of_a_combination_are_compared_by_themselves_too():
    pytest.importorskip("cv2")
    both = Server("opencv", "opencv-linear")
    found = with_single_steps([both], REFERENCE)
    assert found == [Server("opencv", "pillow-bilinear"), Server("pillow", "opencv-linear"), both]


def test_an_unknown_name_is_a_name_error():
    with pytest.raises(UnknownNameError):
        parse_server("gstreamer", REFERENCE)
