"""The DARTS space: text, structure, configuration, hash, sampling and edits."""

from __future__ import annotations

import json
from itertools import combinations, permutations, product
from math import prod

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal, assert_series_equal

from nbframes.errors import FrameError, InvalidArchitectureError
from nbframes.spaces import darts
from tests import published_tables

CELL = "sep_conv_3x3~0 sep_conv_3x3~1 sep_conv_3x3~0 sep_conv_3x3~1 skip_connect~0 sep_conv_3x3~1 skip_connect~0 dil_conv_3x3~2"
# The best cell of DARTS (second order) as its authors print it, its inputs unordered.
DARTS_V2 = (
    "Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 1), "
    "('skip_connect', 0), ('skip_connect', 0), ('dil_conv_3x3', 2)], normal_concat=[2, 3, 4, 5], reduce=[('max_pool_3x3', 0), "
    "('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 1), ('max_pool_3x3', 0), ('skip_connect', 2), ('skip_connect', 2), "
    "('max_pool_3x3', 1)], reduce_concat=[2, 3, 4, 5])"
)


@st.composite
def genotypes(draw: st.DrawFn) -> darts.Genotype:
    cells = []
    for _ in range(2):
        pairs = []
        for node in (2, 3, 4, 5):
            inputs = draw(st.lists(st.integers(0, node - 1), min_size=2, max_size=2, unique=True))
            pairs += [(draw(st.sampled_from(darts.OPERATIONS)), i) for i in sorted(inputs)]
        cells.append(tuple(pairs))
    return darts.Genotype(*cells)


