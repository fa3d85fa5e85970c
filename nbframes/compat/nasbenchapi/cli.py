"""Upstream's command line, which downloads a pickle after asking."""

from __future__ import annotations

import argparse
import sys

from nbframes.compat.nasbenchapi.download import ENV_VARS, download_benchmark, resolve_download_path
from nbframes.errors import NBFramesError


def main(argv: list[str] | None = None) -> None:
    """Ask which benchmark to download and where to, and download it."""
    parser = argparse.ArgumentParser(description="NASBenchAPI downloader")
    parser.add_argument("--benchmark", choices=list(ENV_VARS), help="which benchmark; asked for if left out")
    parser.add_argument("--output", help="file or folder; by default as the environment variable says, else ./datasets")
    options = parser.parse_args(argv)
    benchmark = options.benchmark or input("Which benchmark to download? (101/201/301): ").strip()
    if benchmark not in ENV_VARS:
        print("Invalid benchmark. Choose from 101, 201, 301.")
        sys.exit(1)
    target = resolve_download_path(benchmark, options.output)
    print(f"Target file: {target}")
    question = f"Download NASBench-{benchmark} from Hugging Face to this location? (y/n): "
    if input(question).strip().lower() not in {"y", "yes"}:
        print("Aborted by user.")
        sys.exit(0)
    try:
        download_benchmark(benchmark, output=target, force=True)
    except (NBFramesError, OSError) as error:
        print(f"Download failed: {error}")
        sys.exit(1)
    print("Download completed.")
    print(f"Export it once: nbframes export {target}")


if __name__ == "__main__":
    main()
