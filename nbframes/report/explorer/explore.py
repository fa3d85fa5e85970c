"""`explore`: what it takes, and what comes back."""

from __future__ import annotations

import html
from functools import cached_property
from typing import TYPE_CHECKING, Any

import polars as pl

from nbframes.display.text import file_to_write
from nbframes.errors import InvalidArgumentError
from nbframes.report.explorer.table import check_numeric, table

if TYPE_CHECKING:
    import os
    from pathlib import Path

    from nbframes.report.explorer.answers import Answers
    from nbframes.report.explorer.payload import Axes, Sample
    from nbframes.report.explorer.table import Table
    from nbframes.store import Store


class Explorer:
    """Linked views of a search space; notebooks show them. Made by `nbframes.explore`.

    Attributes
    ----------
    frame
        One row an architecture: everything that the views show.
    """

    def __init__(self, explored: Table, axes: Axes, sample: Sample, *, progress: bool) -> None:
        self._table, self._axes, self._sample, self._progress = explored, axes, sample, progress
        self.frame: pl.DataFrame = explored.frame

    def __repr__(self) -> str:
        return f"<Explorer of {self._table.asked.title()}: notebooks show it, save() writes a page>"

    @cached_property
    def _answers(self) -> Answers:
        from nbframes.report.explorer.answers import Answers

        return Answers(self._table, self._sample)

    def _packed(self, *, alone: bool) -> bytes:
        from nbframes.report.explorer.payload import payload

        return payload(self._table, self._axes, self._sample, alone=alone, progress=self._progress)

    @cached_property
    def widget(self) -> Any:
        """The views as an ``anywidget``, for notebooks and dashboards that lay widgets out.

        Returns
        -------
        anywidget.AnyWidget
            ``ranges`` and ``kept`` follow what its reader does.

        Raises
        ------
        MissingDependencyError
            If the extra ``explorer`` is not installed.
        """
        from nbframes.report.explorer.page import widget

        return widget(self._packed(alone=False), self._answers)

    def selection(self) -> pl.DataFrame:
        """Architectures that are selected in the notebook.

        Returns
        -------
        DataFrame
            Rows of ``frame`` within all ranges that were brushed or typed, of the whole space even where the views show a
            sample; if there are none, the architectures kept by a click, the last one first. Empty if the views were not shown
            by a running kernel, as after `save`, or if nothing is selected.

        Examples
        --------
        >>> import nbframes as nbf
        >>> explorer = nbf.explore(nbf.synthetic.store(), "nats-sss", progress=False)
        >>> explorer.selection().height
        0
        """
        shown = self.__dict__.get("widget")
        if shown is None:
            return self.frame.clear()
        if shown.ranges:
            return self._answers.inside(shown.ranges)
        kept = pl.Series("arch", shown.kept, dtype=self.frame.schema["arch"]).to_frame()
        return kept.join(self.frame, on="arch", how="inner", maintain_order="left").select(self.frame.columns)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the views as one page that needs no network.

        Parameters
        ----------
        path
            File to write; its folder must exist.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        InvalidArgumentError
            If the folder does not exist.
        MissingDependencyError
            If the extra ``explorer`` is not installed.

        Examples
        --------
        >>> import nbframes as nbf, tempfile
        >>> folder = tempfile.TemporaryDirectory()
        >>> explorer = nbf.explore(nbf.synthetic.store(), "nats-sss", progress=False)
        >>> explorer.save(folder.name + "/nats-sss.html").name
        'nats-sss.html'
        >>> folder.cleanup()
        """
        file = file_to_write(path)
        file.write_text(self._page(), encoding="utf-8")
        return file

    def _page(self) -> str:
        from nbframes.report.explorer.page import page

        return page(f"nbframes explorer: {self._table.asked.benchmark}", self._packed(alone=True))

    def _repr_html_(self) -> str:
        return (
            f"<p>{html.escape(self._table.asked.title())}: the views are shown by a running kernel with the extra "
            "<code>explorer</code>; run the cell there, or write a page with <code>save</code>.</p>"
        )

    def _repr_mimebundle_(self, **options: Any) -> Any:
        return self.widget._repr_mimebundle_(**options)


def explore(
    store: Store,
    benchmark: str,
    *,
    x: str | None = None,
    y: str = "value",
    colour: str | None = None,
    x2: str | None = None,
    dataset: str | None = None,
    split: str | None = None,
    metric: str | None = None,
    schedule: int | None = None,
    budget: int | None = None,
    metrics: pl.DataFrame | pl.LazyFrame | None = None,
    sample: int = 10_000,
    seed: int = 0,
    progress: bool = True,
) -> Explorer:
    """Explore a search space: two scatter plots and a histogram, linked, with each architecture's cell under the pointer.

    What is dragged over in one view is shown in the others and comes back as a frame; a click keeps an architecture and
    shows its learning curve and its neighbours, where the store and the space have them. Every view shows the Polars that
    makes it. Up to 50,000 architectures are points of their own; of larger spaces the density of all is shown, and a sample.
    In a notebook the kernel then answers: it counts what is selected in the whole space, and who zooms in sees every
    architecture of the window, up to 20,000.

    Parameters
    ----------
    store
        The store.
    benchmark
        A benchmark of it.
    x, x2
        Columns across the first and the second scatter plot; by default the first two that there are of costs and values on other
        datasets and splits. They, ``y`` and ``colour`` may also name metrics of the store that were measured without training
        (split ``none``), such as attached hardware costs.
    y
        Column of the vertical axes and the histogram; by default ``value``, the mean over seeds.
    colour
        Column of the colour, numbers or categories such as an encoding column; by default ``y``.
    dataset, split, metric, schedule, budget
        What ``value`` is, as for `nbframes.analysis.query.query_table`.
    metrics
        Results of other metrics in long format, such as attached hardware costs: a column for each metric.
    sample, seed
        How many architectures of a space of more than 50,000 are points, and the seed by which they are drawn.
    progress
        Whether to show a progress bar while the cells are drawn.

    Returns
    -------
    Explorer
        Shown by notebooks; ``.frame``, ``.selection()`` and ``.save(path)``.

    Raises
    ------
    UnknownNameError
        If a name does not exist.
    FrameError
        If an axis is to show categories.
    InvalidArgumentError
        If there are no such values, or ``sample`` is not from 1 to 50,000.

    Examples
    --------
    >>> import nbframes as nbf
    >>> explorer = nbf.explore(nbf.synthetic.store(), "nats-tss", dataset="cifar100", split="test", colour="op_0_1")
    >>> explorer.frame.select("arch", "rank", "value", "params", "arch_str").height
    128
    """
    from nbframes.report.explorer.payload import MOST, Axes, Sample

    if isinstance(sample, bool) or not 1 <= sample <= MOST:
        msg = f"sample is how many architectures of a large space are points, from 1 to {MOST:,}, not {sample!r}"
        raise InvalidArgumentError(msg)
    explored = table(
        store,
        benchmark,
        dataset=dataset,
        split=split,
        metric=metric,
        schedule=schedule,
        budget=budget,
        metrics=metrics,
        wanted=[name for name in (x, x2, y, colour) if name is not None],
    )
    first, second = explored.defaults()
    across = x or first
    axes = Axes(
        check_numeric(explored.column(across), "x"),
        check_numeric(explored.column(x2 or (second if across == first else first)), "x2"),
        check_numeric(explored.column(y), "y"),
        explored.column(colour or y).name,
    )
    return Explorer(explored, axes, Sample(sample, seed), progress=progress)