def edges(cell: tuple[tuple[str, int], ...], numbering: tuple[int, ...] = (2, 3, 4, 5)) -> list[tuple[int, int, str]]:
    number = {0: 0, 1: 1} | dict(zip((2, 3, 4, 5), numbering, strict=True))
    return sorted((number[i], number[2 + k // 2], op) for k, (op, i) in enumerate(cell))


def isomorphic(one: tuple, other: tuple) -> bool:
    return any(edges(one, numbering) == edges(other) for numbering in permutations((2, 3, 4, 5)))


def test_size_counts_all_choices_of_inputs_and_operations() -> None:
    assert darts.SIZE_OF_CELL == 1_037_664_180
    wirings = {node: len(list(combinations(range(node), 2))) for node in (2, 3, 4, 5)}
    assert prod(number * 7**2 for number in wirings.values()) == darts.SIZE_OF_CELL
    assert darts.SIZE == darts.SIZE_OF_CELL**2


@pytest.fixture(scope="module")
def published() -> pl.DataFrame:
    """Ten thousand real architectures as one text each."""
    frame = published_tables.nb301()
    return frame.select(arch_str=pl.concat_str("genotype_normal", "genotype_reduce", separator="|"))


def test_published_records_are_members_and_come_back_as_they_were(published) -> None:
    column = published["arch_str"]
    encoding = darts.parse(column)
    assert dict(encoding.schema) == darts.ENCODING
    assert darts.is_valid(column).all()
    assert_series_equal(darts.format(encoding), column)
    assert_frame_equal(darts.from_config(darts.to_config(column)), encoding)


def test_the_configuration_space_of_upstream_is_ours(data) -> None:
    space = json.loads((data / "nb301/configspace.json").read_text())["hyperparameters"]
    choices = {h["name"]: h["choices"] for h in space if h["name"] in darts.CONFIG}
    assert {name: list(dtype.categories) for name, dtype in darts.CONFIG.items()} == choices


@pytest.mark.parametrize("file", ["results_0.json", "config_0.json"])
def test_real_configurations_come_back_setting_by_setting(data, file) -> None:
    content = json.loads((data / "nb301" / file).read_text())
    config = content.get("optimized_hyperparamater_config", content)
    genotype = darts.from_config(config)
    assert darts.to_config(genotype) == {name: config[name] for name in darts.CONFIG if name in config}


def test_a_real_configuration_read_by_hand(data) -> None:
    config = json.loads((data / "nb301/config_0.json").read_text())
    assert darts.from_config(config).normal == (
        ("skip_connect", 0),
        ("sep_conv_3x3", 1),
        ("dil_conv_5x5", 1),
        ("avg_pool_3x3", 2),
        ("dil_conv_5x5", 2),
        ("sep_conv_3x3", 3),
        ("dil_conv_3x3", 0),
        ("dil_conv_3x3", 1),
    )


def test_the_text_of_a_darts_genotype_is_read() -> None:
    genotype = darts.parse(DARTS_V2)
    assert darts.format(genotype).split("|")[0] == CELL
    assert genotype.reduce[2:4] == (("max_pool_3x3", 1), ("skip_connect", 2))
    assert list(genotype.normal_concat) == list(genotype.reduce_concat) == [2, 3, 4, 5]
    assert darts.parse(DARTS_V2.replace("[2, 3, 4, 5]", "range(2, 6)")) == genotype
    assert darts.parse(DARTS_V2.replace("'", '"').replace(", ", ",")) == genotype
    mixed = pl.Series([DARTS_V2, darts.format(genotype)])
    assert darts.format(mixed).n_unique() == 1


@given(st.lists(genotypes(), min_size=1, max_size=5))
@settings(max_examples=30, deadline=None)
def test_columns_and_single_architectures_agree(several) -> None:
    texts = [darts.format(genotype) for genotype in several]
    column = pl.Series(texts)
    assert [darts.parse(text) for text in texts] == several
    assert darts.format(darts.parse(column)).to_list() == texts
    assert darts.hash(column).to_list() == [darts.hash(genotype) for genotype in several]
    assert [darts.from_config(config) for config in map(darts.to_config, texts)] == several


@given(genotypes(), st.permutations(range(8)))
@settings(max_examples=30, deadline=None)
def test_the_order_of_a_nodes_inputs_does_not_matter(genotype, order) -> None:
    swapped = list(genotype.normal)
    for k in order[:4]:
        a, b = k // 2 * 2, k // 2 * 2 + 1
        swapped[a], swapped[b] = swapped[b], swapped[a]
    other = genotype._replace(normal=tuple(swapped))
    assert darts.format(other) == darts.format(genotype)
    assert darts.hash(other) == darts.hash(genotype)


@given(genotypes(), st.permutations((2, 3, 4, 5)))
@settings(max_examples=200, deadline=None)
def test_renumbered_cells_share_the_hash(genotype, numbering) -> None:
    renumbered = edges(genotype.reduce, tuple(numbering))
    if all(source < target for source, target, _ in renumbered):
        cell = tuple((op, source) for source, _, op in sorted(renumbered, key=lambda edge: (edge[1], edge[0])))
        assert darts.hash(genotype._replace(reduce=cell)) == darts.hash(genotype)


def test_the_hash_tells_cells_apart_exactly_as_brute_force_does() -> None:
    """All 1,152 cells of a small family, whose many coincidences a weak invariant would miss or make up."""
    cells = []
    for third, fourth, fifth in product(
        [(0, 1), (0, 2), (1, 2)], [(0, 1), (0, 2), (2, 3), (0, 3)], [(0, 2), (2, 3), (3, 4)]
    ):
        for ops in product(("skip_connect", "max_pool_3x3"), repeat=5):
            inputs = (0, 1, *third, *fourth, *fifth)
            cells.append(
                tuple(zip((ops[0], ops[1], ops[2], ops[0], ops[3], ops[3], ops[4], ops[1]), inputs, strict=True))
            )
    hashes = darts.hash(pl.Series([darts.format(darts.Genotype(cell, cell)) for cell in cells]))
    groups: dict[str, list[tuple]] = {}
    for cell, value in zip(cells, hashes, strict=True):
        groups.setdefault(value[:12], []).append(cell)
    assert 1 < len(groups) < len(cells)
    assert all(isomorphic(cell, members[0]) for members in groups.values() for cell in members)
    firsts = [members[0] for members in groups.values()]
    assert not any(isomorphic(one, other) for k, one in enumerate(firsts[::7]) for other in firsts[::7][:k])


def test_the_hash_keeps_twin_nodes_and_the_two_cells_apart() -> None:
    twins = "sep_conv_3x3~0 sep_conv_3x3~1 sep_conv_3x3~0 sep_conv_3x3~1 skip_connect~0 skip_connect~2 skip_connect~0 skip_connect~{}"
    shared, separate = twins.format(2), twins.format(3)
    assert darts.hash(f"{shared}|{shared}") != darts.hash(f"{separate}|{separate}")
    assert darts.hash(f"{shared}|{separate}") != darts.hash(f"{separate}|{shared}")
    assert darts.hash(f"{shared}|{separate}")[:12] == darts.hash(f"{shared}|{shared}")[:12]


def test_sampling_is_uniform_and_reproducible() -> None:
    frame = darts.sample(70_000, seed=3)
    assert frame.columns == ["arch_str", *darts.ENCODING]
    assert darts.is_valid(frame).all()
    assert_frame_equal(frame, darts.sample(70_000, seed=3))
    for columns, values in (
        (["reduce_7_op"], 7),
        (["normal_6_input", "normal_7_input"], 10),
        (["reduce_4_input", "reduce_5_input"], 6),
    ):
        counts = frame.group_by(columns).len()["len"]
        assert len(counts) == values
        expected = 70_000 / values
        assert ((counts - expected) ** 2 / expected).sum() < 30  # chi-square, at most 9 degrees of freedom
    assert darts.sample(0).height == 0


@given(genotypes())
@settings(max_examples=20, deadline=None)
def test_neighbours_are_all_architectures_one_edit_away(genotype) -> None:
    def edit_distance(one: tuple, other: tuple) -> int:
        total = 0
        for k in range(0, 8, 2):
            a, b = set(one[k : k + 2]), set(other[k : k + 2])
            if len(a - b) == 1:
                ((op, node),), ((new_op, new_node),) = a - b, b - a
                total += (op != new_op) + (node != new_node)
            elif a != b:
                total += 2
        return total

    around = darts.neighbours(genotype)
    assert len(set(around)) == len(around) == darts.NEIGHBOURS == 120
    for other in around:
        darts.validate(other)
        assert edit_distance(genotype.normal, other.normal) + edit_distance(genotype.reduce, other.reduce) == 1
        assert genotype in darts.neighbours(other)


def test_neighbours_come_in_the_documented_order() -> None:
    around = darts.neighbours(f"{CELL}|{CELL}")
    assert around[0] == f"max_pool_3x3~0{CELL[14:]}|{CELL}"
    assert around[3] == f"sep_conv_5x5~0{CELL[14:]}|{CELL}"
    assert around[18] == f"{CELL[:30]}sep_conv_3x3~1 sep_conv_3x3~2{CELL[59:]}|{CELL}"
    column = darts.neighbours(pl.Series([f"{CELL}|{CELL}"] * 2))
    assert column.schema == {"row": pl.UInt32, "neighbour": pl.String}
    assert column.filter(pl.col("row") == 1)["neighbour"].to_list() == around


def test_mutation_reaches_every_neighbour_and_keeps_the_kind_of_its_input() -> None:
    text = f"{CELL}|{CELL}"
    column = pl.Series("mine", [text] * 5_000)
    mutants = darts.mutate(column, seed=1)
    assert mutants.name == "mine"
    assert set(mutants) == set(darts.neighbours(text))
    assert_series_equal(mutants, darts.mutate(column, seed=1))
    assert dict(darts.mutate(darts.parse(column), seed=1).schema) == darts.ENCODING
    assert darts.mutate(darts.parse(text), seed=5) == darts.parse(darts.mutate(text, seed=5))


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "form"),
        (CELL, "form"),
        (f"{CELL}|{CELL} ", "form"),
        (f"{CELL} {CELL}", "form"),
        (f"{CELL}|{CELL}".replace("~2", "~x"), "form"),
        (f"{CELL}|{CELL}".replace("skip_connect", "mbv_conv_3x3"), "operation is not one of max_pool_3x3"),
        (f"{CELL}|{CELL}".replace("dil_conv_3x3~2", "dil_conv_3x3~5"), "not before it"),
        (f"{CELL}|{CELL}".replace("sep_conv_3x3~1", "sep_conv_3x3~0"), "same node"),
        (DARTS_V2.replace("normal_concat=[2, 3, 4, 5]", "normal_concat=[3, 4, 5]"), "normal_concat"),
        (DARTS_V2.replace("('skip_connect', 0), ", ""), "form"),
    ],
)
def test_the_message_names_the_broken_rule(text, rule) -> None:
    assert not darts.is_valid(text)
    with pytest.raises(InvalidArchitectureError, match=rule):
        darts.validate(text)
    with pytest.raises(InvalidArchitectureError, match=r"1 of 2 architectures.*\n\nrow 1, "):
        darts.parse(pl.Series([f"{CELL}|{CELL}", text]))


