"""Commands that look at a store: info, query, verify, report; and shell completion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbframes.cli.terminal import DONE, FAILED, add_json, add_store, bold, command, print_json, print_table
from nbframes.errors import InvalidArgumentError

if TYPE_CHECKING:
    import argparse

    import polars as pl

    from nbframes.store import Store


def add_info(commands: Any) -> None:
    """Add ``nbframes info``."""
    parser = command(
        commands,
        "info",
        _run_info,
        "say what is in a store",
        "nbframes info --store benchmarks",
        "nbframes info nats-tss --store s3://bucket/benchmarks",
        "nbframes info --json | jq .benchmarks",
    )
    parser.add_argument("benchmarks", nargs="*", metavar="BENCHMARK", help="only these, in full")
    add_store(parser)
    add_json(parser)


def _run_info(options: argparse.Namespace) -> int:
    from nbframes.store import open_store

    store = open_store(options.store)
    manifests = [store.manifest(name) for name in options.benchmarks or store.benchmarks()]
    if options.json:
        import orjson

        documents = {manifest.benchmark: orjson.loads(manifest.to_json()) for manifest in manifests}
        print_json({"store": store.root, "benchmarks": documents})
    elif options.benchmarks:
        print("\n\n".join(map(repr, manifests)))
        for manifest in manifests:
            _print_details(manifest)
    else:
        print(store)
    return DONE


def _print_details(manifest: Any) -> None:
    for title, lines in (
        ("not exported", manifest.not_exported),
        ("notes", [f"{key}: {value}" for key, value in manifest.notes.items()]),
        ("skipped", [f"{entry['record']}: {entry['reason']}" for entry in manifest.skipped[:20]]),
    ):
        if lines:
            print(bold(f"{manifest.benchmark}, {title}"))
            print("\n".join(f"  {line}" for line in lines))


def add_query(commands: Any) -> None:
    """Add ``nbframes query``."""
    parser = command(
        commands,
        "query",
        _run_query,
        "print a quick table: the best architectures, or the values of some",
        "nbframes query nats-tss --dataset cifar10 --split test --top 10",
        "nbframes query nb101 --metric accuracy --schedule 36 --top 5 --json",
        "nbframes query nats-tss --dataset cifar100 --split val --schedule 12 --arch 6111 9930",
    )
    parser.add_argument("benchmark", metavar="BENCHMARK", help="a benchmark of the store")
    parser.add_argument("--dataset", default="cifar10", help="dataset (default: %(default)s)")
    parser.add_argument("--split", default="test", help="train, val, test or valtest (default: %(default)s)")
    parser.add_argument("--metric", default="accuracy", help="metric (default: %(default)s)")
    parser.add_argument(
        "--schedule", type=int, metavar="EPOCHS", help="training schedule (default: the longest with such values)"
    )
    parser.add_argument(
        "--budget", type=int, metavar="EPOCHS", help="epochs completed (default: the last published value)"
    )
    parser.add_argument("--arch", type=int, nargs="+", metavar="ID", help="only these architectures")
    parser.add_argument("--top", type=int, default=10, metavar="N", help="how many to show (default: %(default)s)")
    add_store(parser)
    add_json(parser)


def _run_query(options: argparse.Namespace) -> int:
    from nbframes.store import open_store

    table = query_table(open_store(options.store), options)
    if options.json:
        print_json(table.to_dicts())
    else:
        print_table(table)
    return DONE


def query_table(store: Store, options: argparse.Namespace) -> pl.DataFrame:
    """Rank architectures by their mean over seeds, as ``nbframes query`` shows it."""
    import polars as pl

    from nbframes import benchmarks, expr

    if options.top < 1:
        msg = f"--top is how many architectures to show, 1 or more, not {options.top}"
        raise InvalidArgumentError(msg)
    rows = store.scan(options.benchmark).filter(
        store.metric(options.metric), _protocol(store, options.dataset, options.split)
    )
    rows = rows.filter(expr.budget(options.budget) if options.budget is not None else expr.final())
    schedules = rows.select("schedule").unique().collect().to_series().sort().to_list()
    if not schedules:
        msg = (
            f"{options.benchmark} has no {options.metric} of {options.dataset} {options.split}"
            + (f" at budget {options.budget}" if options.budget is not None else "")
            + "; see `nbframes info`"
        )
        raise InvalidArgumentError(msg)
    chosen = options.schedule if options.schedule is not None else schedules[-1]
    if chosen not in schedules:
        msg = f"no such values of schedule {chosen!r}; there are schedules {schedules}"
        raise InvalidArgumentError(msg)
    rows = rows.filter(expr.schedule(chosen))
    metric = benchmarks.find_metric(options.metric, options.benchmark)
    maximise = metric is not None and metric.better == "max"
    ranked = rows.group_by("arch").agg(expr.seed_mean(), expr.seed_std(), expr.seed_count())
    ranked = ranked.with_columns(expr.rank(maximise=maximise))
    if options.arch:
        ranked = ranked.filter(expr.arch(*options.arch))
        present = ranked.select("arch").collect().to_series()
        if absent := [arch for arch in options.arch if arch not in present]:
            msg = f"{options.benchmark} has no such values of the architectures {absent}"
            raise InvalidArgumentError(msg)
    ranked = ranked.sort("rank", "arch").head(options.top)
    if store.manifest(options.benchmark).tables.get("archs"):
        archs = store.scan_archs(options.benchmark)
        text = [name for name in ("arch_str",) if name in archs.collect_schema()]
        ranked = ranked.join(archs.select("arch", *text), on="arch", how="left", maintain_order="left")
    return ranked.select("rank", pl.all().exclude("rank")).collect()


def _protocol(store: Store, dataset: str, split: str) -> pl.Expr:
    from nbframes import benchmarks, expr

    if dataset in benchmarks.dataset_names() and dataset != "cifar10-valid":
        return expr.on(dataset, split)
    return store.dataset(dataset) & expr.split(split)


def add_verify(commands: Any) -> None:
    """Add ``nbframes verify``."""
    parser = command(
        commands,
        "verify",
        _run_verify,
        "check every file of a store; finish or clear what an interrupted writer left",
        "nbframes verify --store benchmarks",
        "nbframes verify nb101 --space",
    )
    parser.add_argument("benchmarks", nargs="*", metavar="BENCHMARK", help="only these")
    parser.add_argument("--space", action="store_true", help="nb101: enumerate the search space and name missing cells")
    add_store(parser)
    add_json(parser)


def _run_verify(options: argparse.Namespace) -> int:
    from nbframes.store import open_store
    from nbframes.store.verify import coverage, missing_cells

    store = open_store(options.store)
    problems = store.verify(*options.benchmarks, progress=True)
    covered = coverage(store.catalogue, *options.benchmarks)
    missing = missing_cells(store.catalogue, progress=True) if options.space else None
    if options.json:
        document = {"store": store.root, "problems": problems.to_dicts(), "coverage": covered.to_dicts()}
        print_json(document | ({} if missing is None else {"missing": missing.to_dicts()}))
    else:
        for benchmark, path, problem in problems.iter_rows():
            print(f"{bold(benchmark)} {path}: {problem}")
        print_table(covered)
        if missing is not None:
            print(f"{missing.height:,} cells of the published space are not in the store")
            print_table(missing.head(20))
        print("sound" if problems.is_empty() else f"{problems.height} problems")
    return DONE if problems.is_empty() else FAILED


def add_report(commands: Any) -> None:
    """Add ``nbframes report``."""
    parser = command(
        commands,
        "report",
        _run_report,
        "write one self-contained page about a store",
        "nbframes report --store benchmarks --out report.html",
    )
    parser.add_argument("--out", metavar="FILE", default="report.html", help="file to write (default: %(default)s)")
    add_store(parser)


def _run_report(options: argparse.Namespace) -> int:
    from nbframes.report import write
    from nbframes.store import open_store

    print(write(open_store(options.store), options.out))
    return DONE


def add_completion(commands: Any) -> None:
    """Add ``nbframes completion``."""
    parser = command(
        commands,
        "completion",
        _run_completion,
        "print the completion script of a shell",
        'eval "$(nbframes completion bash)"',
        "nbframes completion zsh > ~/.zfunc/_nbframes",
    )
    parser.add_argument("shell", choices=["bash", "zsh", "tcsh"])


def _run_completion(options: argparse.Namespace) -> int:
    try:
        import shtab
    except ImportError as error:
        from nbframes.errors import MissingDependencyError

        raise MissingDependencyError.of("shtab", "shell completion", "completion") from error
    from nbframes.cli import make_parser

    print(shtab.complete(make_parser(), options.shell))
    return DONE
