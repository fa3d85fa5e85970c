// The explorer of a search space: linked views by Vega-Lite, and beside them what is hovered, kept and selected.
// `packed` is what nbframes/report/explorer/payload.py packs; `tell(ranges, kept)` hears of every change of the selection;
// `ask(question)` is answered by a kernel, see nbframes/report/explorer/answers.py, and is null on a page. Resolves to what ends it.
async function nbframesExplore(root, packed, tell, ask = null) {
  const page = await nbframesUnpack(packed), rows = new NbframesRows(page), axes = { ...page.axes };
  const make = nbframesMake, written = nbframesWritten, far = page.sampled && ask;
  const cards = new NbframesCards(page, rows, ask, keep), typed = { column: axes.y, low: null, high: null };
  const sample = page.sample && `frame.sample(${page.sample.size}, seed=${page.sample.seed})`;
  const windows = [[]];
  let kept = [], brushed = [], view = null, shown = null;

  root.replaceChildren();
  root.classList.add("nbf");
  make("h1", root, {}, page.benchmark);
  for (const fact of page.facts) make("p", root, {}, fact);
  if (page.synthetic) make("p", root, { class: "banner" }, "SYNTHETIC: these numbers are made up; nothing was trained. Never cite them as results of the benchmark.");
  const form = make("form", root), body = make("div", root, { class: "body" });
  const main = make("div", body), aside = make("div", body);
  const note = make("p", main, { class: "window", role: "status" });
  const chart = make("div", main);  // Vega gives it the role of a graphic
  const missing = make("p", main), how = make("details", main);
  make("summary", how, {}, "How these views are made");
  const code = make("pre", how, { tabindex: 0, "aria-label": "Python that makes these views" });
  make("h2", aside, {}, "Selected");
  const summary = make("p", aside, { role: "status" }), chosen = make("pre", aside), top = make("ol", aside);
  make("h2", aside, {}, "Kept");
  const hint = make("p", aside, {}, "Click a point, or find an architecture by its number or its string.");
  const list = make("div", aside), tip = make("div", root, { class: "tip", hidden: "" });

  function menu(title, parent, numeric, now, changed) {
    const select = make("select", make("label", parent, {}, title));
    for (const column of page.columns) {
      if (!numeric || column.numeric) make("option", select, { value: column.name }, column.title);
    }
    select.value = now;
    select.addEventListener("change", () => changed(select.value));
    return select;
  }
  for (const [axis, title] of [["x", "x, first view"], ["x2", "x, second view"], ["y", "y, and bars"], ["colour", "colour"]]) {
    const select = menu(title, form, axis !== "colour", axes[axis], (name) => { axes[axis] = name; look(); });
    if (page.sampled && !ask && axis !== "colour") {
      Object.assign(select, { disabled: true, title: "The tiles of this page are of these columns; a notebook can change them" });
    }
  }
  const only = make("fieldset", form);
  make("legend", only, {}, "select by value");
  menu("column", only, true, typed.column, (name) => { typed.column = name; draw(); });
  for (const [title, bound] of [["from", "low"], ["to", "high"]]) {
    const input = make("input", make("label", only, {}, title), { type: "number", step: "any", class: "bound", name: bound });
    input.addEventListener("input", async () => {
      typed[bound] = input.value === "" ? null : Number(input.value);
      await view?.signal(bound, typed[bound]).runAsync();
      report();
    });
  }
  const find = make("input", make("label", form, {}, "find"), { type: "search", name: "find", placeholder: "number or string" });
  const button = (title, type, pressed) => {
    const made = make("button", form, { type, class: "plain" }, title);
    if (pressed) made.addEventListener("click", pressed);
    return made;
  };
  button("keep", "submit");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const asked = find.value.trim();
    if (asked === "") return;
    let row = rows.find(asked);
    if (row === undefined && far) row = rows.learn((await ask({ kind: "find", text: asked })).rows)[0];
    const where = page.sampled && !ask ? "in the sample of this page" : "here";
    find.setCustomValidity(row === undefined ? `There is no architecture ${asked} ${where}` : "");
    find.reportValidity();
    if (row !== undefined) keep(row);
  });
  find.addEventListener("input", () => find.setCustomValidity(""));
  const closer = button("zoom to the selection", "button", () => { windows.push(narrowed()); untype(); look(); });
  const farther = button("zoom out", "button", () => { windows.pop(); look(); });
  const clear = button("clear the selection", "button", () => { windows.length = 1; untype(); look(); });

  function untype() {
    for (const bound of ["low", "high"]) form.elements[bound].value = "";
    typed.low = typed.high = null;
  }

  // What the views show: all that there are, or a sample of them and the density of all.
  async function look() {
    const ranges = windows.at(-1), all = written(page.total);
    if (!page.sampled) {
      shown = { rows: rows.inside(rows.all, ranges), exact: true, densities: {} };
      shown.words = `${written(shown.rows.length)} of ${all} architectures, each a point.`;
    } else if (!ranges.length && Object.keys(axes).every((axis) => axis === "colour" || axes[axis] === page.axes[axis])) {
      shown = { rows: rows.all, exact: false, densities: page.densities, code: sample };
      shown.words = `${all} architectures: grey tiles are their density; points and bars are a sample of ${written(rows.all.length)}, ${sample}.`;
    } else if (!ask) {
      const inside = rows.inside(rows.all, ranges), of = written(rows.all.length);
      shown = { rows: inside, exact: false, densities: {}, code: `${sample}.filter(${predicates(ranges)})` };
      shown.words = `${written(inside.length)} of the sample's ${of} architectures, each a point; a notebook shows all of the ${all}.`;
    } else if (!(await fetched(ranges, all))) return;
    await draw();
  }

  let asking = 0;
  async function fetched(ranges, all) {
    const number = ++asking;
    note.textContent = "The kernel is asked …";
    const late = setTimeout(() => { note.textContent = "The kernel has not answered yet: it may be busy with another cell."; }, 4000);
    const told = await ask({ kind: "window", ranges, axes: { ...axes } }).catch((error) => ({ error })).finally(() => clearTimeout(late));
    if (number !== asking) return false;
    if (told.error) {
      note.textContent = unanswered(told.error);
      return false;
    }
    const inside = rows.learn(told.rows), of = `${written(told.count)} of ${all} architectures`;
    shown = { rows: inside, exact: told.exact, densities: told.densities, words: `${of}, each a point.` };
    if (!told.exact) {
      const filtered = ranges.length ? `.filter(${predicates(ranges)})` : "";
      shown.code = `frame${filtered}.sample(${inside.length}, seed=${page.sample.seed})`;
      shown.words = `${of}, more than ${written(page.most)}: grey tiles are their density; points and bars are a sample of ${written(inside.length)}.`;
    }
    return true;
  }

  function hover(handler, event, item) {
    const row = item?.datum?.row;
    tip.hidden = row === undefined || row === null;
    if (tip.hidden) return;
    tip.replaceChildren();
    make("div", tip, {}, `architecture ${rows.arch[row]}`);
    const content = make("div", tip);
    const placed = () => {
      const box = tip.getBoundingClientRect();
      const left = event.clientX + 16 + box.width > innerWidth ? event.clientX - 16 - box.width : event.clientX + 16;
      tip.style.left = `${Math.max(4, left)}px`;
      tip.style.top = `${Math.max(4, Math.min(event.clientY + 12, innerHeight - box.height - 4))}px`;
    };
    cards.facts(row, content, axes).then(() => { if (content.isConnected) placed(); });
    placed();
  }

  function keep(row) {
    kept = [row, ...kept.filter((other) => other !== row)];
    showKept();
    report();
  }

  function letGo(row) {
    const place = kept.indexOf(row);
    kept = kept.filter((other) => other !== row);
    showKept();
    report();
    (list.children[Math.min(place, kept.length - 1)]?.querySelector("button") ?? find).focus();
  }

  function showKept() {
    hint.hidden = kept.length > 0;
    list.replaceChildren();
    for (const row of kept) cards.card(row, list, axes, () => letGo(row));
  }

  const ranges = () => {
    const value = typed.low !== null || typed.high !== null ? [{ ...typed }] : [];
    return [...windows.at(-1), ...brushed, ...value];
  };

  // The ranges, one a column.
  function narrowed() {
    const columns = new Map();
    for (const { column, low, high } of ranges()) {
      const known = columns.get(column) ?? { column, low: null, high: null };
      if (low !== null) known.low = Math.max(known.low ?? low, low);
      if (high !== null) known.high = Math.min(known.high ?? high, high);
      columns.set(column, known);
    }
    return [...columns.values()];
  }

  const predicates = (asked) => asked.map((range) => nbframesPredicate(range, rows.columns.get(range.column).finite)).join(", ");

  function report() {
    const asked = narrowed();
    closer.disabled = !brushed.length && typed.low === null && typed.high === null;
    farther.disabled = windows.length === 1;
    clear.disabled = !asked.length;
    tell(asked, kept.map((row) => rows.arch[row]));
    chosen.hidden = !asked.length;
    chosen.textContent = asked.length ? `frame.filter(${predicates(asked)})` : "";
    wanted = asked;
    if (!asked.length) {
      summary.textContent = "Drag over a view; double-click ends it.";
      top.replaceChildren();
      delete root.dataset.selected;
    } else if (far) count();
    else {
      const found = rows.inside(rows.all, asked);
      summarise(found.length, found, page.sampled ? `the sample of ${written(rows.all.length)}` : written(page.total));
    }
  }

  // A kernel counts one selection at a time, the latest next.
  let wanted = [], counting = false;
  async function count() {
    if (counting) return;
    counting = true;
    for (let counted = null; counted !== wanted && wanted.length;) {
      counted = wanted;
      const late = setTimeout(() => { summary.textContent = "The kernel is asked …"; }, 500);
      const told = await ask({ kind: "selection", ranges: counted }).catch((error) => ({ error })).finally(() => clearTimeout(late));
      if (counted !== wanted) continue;
      if (told.error) summary.textContent = unanswered(told.error);
      else summarise(told.count, rows.learn(told.rows), written(page.total));
    }
    counting = false;
  }

  function summarise(count, found, of) {
    summary.textContent = `${written(count)} of ${of} architectures` + (count ? "; the best:" : ".");
    top.replaceChildren();
    cards.list(rows.order(found).slice(0, 10), top);
    root.dataset.selected = count;
  }

  const unanswered = (error) => `The kernel could not answer. ${error.message}`;

  function describe() {
    note.textContent = shown.words;
    const [x, x2, y, colour] = ["x", "x2", "y", "colour"].map((axis) => rows.title(axes[axis]));
    chart.setAttribute("aria-label", `Two scatter plots, ${y} against ${x} and against ${x2}, coloured by ${colour}, and a histogram of ${y}. ${shown.words}`);
    code.textContent = nbframesCode(page, rows, axes, shown, predicates(windows.at(-1)));
    const drawn = [...new Set([axes.x, axes.x2, axes.y])].map((name) => [name, shown.rows.filter((row) => rows.value(name, row) === null).length]);
    missing.textContent = drawn.filter(([, count]) => count)
      .map(([name, count]) => `${written(count)} architectures have no ${rows.title(name)}: not drawn there.`).join(" ");
  }

  const night = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => {
    const { dataset, classList } = document.body;
    return "jpThemeLight" in dataset ? dataset.jpThemeLight === "false" : night.matches || classList.contains("vscode-dark");
  };
  let wasDark = isDark();

  async function draw() {
    wasDark = isDark();
    root.classList.toggle("dark", wasDark);
    root.classList.toggle("narrow", root.clientWidth < 900);
    const width = main.clientWidth, options = { actions: false, renderer: "canvas", tooltip: hover, logLevel: 1 };  // errors only: of an empty selection Vega warns
    const spec = nbframesSpecification(page, rows, axes, shown, typed.column, { width, wide: width > 620, dark: wasDark });
    view?.finalize();
    view = (await vegaEmbed(chart, spec, options)).view;
    brushed = [];
    if (typed.low !== null || typed.high !== null) await view.signal("low", typed.low).signal("high", typed.high).runAsync();
    view.addEventListener("click", (event, item) => { if (item?.datum?.row !== undefined) keep(item.datum.row); });
    let waiting = false;
    const changed = () => {
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => { waiting = false; brushed = [...stored("brush_store"), ...stored("span_store")]; report(); });
    };
    for (const store of ["brush_store", "span_store"]) view.addDataListener(store, changed);
    describe();
    report();
    root.dataset.ready = "true";
  }

  const stored = (store) =>
    view.data(store).flatMap(({ fields, values }) =>
      fields.map(({ field }, place) => ({ column: axes[field], low: short(Math.min(...values[place])), high: short(Math.max(...values[place])) })));
  const short = (x) => Number(x.toPrecision(8));

  let drawnAt = root.clientWidth, timer = 0;
  const sized = new ResizeObserver(() => {
    if (root.clientWidth === drawnAt || root.clientWidth === 0) return;
    drawnAt = root.clientWidth;
    clearTimeout(timer);
    timer = setTimeout(draw, 150);
  });
  const themed = () => { if (isDark() !== wasDark) draw(); };
  const theme = new MutationObserver(themed);
  const away = () => { tip.hidden = true; };
  await look();
  sized.observe(root);
  theme.observe(document.body, { attributes: true });
  night.addEventListener("change", themed);
  addEventListener("scroll", away, { capture: true, passive: true });  // of any element: notebooks scroll within the page
  chart.addEventListener("mouseleave", away);
  return () => {
    sized.disconnect();
    theme.disconnect();
    night.removeEventListener("change", themed);
    removeEventListener("scroll", away, { capture: true });
    view?.finalize();
  };
}