def test_structures_and_frames_are_validated_too() -> None:
    genotype = darts.parse(f"{CELL}|{CELL}")
    assert not darts.is_valid(genotype._replace(normal=genotype.normal[:7]))
    assert not darts.is_valid(genotype._replace(reduce=(("none", 0), *genotype.reduce[1:])))
    assert not darts.is_valid(genotype._replace(reduce=(("skip_connect", "0"), *genotype.reduce[1:])))
    frame = darts.sample(3, seed=0)
    assert darts.is_valid(frame.with_columns(normal_7_op=pl.lit(None, dtype=pl.String))).to_list() == [False] * 3
    assert darts.is_valid(pl.Series([None, f"{CELL}|{CELL}"], dtype=pl.String)).to_list() == [False, True]
    with pytest.raises(FrameError, match="reduce_7_input"):
        darts.hash(frame.drop("reduce_7_input"))
    with pytest.raises(InvalidArchitectureError, match="Series of strings"):
        darts.parse(pl.Series([1, 2]))
    with pytest.raises(InvalidArchitectureError, match="got int"):
        darts.format(3)
    with pytest.raises(ValueError, match="whole number from 0"):
        darts.sample(-1)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("edge_normal_0", None),
        ("edge_normal_4", "sep_conv_3x3"),
        ("edge_normal_4", "foreign_op"),
        ("edge_normal_0", "none"),
        ("inputs_node_normal_3", None),
        ("inputs_node_normal_3", "0_2"),
        ("inputs_node_reduce_5", "0_9"),
    ],
)
def test_a_contradictory_configuration_is_refused(setting, value) -> None:
    config = darts.to_config(f"{CELL}|{CELL}")
    broken = config | {f"NetworkSelectorDatasetInfo:darts:{setting}": value}
    with pytest.raises(InvalidArchitectureError, match="exactly two incoming edges"):
        darts.from_config(broken)
    names = dict.fromkeys(darts.CONFIG)
    with pytest.raises(InvalidArchitectureError, match="1 of 2"):
        darts.from_config(pl.DataFrame([names | config, names | broken], schema=dict.fromkeys(names, pl.String)))


def test_inputs_are_left_as_they_were() -> None:
    frame = darts.sample(5, seed=0)
    before = frame.clone()
    darts.mutate(frame, seed=0)
    darts.neighbours(frame)
    darts.hash(frame)
    assert_frame_equal(frame, before)
