"""Architectures as other packages write them: genotypes of the DARTS family, NASLib's tuples."""

from __future__ import annotations

from collections import namedtuple

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal, assert_series_equal

from nbframes import schema
from nbframes.errors import InvalidArchitectureError, InvalidArgumentError
from nbframes.spaces import darts, tss
from tests import published_tables

Genotype = namedtuple("Genotype", "normal normal_concat reduce reduce_concat")  # noqa: PYI024  as DARTS and NASLib declare it
NASLIB_OPERATIONS = ["skip_connect", "none", "nor_conv_3x3", "nor_conv_1x1", "avg_pool_3x3"]
NASLIB_EDGES = ((1, 2), (1, 3), (1, 4), (2, 3), (2, 4), (3, 4))


# --- NAS-Bench-201 -------------------------------------------------------------------------------------------------


def numbers_of(text):
    """NASLib's six numbers of a string, taken edge by edge as its documentation of the form says."""
    nodes = [node.strip("|").split("|") for node in text.split("+")]
    return tuple(NASLIB_OPERATIONS.index(nodes[v - 2][u - 1].split("~")[0]) for u, v in NASLIB_EDGES)


@pytest.fixture(scope="module")
def strings():
    return tss.enumerate()["arch_str"]


@pytest.fixture(scope="module")
def tuples(strings):
    return [numbers_of(text) for text in strings]


def test_every_cell_is_read_from_naslibs_numbers(strings, tuples):
    assert len(set(tuples)) == tss.SIZE
    for column in (
        pl.Series([str(numbers) for numbers in tuples]),
        pl.Series([str(list(numbers)).replace(" ", "") for numbers in tuples]),
        pl.Series([str(numbers) for numbers in tuples], dtype=schema.categorical("naslib")),
        pl.Series(tuples),
        pl.Series(tuples, dtype=pl.Array(pl.UInt8, 6)),
    ):
        assert_series_equal(tss.format(column), strings)
        assert tss.index(column).to_list() == list(range(tss.SIZE))
        assert tss.is_valid(column).all()


def test_one_cell_is_read_from_naslibs_numbers(strings, tuples):
    for arch in (0, 1, 284, 9930, 15624):
        for form in (tuples[arch], list(tuples[arch]), str(tuples[arch]), np.array(tuples[arch]).tolist()):
            assert tss.index(form) == arch
            assert tss.parse(form) == tss.parse(strings[arch])
        assert isinstance(tss.mutate(tuples[arch], seed=0), tss.Cell)
        assert tss.hash(tuples[arch]) == tss.hash(strings[arch])
    assert tss.parse(tuple(np.array(tuples[7]))) == tss.parse(strings[7])


def test_columns_may_mix_both_forms(strings, tuples):
    mixed = pl.Series([strings[3], str(tuples[4]), None, "(9, 9, 9, 9, 9, 9)", strings[5]])
    assert tss.is_valid(mixed).to_list() == [True, True, False, False, True]
    assert tss.index(mixed.drop_nulls().gather([0, 1, 3])).to_list() == [3, 4, 5]
    with pytest.raises(InvalidArchitectureError, match=r"2 of 5(.|\n)*row 2: null(.|\n)*'\(9, 9.*NASLib's six numbers"):
        tss.parse(mixed)


@pytest.mark.parametrize(
    "wrong", [(0, 1, 2, 3, 4, 5), (0, 1, 2), (0, 0, 0, 0, 0, -1), "(0, 0, 0, 0, 0)", "(", [[0] * 6]]
)
def test_numbers_that_are_no_cell_are_refused(wrong):
    with pytest.raises(InvalidArchitectureError):
        tss.parse(wrong)
    assert not tss.is_valid(wrong)


def test_lists_of_another_kind_are_refused():
    assert tss.is_valid(pl.Series([[0, 0, 0], None, [5] * 6])).to_list() == [False] * 3
    with pytest.raises(InvalidArgumentError):
        tss.parse(pl.Series([1.5]))


