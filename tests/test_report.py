"""The report page: what it says, that it stands alone, and how a browser renders it."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from html.parser import HTMLParser

import polars as pl
import pytest

import nbframes as nbf
from nbframes.errors import StoreError
from nbframes.report import write
from tests.frames import results


class _Page(HTMLParser):
    """Texts of the cells, sources of the images, and whether every element is closed."""

    VOID = frozenset({"meta", "img", "br", "link"})

    def __init__(self, text):
        super().__init__()
        self.open, self.cells, self.images, self.outside = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag not in self.VOID:
            self.open.append(tag)
        if tag == "img":
            self.images.append(attributes)
        self.outside += [v for k, v in attrs if k in ("src", "href") and not v.startswith(("data:", "#"))]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in ("td", "th", "h2"):
            self.cells.append(data)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    assert write(nbf.synthetic.store(), path, progress=False) == path
    return path


def test_the_page_stands_alone_and_is_light(page):
    text = page.read_text()
    parsed = _Page(text)
    assert parsed.open == []
    assert parsed.outside == []
    assert text.count("<script") == 1
    assert len(text) < 3_000_000
    assert all(image["alt"] for image in parsed.images)


def test_every_benchmark_has_its_section_tables_and_figures(page):
    parsed = _Page(page.read_text())
    store = nbf.synthetic.store()
    assert all(name in parsed.cells for name in store.benchmarks())
    assert len(parsed.images) >= 2 * len(store.benchmarks())
    for name in store.benchmarks():
        assert f"{store.manifest(name).rows():,}" in parsed.cells


def test_the_best_architecture_of_the_page_is_the_best_of_the_store(page):
    store = nbf.synthetic.store()
    test = store.scan("nats-tss").filter(
        nbf.on("cifar10", "test"), nbf.metric("accuracy"), nbf.schedule(200), nbf.final()
    )
    best = nbf.best_archs(test, k=1).join(store.scan_archs("nats-tss").select("arch", "arch_str"), on="arch").collect()
    cells = _Page(page.read_text()).cells
    row = cells.index(best["arch_str"][0])
    assert f"{best['value'][0]:.2f}" in cells[row - 4 : row]


def test_own_results_without_archs_and_runs_are_reported_too(tmp_path):
    nbf.write_results(results(dataset="mine"), tmp_path / "store", benchmark="own")
    text = write(nbf.open_store(tmp_path / "store"), tmp_path / "r.html", progress=False).read_text()
    assert "not exported from upstream" in text.lower()
    assert _Page(text).images


def test_other_metrics_are_reported_by_their_own_direction(tmp_path):
    frame = results(metric="loss")
    nbf.write_results(frame, tmp_path / "store", benchmark="own")
    text = write(nbf.open_store(tmp_path / "store"), tmp_path / "r.html", progress=False).read_text()
    assert "loss (the training objective as published, less is better)" in text
    best = nbf.best_archs(frame.filter(pl.col("budget") == 3), maximise=False)["arch"][0]
    cells = _Page(text).cells
    head = cells.index("seed_count")
    assert cells[head + 1 : head + 3] == ["1", str(best)]


def test_a_metric_whose_better_end_nobody_says_is_not_ranked(tmp_path):
    nbf.write_results(results(metric="mine"), tmp_path / "store", benchmark="own")
    text = write(nbf.open_store(tmp_path / "store"), tmp_path / "r.html", progress=False).read_text()
    assert "Best architectures: not shown; nothing says which end of mine is better." in text
    assert _Page(text).images


def test_panels_are_lost_one_by_one_with_a_sentence(tmp_path):
    nbf.write_results(results(split="val", seeds=[777]), tmp_path / "store", benchmark="nats-tss")
    text = write(nbf.open_store(tmp_path / "store"), tmp_path / "r.html", progress=False).read_text()
    assert "All benchmarks in one figure: not shown; no benchmark of the store has" in text
    assert "Coverage: not shown; no runs were written for" in text
    assert "Agreement of rankings: not shown; there is only one dataset and split." in text
    assert "Spread over seeds: not shown; every architecture has one run." in text
    assert "The 6 best; nats-tss: accuracy" in text


def test_benchmarks_that_the_common_figure_leaves_out_are_named(tmp_path):
    store = nbf.synthetic.store(tmp_path / "store", benchmarks=["nats-sss"])
    nbf.write_results(results(dataset="mnist"), store, benchmark="own")
    text = write(store, tmp_path / "r.html", progress=False).read_text()
    assert "Without &#x27;own&#x27; in the figure of all benchmarks" in text


def test_synthetic_numbers_are_called_so(page, tmp_path):
    assert page.read_text().count("SYNTHETIC") > 5
    nbf.write_results(results(), tmp_path / "store", benchmark="own")
    real = write(nbf.open_store(tmp_path / "store"), tmp_path / "r.html", progress=False).read_text()
    assert "SYNTHETIC" not in real


def test_figures_of_synthetic_numbers_say_so():
    from nbframes.plot._save import save

    ax = nbf.plot.ecdf(nbf.ecdf(results().filter(pl.col("budget") == 3)))
    save(ax, io.BytesIO(), format="png", dpi=50, synthetic=True)
    assert [text.get_text() for text in ax.figure.texts] == ["SYNTHETIC"]


def test_names_are_escaped(tmp_path):
    archs = pl.DataFrame({"arch": range(6), "arch_str": ["<b>&"] * 6})
    nbf.write_results(results(), tmp_path / "store", benchmark="own", archs=archs)
    text = write(nbf.open_store(tmp_path / "store"), tmp_path / "r.html", progress=False).read_text()
    assert "<b>&" not in text
    assert "&lt;b&gt;&amp;" in text


def test_an_empty_store_is_refused(tmp_path):
    (tmp_path / "manifests").mkdir()
    with pytest.raises(StoreError, match="nothing to report"):
        write(nbf.open_store(tmp_path), tmp_path / "r.html")


@pytest.mark.parametrize("width", [390, 1200], ids=["phone", "desk"])
def test_a_browser_lays_it_out_within_the_window(page, tmp_path, width):
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no Chromium is installed")
    probe = tmp_path / "probe.html"
    script = "<script>document.title = [document.documentElement.scrollWidth, innerWidth, document.images.length, [...document.images].filter(i => i.naturalWidth > 0).length].join(' ')</script>"
    probe.write_text(page.read_text().replace("</body>", f"{script}</body>"))
    command = [
        browser,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        f"--user-data-dir={tmp_path / 'profile'}",
        f"--window-size={width},900",
        "--virtual-time-budget=4000",
        "--dump-dom",
        probe.as_uri(),
    ]
    dom = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False).stdout
    content, window, images, loaded = map(int, re.search(r"<title>(\d+) (\d+) (\d+) (\d+)</title>", dom).groups())
    assert content <= window
    assert images == loaded > 0


def test_interactive_pages_lie_beside_the_report(tmp_path, capsys):
    from nbframes.cli import main

    store = nbf.synthetic.store(tmp_path / "store", benchmarks=["nats-sss", "nats-tss"])
    assert main(["report", "--store", str(store.root), "--out", str(tmp_path / "all.html"), "--interactive"]) == 0
    pages = [tmp_path / f"all{name}.html" for name in ("", "-nats-tss", "-nats-sss")]
    assert capsys.readouterr().out.split() == [str(page) for page in pages]
    assert all("<title>nbframes explorer" in page.read_text() for page in pages[1:])
