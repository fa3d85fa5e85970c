"""The explorer as one file that needs nothing else, and as a widget of a notebook."""

from __future__ import annotations

import base64
import html
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from nbframes.errors import MissingDependencyError

if TYPE_CHECKING:
    from nbframes.report.explorer.answers import Answers

_SCRIPTS: Final = ("architectures.js", "views.js", "cards.js", "explorer.js")
_WIDGET: Final = """
export default { async render({ model, el }) {
  const root = el.appendChild(document.createElement("div")), me = Math.random().toString(36), waiting = new Map();
  let asked = 0;
  const heard = async ({ id }, buffers) => {
    if (!waiting.has(id)) return;  // asked by another view of the same explorer
    const { resolve, reject } = waiting.get(id), answer = await nbframesUnpack(buffers[0]);
    waiting.delete(id);
    if (answer.error) reject(new Error(answer.error));
    else resolve(answer);
  };
  const ask = (question) => new Promise((resolve, reject) => {
    const id = `${me} ${asked++}`;
    waiting.set(id, { resolve, reject });
    model.send({ id, question });
  });
  const tell = (ranges, kept) => {
    model.set("ranges", ranges);
    model.set("kept", kept);
    model.save_changes();
  };
  model.on("msg:custom", heard);
  const end = await nbframesExplore(root, model.get("packed"), tell, ask);
  return () => {
    model.off("msg:custom", heard);
    end();
  };
} };
"""
_START: Final = """
const packed = Uint8Array.from(atob(document.getElementById("packed").textContent), (c) => c.charCodeAt(0));
nbframesExplore(document.getElementById("explorer"), packed, () => {});
"""


def page(title: str, packed: bytes) -> str:
    """Put everything in one file: libraries, views and data; it loads nothing."""
    return (
        "<!doctype html>\n<html lang='en'>\n<head>\n<meta charset='utf-8'>\n"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>\n<link rel='icon' href='data:,'>\n"
        f"<title>{html.escape(title)}</title>\n<style>{_part('explorer.css')}\n"
        "html { color-scheme: light dark; background: #ffffff; scrollbar-gutter: stable; } body { margin: 0; }\n"
        "@media (prefers-color-scheme: dark) { html { background: #14181d; } }\n"
        "#explorer { max-width: 88rem; margin: 0 auto; padding: 1rem; }</style>\n</head>\n<body>\n"
        "<main id='explorer'>This page needs JavaScript.</main>\n"
        f"<script type='application/octet-stream' id='packed'>{base64.b64encode(packed).decode()}</script>\n"
        f"<script>{_safe(_libraries())}</script>\n<script>{_safe(_scripts())}{_START}</script>\n</body>\n</html>\n"
    )


def widget(packed: bytes, answers: Answers) -> Any:
    """Build the widget: ``ranges`` and ``kept`` follow what its reader does, who is told what the views ask for."""
    try:
        import anywidget
        import traitlets
    except ImportError as error:
        raise MissingDependencyError.of("anywidget", "an explorer in a notebook", "explorer") from error

    class ExplorerWidget(anywidget.AnyWidget):
        _esm = f"{_libraries()}\n{_scripts()}{_WIDGET}"
        _css = _part("explorer.css")
        packed = traitlets.Bytes().tag(sync=True)
        ranges: Any = traitlets.List().tag(sync=True)
        kept: Any = traitlets.List().tag(sync=True)

    made = ExplorerWidget(packed=packed)
    made.on_msg(lambda _, message, __: made.send({"id": message["id"]}, [answers(message["question"])]))
    return made


def _scripts() -> str:
    return "\n".join(map(_part, _SCRIPTS))


def _safe(script: str) -> str:
    return script.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def _part(name: str) -> str:
    return resources.files("nbframes.report.explorer").joinpath(name).read_text(encoding="utf-8")


@cache
def _libraries() -> str:
    try:
        import vl_convert
    except ImportError as error:
        raise MissingDependencyError.of("vl-convert-python", "an explorer", "explorer") from error
    bundle: str = vl_convert.javascript_bundle()  # type: ignore[call-arg]  # the snippet has a default
    return bundle