# --- DARTS ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def published():
    """Ten thousand real architectures, and the pairs of their cells."""
    frame = published_tables.nb301()
    cells = [
        [
            [(pair.split("~")[0], int(pair.split("~")[1])) for pair in text.split(" ")]
            for text in frame[f"genotype_{cell}"]
        ]
        for cell in ("normal", "reduce")
    ]
    return frame.select(pl.concat_str("genotype_normal", "genotype_reduce", separator="|")).to_series(), list(
        zip(*cells, strict=True)
    )


def compact_of(normal, reduction):
    """NASLib's compact form: pairs of an input and the number of an operation."""
    return tuple(tuple((node, darts.OPERATIONS.index(op)) for op, node in cell) for cell in (normal, reduction))


def test_genotypes_of_any_module_are_read(published):
    strings, cells = published
    for text, (normal, reduction) in list(zip(strings, cells, strict=True))[:300]:
        foreign = Genotype(normal, [2, 3, 4, 5], reduction, range(2, 6))
        assert darts.format(foreign) == text
        assert darts.parse(foreign) == darts.parse(text)
        assert darts.hash(foreign) == darts.hash(text)
        assert darts.format(compact_of(normal, reduction)) == text
        assert darts.format([[list(pair) for pair in cell] for cell in compact_of(normal, reduction)]) == text


def test_foreign_structures_can_do_what_ours_can(published):
    strings, cells = published
    foreign = Genotype(cells[0][0], [2, 3, 4, 5], cells[0][1], [2, 3, 4, 5])
    for form in (foreign, compact_of(*cells[0]), darts.parse(strings[0])):
        assert darts.is_valid(form)
        darts.validate(form)
        assert darts.params(form) == darts.params(strings[0])
        assert darts.to_config(form) == darts.to_config(strings[0])
        assert darts.index(form) == darts.index(strings[0])
        assert darts.mutate(form, seed=4) == darts.parse(darts.mutate(strings[0], seed=4))
        assert [darts.format(other) for other in darts.neighbours(form)] == darts.neighbours(strings[0])
        assert darts.codes.encode(form).tolist() == darts.codes.encode(strings[0]).tolist()


def test_texts_of_the_compact_form_are_read_in_columns(published):
    strings, cells = published
    texts = pl.Series([str(compact_of(*pair)) for pair in cells])
    assert_series_equal(darts.format(texts), strings.alias("arch_str"))
    mixed = pl.Series([texts[0], strings[1], None, texts[2].replace("))", ")"), texts[3].replace(" ", "")])
    assert darts.is_valid(mixed).to_list() == [True, True, False, False, True]
    assert_frame_equal(darts.parse(mixed.gather([0, 1, 4])), darts.parse(strings.gather([0, 1, 3])))
    assert darts.format(texts[0]) == strings[0]


def test_inputs_as_numpys_integers_are_read(published):
    normal, reduction = published[1][5]
    foreign = Genotype([(np.str_(op), np.int64(node)) for op, node in normal], [2, 3, 4, 5], reduction, [2, 3, 4, 5])
    assert darts.format(foreign) == published[0][5]


def test_genotypes_of_another_space_are_refused(published):
    normal, reduction = published[1][0]
    fine = Genotype(normal, [2, 3, 4, 5], reduction, [2, 3, 4, 5])
    for wrong in (
        fine._replace(normal_concat=[2, 3, 4, 5, 6]),  # as in PC-DARTS' five-node cells
        fine._replace(reduce_concat=[3, 4, 5]),
        fine._replace(normal=normal[:7]),
        fine._replace(reduce=[("none", 0), *reduction[1:]]),
        fine._replace(reduce=None),
        fine._replace(normal=[("skip_connect",)] * 8),
        ((), ()),
        (((0, 7),) * 8, ((0, 1),) * 8),
        (1, 2),
    ):
        assert not darts.is_valid(wrong)
        with pytest.raises(InvalidArchitectureError, match="not an architecture of the DARTS space"):
            darts.parse(wrong)
