"""Pages that are made when the site is built: the reference of every public name, pictures of code, benchmarks, changelog."""

from __future__ import annotations

import contextlib
import inspect
import io
import posixpath
import re
from importlib import import_module
from pathlib import Path

from griffe import Extension
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOK_LINK = re.compile(r'href="(?![a-z]+:)([^"#]+\.(?:md|ipynb))(#[^"]*)?"')
FIGURE = re.compile(r"```python figure\n(.*?)```\n", re.DOTALL)

ROOMS = {
    "Stores": ("store", "published", "synthetic", "downloads", "export", "export.attachments"),
    "Queries": ("expr", "lookup_table"),
    "Analysis": ("analysis", "analysis.engines"),
    "Plots": ("plot",),
    "Searches": ("search",),
    "Search spaces": ("spaces",),
    "Surrogates": ("surrogate",),
    "Benchmarks and plug-ins": ("benchmarks", "testing"),
    "Reports and tables": ("report", "report.explorer", "display", "display.table"),
    "Other APIs": ("compat",),
    "Errors": ("errors",),
}
"""Pages of the reference, and the rooms whose names stand on each."""


def public_names() -> dict[str, list[str]]:
    """Public objects by page, each once, as the dotted names under which they are defined."""
    import nbframes as nbf

    pages: dict[str, list[str]] = {page: [] for page in ROOMS}
    seen: set[str] = set()
    names = [(nbf, name) for name in nbf.__all__]
    for room in (room for rooms in ROOMS.values() for room in rooms):
        with contextlib.suppress(ModuleNotFoundError):
            module = import_module(f"nbframes.{room}")
            names += [(module, name) for name in getattr(module, "__all__", ())]
    for owner, name in names:
        found = getattr(owner, name)
        where = getattr(found, "__module__", None)
        if where is None or not callable(found) or isinstance(found, type(re)):
            continue
        dotted = f"{where}.{found.__qualname__}"
        page = next((p for p, rooms in ROOMS.items() if where.split(".")[1] in rooms), None)
        if page is not None and dotted not in seen:
            seen.add(dotted)
            pages[page].append(dotted)
    return {
        page: sorted(found, key=lambda dotted: dotted.rsplit(".", 1)[1].lower())
        for page, found in pages.items()
        if found
    }


class Described(Extension):
    """Show the docstrings that functions have once they are loaded: what many share is written into them then."""

    def on_function(self, *, func, **_):
        """Read the docstring anew."""
        if any(str(decorator.value) == "described" for decorator in func.decorators):
            func.docstring.value = inspect.getdoc(getattr(import_module(func.module.path), func.name))


def on_files(files, config):
    """Add the pages that are generated."""
    links = []
    for page, names in public_names().items():
        uri = f"reference/{page.lower().replace(' ', '_')}.md"
        body = "\n\n".join(f"::: {name}" for name in names)
        files.append(File.generated(config, uri, content=f"# {page}\n\n{body}\n"))
        shown = ", ".join(f"[`{name.rsplit('.', 1)[1]}`][{name}]" for name in names)
        links.append(f"## [{page}]({Path(uri).name})\n\n{shown}\n")
    index = "# Reference\n\nEvery public name. `import nbframes as nbf` has those that stand at the top; rooms such as `nbf.search` have the rest.\n\n"
    files.append(File.generated(config, "reference/index.md", content=index + "\n".join(links)))
    results = ROOT / "tests" / "benchmarks" / "RESULTS.md"
    text = (
        results.read_text("utf-8")
        if results.is_file()
        else "# Benchmarks\n\n`python -m tests.benchmarks` measures them.\n"
    )
    files.append(File.generated(config, "benchmarks.md", content=text))
    for asset in ("iframe-worker.js", "site.css"):
        content = Path(__file__).with_name(asset).read_text("utf-8")
        files.append(File.generated(config, f"assets/{asset}", content=content))
    files.append(File.generated(config, "changelog.md", content=(ROOT / "CHANGELOG.md").read_text("utf-8")))
    return files


def on_page_markdown(markdown, page, config, files):
    """Run the blocks of a page that make figures, one after the other, and show each figure below its code."""
    space: dict[str, object] = {}
    count = 0

    def drawn(block) -> str:
        nonlocal count
        count += 1
        uri = f"figures/{Path(page.file.src_uri).stem}-{count}.svg"
        files.append(File.generated(config, uri, content=figure_of(block[1], space)))
        up = "../" * page.file.src_uri.count("/")
        title = markdown[: block.start()].rsplit("\n#", 1)[-1].splitlines()[0].lstrip("# ")
        return f"```python\n{block[1]}```\n\n![{title}]({up}{uri})\n"

    return FIGURE.sub(drawn, markdown)


def on_page_content(html, page, config, files):
    """Lead links of notebooks to the pages, which is done by itself for Markdown alone."""
    if not page.file.src_uri.endswith(".ipynb"):
        return html

    def linked(found) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(page.file.src_uri), found[1]))
        there = files.get_file_from_path(target)
        if there is None:
            msg = f"{page.file.src_uri} links to {found[1]!r}, which is not a page"
            raise PluginError(msg)
        return f'href="{there.url_relative_to(page.file)}{found[2] or ""}"'

    return NOTEBOOK_LINK.sub(linked, html)


def figure_of(code: str, space: dict[str, object]) -> bytes:
    """Run code and return the figure that it leaves, as SVG."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    plt.close("all")
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(code, "figure", "exec"), space)
    figure = plt.gcf()
    content = io.BytesIO()
    figure.savefig(content, format="svg", bbox_inches="tight", metadata={"Date": None})
    plt.close("all")
    return content.getvalue()
