// The explorer of a search space: linked views by Vega-Lite, and beside them what is hovered, kept and selected.
// `page` is what nbframes/explorer/payload.py packs; `tell(ranges, kept)` hears of every change of the selection.
async function nbframesExplore(root, packed, tell) {
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const page = await new Response(stream).json();
  const axes = { ...page.axes }, columns = new Map(page.columns.map((c) => [c.name, c]));
  const field = (name) => `c${[...columns.keys()].indexOf(name)}`, named = (field) => page.columns[Number(field.slice(1))].name;
  const size = page.arch.length, bounds = { low: null, high: null };
  let kept = [], brushed = [], view = null;

  const value = (name, row) => {
    const column = page.data[name];
    return Array.isArray(column) ? column[row] : (column.categories[column.codes[row]] ?? null);
  };
  const name = (row) => page.names?.[row] ?? `architecture ${page.arch[row]}`;
  const written = (x) =>
    x === null || x === undefined ? "–" : typeof x === "string" ? x
      : Number.isInteger(x) ? x.toLocaleString("en") : x.toLocaleString("en", { maximumSignificantDigits: 6 });
  const make = (tag, parent, attributes = {}, text = "") => {
    const node = document.createElement(tag);
    for (const [key, given] of Object.entries(attributes)) node.setAttribute(key, given);
    node.textContent = text;
    parent?.append(node);
    return node;
  };

  root.replaceChildren();
  root.classList.add("nbf");
  make("h1", root, {}, page.benchmark);
  for (const fact of page.facts) make("p", root, {}, fact);
  if (page.synthetic) make("p", root, { class: "banner" }, "SYNTHETIC: these numbers are made up; nothing was trained. Never cite them as results of the benchmark.");
  const form = make("form", root), body = make("div", root, { class: "body" });
  const main = make("div", body), aside = make("div", body);
  const chart = make("div", main, { class: "views", role: "img", "aria-label": "Two scatter plots and a histogram" });
  const missing = make("p", main), how = make("details", main);
  make("summary", how, {}, "How these views are made");
  const code = make("pre", how);
  make("h2", aside, {}, "Selected");
  const summary = make("p", aside, { "aria-live": "polite" }), chosen = make("pre", aside), top = make("ol", aside);
  make("h2", aside, {}, "Kept");
  const hint = make("p", aside, {}, "Click a point, or find an architecture by its number or its string.");
  const list = make("div", aside), tip = make("div", root, { class: "tip", hidden: "" });

  function menu(title, axis, numeric, disabled) {
    const select = make("select", make("label", form, {}, title));
    for (const column of page.columns) {
      if (!numeric || column.numeric) make("option", select, { value: column.name }, column.title);
    }
    select.value = axes[axis];
    select.disabled = disabled;
    select.addEventListener("change", () => { axes[axis] = select.value; draw(); });
  }
  menu("x, first view", "x", true, page.sampled);
  menu("x, second view", "x2", true, page.sampled);
  menu("y, and bars", "y", true, page.sampled);
  menu("colour", "colour", false, false);
  for (const [title, bound] of [["y from", "low"], ["y to", "high"]]) {
    const input = make("input", make("label", form, {}, title), { type: "number", step: "any", class: "bound", name: bound });
    input.addEventListener("input", async () => {
      bounds[bound] = input.value === "" ? null : Number(input.value);
      await view?.signal(bound, bounds[bound]).runAsync();
      report();
    });
  }
  const find = make("input", make("label", form, {}, "find"), { type: "search", name: "find", placeholder: "number or string" });
  make("button", form, { type: "submit", class: "plain" }, "keep");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const asked = find.value.trim();
    if (asked === "") return;
    let row = page.names ? page.names.indexOf(asked) : -1;
    if (row < 0 && /^\d+$/.test(asked)) row = page.arch.indexOf(Number(asked));
    find.setCustomValidity(row < 0 ? `No architecture ${asked} on this page` : "");
    find.reportValidity();
    if (row >= 0) keep(row);
  });
  find.addEventListener("input", () => find.setCustomValidity(""));
  const clear = make("button", form, { type: "button", class: "plain" }, "clear the selection");
  clear.addEventListener("click", () => {
    for (const bound of ["low", "high"]) form.elements[bound].value = "";
    bounds.low = bounds.high = null;
    draw();
  });

  function picture(row) {
    if (!page.pictures) return null;
    const holder = document.createElement("div");
    holder.innerHTML = page.pictures.rows[row].map((piece) => "<" + page.pictures.elements[piece]).join("");
    holder.firstElementChild?.setAttribute("aria-label", name(row));
    return holder.firstElementChild;
  }

  function facts(row, parent) {
    const drawn = picture(row);
    if (drawn) parent.append(drawn);
    if (page.names) make("div", parent, { class: "name" }, name(row));
    const table = make("dl", parent);
    for (const shown of new Set(["value", axes.y, axes.x, axes.x2, axes.colour, "rank"])) {
      if (!columns.has(shown)) continue;
      make("dt", table, {}, columns.get(shown).title);
      make("dd", table, {}, written(value(shown, row)));
    }
  }

  function hover(handler, event, item) {
    const row = item?.datum?.row;
    tip.hidden = row === undefined || row === null;
    if (tip.hidden) return;
    tip.replaceChildren();
    make("div", tip, {}, `architecture ${page.arch[row]}`);
    facts(row, tip);
    const box = tip.getBoundingClientRect();
    const left = event.clientX + 16 + box.width > innerWidth ? event.clientX - 16 - box.width : event.clientX + 16;
    tip.style.left = `${Math.max(4, left)}px`;
    tip.style.top = `${Math.max(4, Math.min(event.clientY + 12, innerHeight - box.height - 4))}px`;
  }

  function neighbours(row) {
    const codes = page.encoding.map((column) => { const c = page.data[column]; return Array.isArray(c) ? c : c.codes; });
    const found = [];
    for (let other = 0; other < size; other++) {
      let differing = 0;
      for (const code of codes) if (code[other] !== code[row] && ++differing > 1) break;
      if (differing === 1) found.push(other);
    }
    return found;
  }

  const ahead = (a, b) => {
    const [x, y] = [value("value", a), value("value", b)];
    return x === null ? 1 : y === null ? -1 : page.better === "min" ? x - y : y - x;
  };

  function rows(parent, listed) {
    for (const row of listed) {
      const item = make("li", parent);
      make("button", item, { type: "button" }, name(row)).addEventListener("click", () => keep(row));
      make("span", item, {}, written(value("value", row)));
    }
  }

  function curve(row, parent) {
    const points = page.curves.budgets.map((budget) => [budget, page.curves.values[budget][row]]).filter((p) => p[1] !== null);
    if (points.length < 2) return;
    const [w, h, left, foot] = [300, 120, 44, 20];
    const xs = points.map((p) => p[0]), ys = points.map((p) => p[1]);
    const [x0, x1, y0, y1] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    const at = ([x, y]) => `${left + ((x - x0) / (x1 - x0)) * (w - left - 10)},${h - foot - ((y - y0) / (y1 - y0 || 1)) * (h - foot - 10)}`;
    const text = (x, y, words, anchor) => `<text x="${x}" y="${y}" text-anchor="${anchor}" font-size="10" fill="currentColor">${words}</text>`;
    make("p", parent, {}, "Learning curve: mean over seeds against epochs completed");
    make("div", parent).innerHTML =
      `<svg viewBox="0 0 ${w} ${h}" width="${w}" height="${h}" role="img" aria-label="Learning curve">` +
      `<polyline fill="none" stroke="var(--accent)" stroke-width="2" points="${points.map(at).join(" ")}"/>` +
      text(left - 4, h - foot, written(y0), "end") + text(left - 4, 14, written(y1), "end") +
      text(left, h - 5, written(x0), "start") + text(w - 10, h - 5, written(x1), "end") + "</svg>";
  }

  function keep(row) {
    kept = [row, ...kept.filter((other) => other !== row)];
    showKept();
    report();
  }

  function showKept() {
    hint.hidden = kept.length > 0;
    list.replaceChildren();
    for (const row of kept) {
      const card = make("div", list, { class: "card" });
      const head = make("div", card, {}, `architecture ${page.arch[row]} `);
      make("button", head, { type: "button", "aria-label": `let architecture ${page.arch[row]} go` }, "let go")
        .addEventListener("click", () => { kept = kept.filter((other) => other !== row); showKept(); report(); });
      facts(row, card);
      if (page.curves) curve(row, card);
      if (!page.neighbours) continue;
      const near = neighbours(row).sort(ahead), better = near.filter((other) => ahead(other, row) < 0).length;
      const more = make("details", card);
      make("summary", more, {}, `${near.length} neighbours` + (page.better ? `, ${better} of them better` : ""));
      rows(make("ol", more), near);
    }
  }

  const ranges = () => {
    const typed = bounds.low !== null || bounds.high !== null;
    return typed ? [...brushed, { column: axes.y, low: bounds.low, high: bounds.high }] : brushed;
  };

  function selected() {
    const asked = ranges().map((range) => [page.data[range.column], range.low ?? -Infinity, range.high ?? Infinity]);
    if (!asked.length) return null;
    const found = [];
    for (let row = 0; row < size; row++) {
      if (asked.every(([column, low, high]) => column[row] !== null && column[row] >= low && column[row] <= high)) found.push(row);
    }
    return found;
  }

  function report() {
    const found = selected(), of = page.sampled ? `the sample of ${written(size)}` : written(size);
    summary.textContent = found ? `${written(found.length)} of ${of} architectures; the best:` : "Drag over a view; double-click ends it.";
    chosen.hidden = !found;
    chosen.textContent = found ? `frame.filter(${ranges().map(predicate).join(", ")})` : "";
    top.replaceChildren();
    if (found) rows(top, found.sort(ahead).slice(0, 10));
    root.dataset.selected = found ? found.length : "";
    tell(ranges(), kept.map((row) => page.arch[row]));
  }

  function predicate({ column, low, high }) {
    const of = `pl.col("${column}")`;
    return low === null ? `${of} <= ${high}` : high === null ? `${of} >= ${low}` : `${of}.is_between(${low}, ${high})`;
  }

  function explain() {
    const steps = (...names) => [...new Set(["value", ...names].map((n) => columns.get(n).expression))].join("\n");
    const scatter = (x) => `${steps(x, axes.y, axes.colour)}\nframe.select(${[...new Set([x, axes.y, axes.colour])].map((n) => `"${n}"`).join(", ")})` +
      (page.sampled ? `  # tiles: counts in ${page.tiles} x ${page.tiles} equal tiles` : "");
    code.textContent = [
      `# first view\n${scatter(axes.x)}`, `# second view\n${scatter(axes.x2)}`,
      `# bars\n${steps(axes.y)}\nframe["${axes.y}"].drop_nulls()  # counted in bins of equal width`,
    ].join("\n\n");
    const lacking = [...new Set([axes.x, axes.x2, axes.y])].map((n) => [n, page.data[n].filter((x) => x === null).length]).filter((p) => p[1]);
    missing.textContent = lacking.map(([n, count]) => `${written(count)} architectures have no ${columns.get(n).title}: not drawn there.`).join(" ");
  }

  const records = () => {
    const shown = [...new Set([axes.x, axes.x2, axes.y, axes.colour])], out = new Array(size);
    for (let row = 0; row < size; row++) {
      const record = { row };
      for (const column of shown) record[field(column)] = value(column, row);
      out[row] = record;
    }
    return out;
  };

  function specification(width, wide, dark) {
    const escaped = (text) => JSON.stringify(text).slice(1, -1);
    let text = JSON.stringify(page.spec);
    for (const axis of ["x2", "x", "y", "colour"]) {
      text = text.replaceAll(`§${axis} title`, () => escaped(columns.get(axes[axis]).title)).replaceAll(`§${axis}"`, () => `${field(axes[axis])}"`);
    }
    text = text.replaceAll("§y'", () => `${field(axes.y)}'`);
    const spec = JSON.parse(text), ink = dark ? "#e6e9ee" : "#1d2430", rule = dark ? "#3a424d" : "#d9dee5";
    const each = wide ? Math.floor((width - 150) / 2) : width - 78;
    const [pair, bars] = spec.vconcat;
    for (const part of pair.hconcat) {
      Object.assign(part, { width: each, height: Math.min(330, Math.max(220, each)) });
      const points = part.layer ? part.layer[1] : part;
      if (!columns.get(axes.colour).numeric) Object.assign(points.encoding.color, { type: "nominal", scale: { scheme: "tableau10" } });
    }
    Object.assign(bars, { width: wide ? 2 * each + 72 : each, height: 130 });
    if (page.sampled) for (const layer of bars.layer) layer.encoding.y.title = "of the sample";
    if (!wide) spec.vconcat = [...pair.hconcat, bars];
    spec.datasets = { archs: records() };
    spec.config = {
      background: null, view: { stroke: rule }, title: { color: ink },
      axis: { labelColor: ink, titleColor: ink, gridColor: rule, gridOpacity: 0.6, domainColor: rule, tickColor: rule, titleFontWeight: "normal", labelFontSize: 11, titleFontSize: 12, titleLimit: each },
      legend: { labelColor: ink, titleColor: ink, titleFontWeight: "normal", gradientLength: Math.min(180, each), columns: wide ? 3 : 2 },
    };
    return spec;
  }

  const night = matchMedia("(prefers-color-scheme: dark)");
  async function draw() {
    root.classList.toggle("dark", night.matches);
    root.classList.toggle("narrow", root.clientWidth < 900);
    view?.finalize();
    const width = main.clientWidth;
    const options = { actions: false, renderer: "canvas", tooltip: hover, logLevel: 1 };  // errors only: of an empty selection Vega warns
    view = (await vegaEmbed(chart, specification(width, width > 620, night.matches), options)).view;
    brushed = [];
    if (bounds.low !== null || bounds.high !== null) await view.signal("low", bounds.low).signal("high", bounds.high).runAsync();
    view.addEventListener("click", (event, item) => { if (item?.datum?.row !== undefined) keep(item.datum.row); });
    let waiting = false;
    const changed = () => {
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => { waiting = false; brushed = [...stored("brush_store"), ...stored("span_store")]; report(); });
    };
    for (const store of ["brush_store", "span_store"]) view.addDataListener(store, changed);
    explain();
    report();
    root.dataset.ready = "true";
  }

  const stored = (store) =>
    view.data(store).flatMap(({ fields, values }) =>
      fields.map(({ field }, place) => ({ column: named(field), low: short(Math.min(...values[place])), high: short(Math.max(...values[place])) })));
  const short = (x) => Number(x.toPrecision(8));

  let drawnAt = root.clientWidth, timer = 0;
  new ResizeObserver(() => {
    if (root.clientWidth === drawnAt || root.clientWidth === 0) return;
    drawnAt = root.clientWidth;
    clearTimeout(timer);
    timer = setTimeout(draw, 150);
  }).observe(root);
  night.addEventListener("change", draw);
  await draw();
}
