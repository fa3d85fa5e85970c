"""The explorer's page: written, opened in a headless Chromium until it is ready, and its size.

    python -m tests.benchmarks.bench_explorer [--store STORE] [--repeat 5]

Without a store it shows the published values. Chromium and its driver must be installed.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path

import nbframes as nbf
from tests.benchmarks.table import Row, measure, print_table
from tests.explorer.browser import opened, started

PAGES = {"nats-tss": "cifar100", "nats-sss": "cifar100", "nb301": "cifar10"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", default=nbf.published.store().root)
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    store = nbf.open_store(options.store)
    driver, rows = started(), []
    try:
        with tempfile.TemporaryDirectory() as folder:
            for name, dataset in PAGES.items():
                if name not in store.benchmarks():
                    continue
                page = Path(folder) / f"{name}.html"

                def write(name: str = name, dataset: str = dataset, page: Path = page) -> None:
                    nbf.explore(store, name, dataset=dataset, progress=False).save(page)

                rows.append(Row(f"{name}: write the page", measure(write, repeat=1, warmup=0)))
                ready = statistics.median(opened(driver, page) for _ in range(options.repeat))
                rows.append(Row(f"{name}: until it is ready", ready, budget="<= 2,000 ms"))
                rows.append(Row(f"{name}: its size", page.stat().st_size / 1e6, unit="MB"))
    finally:
        driver.quit()
    print_table("explorer", rows)


if __name__ == "__main__":
    main()
