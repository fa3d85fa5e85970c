"""Pictures of architectures, read back from their SVG."""

from __future__ import annotations

from itertools import combinations
from xml.etree import ElementTree

import polars as pl
import pytest

from nbframes.errors import InvalidArchitectureError, InvalidArgumentError
from nbframes.spaces import GridSpace, darts, nb101, sss, tss
from nbframes.spaces.svg import INK, PALETTE, PLAIN, SVG

MACRO = GridSpace(
    "network", positions={f"layer_{k}": ("0", "1", "<2>") for k in range(1, 9)}, template=",".join(["{}"] * 8)
)
SPACES = {"darts": darts, "nb101": nb101, "sss": sss, "tss": tss, "macro": MACRO}
NAME = "{http://www.w3.org/2000/svg}"
SHOWN = {"skip_connect": "skip", "nor_conv_1x1": "conv 1x1", "nor_conv_3x3": "conv 3x3", "avg_pool_3x3": "avg pool"}


@pytest.fixture(params=SPACES.values(), ids=SPACES.keys())
def space(request):
    return request.param


def elements(picture, name):
    return ElementTree.fromstring(picture.data).findall(NAME + name)


def texts(picture):
    return [element.text for element in elements(picture, "text")]


def boxes(picture):
    """Corners of the boxes: left, top, right, bottom."""
    found = [[float(box.get(key)) for key in ("x", "y", "width", "height")] for box in elements(picture, "rect")]
    return [(x, y, x + width, y + height) for x, y, width, height in found]


def test_a_picture_is_its_text_and_says_what_it_shows(space):
    for text in space.sample(20, seed=0)["arch_str"]:
        picture = space.draw(text)
        assert isinstance(picture, SVG)
        assert str(picture) == picture.data == picture._repr_svg_()
        assert len(repr(picture)) < 80
        assert text in elements(picture, "title")[0].text
        assert space.draw(space.parse(text)) == picture
        assert len(picture.data) < 10_000


def test_nothing_covers_anything_and_all_lies_inside(space):
    for text in space.sample(100, seed=1)["arch_str"]:
        picture = space.draw(text)
        root = ElementTree.fromstring(picture.data)
        width, height = float(root.get("width")), float(root.get("height"))
        for left, top, right, bottom in boxes(picture):
            assert left >= 0
            assert top >= 0
            assert right <= width
            assert bottom <= height
        for one, other in combinations(boxes(picture), 2):
            assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
        assert all(0 < float(label.get("y")) < height for label in elements(picture, "text"))


def luminance(colour):
    channels = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    """Contrast ratio as the Web Content Accessibility Guidelines define it."""
    dark, light = sorted([luminance(one), luminance(other)])
    return (light + 0.05) / (dark + 0.05)


def test_text_can_be_read_on_light_and_dark_ground():
    assert all(contrast(*paint) >= 4.5 for paint in (*PALETTE, PLAIN))
    assert min(contrast(INK, "#ffffff"), contrast(INK, "#000000")) >= 4.5


def test_topology_cells_show_the_edges_that_carry_something():
    for text in tss.sample(50, seed=2)["arch_str"]:
        carrying = [SHOWN[operation] for operation in tss.parse(text) if operation != "none"]
        picture = tss.draw(text)
        assert sorted(texts(picture)) == sorted(["in", "1", "2", "out", *carrying])
        assert len(elements(picture, "polygon")) == len(carrying)


def test_nb101_cells_show_every_vertex_and_edge():
    for text in nb101.sample(50, seed=2, by="matrix")["arch_str"]:
        cell, picture = nb101.parse(text), nb101.draw(text)
        assert len(texts(picture)) == len(cell.operations)
        assert texts(picture).count("max pool") == cell.operations.count("maxpool3x3")
        assert len(elements(picture, "polygon")) == sum(map(sum, cell.matrix))


def test_darts_shows_both_cells_edge_by_edge():
    for text in darts.sample(30, seed=2)["arch_str"]:
        picture = darts.draw(text)
        assert len(elements(picture, "polygon")) == 16
        for operation, shown in (("skip_connect", "skip"), ("dil_conv_5x5", "dil 5x5"), ("sep_conv_3x3", "sep 3x3")):
            assert texts(picture).count(shown) == text.count(operation)


def test_size_networks_are_profiles():
    picture = sss.draw("8:16:64:32:40")
    assert [bottom - top for _, top, _, bottom in boxes(picture)] == [8, 16, 64, 32, 40]
    assert [text for text in texts(picture) if text.isdigit()] == ["8", "16", "64", "32", "40"]


def test_any_grid_is_a_row_of_choices():
    picture = MACRO.draw("0,1,<2>,0,1,<2>,0,1")
    assert texts(picture)[:8] == ["0", "1", "<2>", "0", "1", "<2>", "0", "1"]
    assert texts(picture)[8:] == list(MACRO.ENCODING)


def test_one_valid_architecture_is_drawn(space):
    with pytest.raises((InvalidArgumentError, InvalidArchitectureError)):
        space.draw("nonsense")
    with pytest.raises(InvalidArgumentError):
        space.draw(pl.Series(["nonsense"]))
