"""The explorer as one file that needs nothing else, and as a widget of a notebook."""

from __future__ import annotations

import base64
import html
from functools import cache
from importlib import resources
from typing import Any

from nbframes.errors import MissingDependencyError

_WIDGET = """
export default { async render({ model, el }) {
  const root = el.appendChild(document.createElement("div"));
  await nbframesExplore(root, model.get("packed"), (ranges, kept) => {
    model.set("ranges", ranges);
    model.set("kept", kept);
    model.save_changes();
  });
} };
"""
_START = """
const packed = Uint8Array.from(atob(document.getElementById("packed").textContent), (c) => c.charCodeAt(0));
nbframesExplore(document.getElementById("explorer"), packed, () => {});
"""


def page(title: str, packed: bytes) -> str:
    """Put everything in one file: libraries, views and data; it loads nothing."""
    return (
        "<!doctype html>\n<html lang='en'>\n<head>\n<meta charset='utf-8'>\n"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>\n<link rel='icon' href='data:,'>\n"
        f"<title>{html.escape(title)}</title>\n<style>{_part('explorer.css')}\n"
        "html { color-scheme: light dark; background: #ffffff; } body { margin: 0; }\n"
        "@media (prefers-color-scheme: dark) { html { background: #14181d; } }\n"
        "#explorer { max-width: 88rem; margin: 0 auto; padding: 1rem; }</style>\n</head>\n<body>\n"
        "<main id='explorer'>This page needs JavaScript.</main>\n"
        f"<script type='application/octet-stream' id='packed'>{base64.b64encode(packed).decode()}</script>\n"
        f"<script>{_safe(_libraries())}</script>\n<script>{_safe(_part('explorer.js'))}{_START}</script>\n</body>\n</html>\n"
    )


def widget(packed: bytes) -> Any:
    """Build the widget: ``ranges`` and ``kept`` follow what its reader does."""
    try:
        import anywidget
        import traitlets
    except ImportError as error:
        raise MissingDependencyError.of("anywidget", "an explorer in a notebook", "explorer") from error

    class ExplorerWidget(anywidget.AnyWidget):
        _esm = f"{_libraries()}\n{_part('explorer.js')}{_WIDGET}"
        _css = _part("explorer.css")
        packed = traitlets.Bytes().tag(sync=True)
        ranges: Any = traitlets.List().tag(sync=True)
        kept: Any = traitlets.List().tag(sync=True)

    return ExplorerWidget(packed=packed)


def _safe(script: str) -> str:
    return script.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def _part(name: str) -> str:
    return resources.files("nbframes.explorer").joinpath(name).read_text(encoding="utf-8")


@cache
def _libraries() -> str:
    try:
        import vl_convert
    except ImportError as error:
        raise MissingDependencyError.of("vl-convert-python", "an explorer", "explorer") from error
    bundle: str = vl_convert.javascript_bundle()  # type: ignore[call-arg]  # the snippet has a default
    return bundle
