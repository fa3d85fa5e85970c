// What is shown of one architecture: its cell, its values, its learning curve, its neighbours.
class NbframesCards {
  constructor(page, rows, ask, keep) {
    Object.assign(this, { page, rows, ask, keep, drawn: new Map(), told: new Map() });
  }

  // Its drawing if the page has it; a kernel draws the others, one at a time.
  async picture(row) {
    if (!this.drawn.has(row)) this.drawn.set(row, this.draw(row));
    return (await this.drawn.get(row))?.cloneNode(true);
  }

  async draw(row) {
    const { pictures } = this.page;
    let text = null;
    if (pictures && row < pictures.rows.length) text = pictures.rows[row].map((piece) => "<" + pictures.elements[piece]).join("");
    else if (this.page.drawable && this.ask) text = (await this.ask({ kind: "picture", arch: this.rows.arch[row] })).picture;
    if (!text) return null;
    const holder = document.createElement("div");
    holder.innerHTML = text;
    holder.querySelector("title")?.remove();
    holder.firstElementChild?.setAttribute("aria-label", this.rows.name(row));
    return holder.firstElementChild;
  }

  // Facts of an architecture; resolves when its picture is there.
  async facts(row, parent, axes) {
    const { rows } = this, place = nbframesMake("div", parent);
    if (rows.names) nbframesMake("div", parent, { class: "name" }, rows.name(row));
    const table = nbframesMake("dl", parent);
    for (const name of new Set(["value", axes.y, axes.x, axes.x2, axes.colour, "rank"])) {
      if (!rows.columns.has(name)) continue;
      nbframesMake("dt", table, {}, rows.title(name));
      nbframesMake("dd", table, {}, nbframesWritten(rows.value(name, row)));
    }
    const drawn = await this.picture(row).catch((error) => nbframesMake("p", null, {}, `Not drawn. ${error.message}`));
    if (drawn) place.replaceChildren(drawn);
  }

  card(row, parent, axes, dropped) {
    const number = this.rows.arch[row], card = nbframesMake("section", parent, { class: "card", "aria-label": `architecture ${number}` });
    const head = nbframesMake("div", card, {}, `architecture ${number} `);
    nbframesMake("button", head, { type: "button", "aria-label": `let architecture ${number} go` }, "let go").addEventListener("click", dropped);
    this.facts(row, card, axes);
    const more = nbframesMake("div", card);
    this.more(row).then(({ curve, near, why }) => {
      if (curve?.length > 1) this.curve(curve, more);
      if (near) this.neighbours(row, near, more);
      else if (why) nbframesMake("p", more, {}, why);
    }, (error) => nbframesMake("p", more, {}, `The kernel could not answer. ${error.message}`));
  }

  // Learning curve and neighbours, from the page as far as it has them, else from the kernel.
  async more(row) {
    if (!this.told.has(row)) this.told.set(row, this.tell(row));
    return this.told.get(row);
  }

  async tell(row) {
    const { page, rows } = this, near = page.neighbours;
    let curve = null, found = null;
    if (page.curves && row < page.rows.arch.length) {
      curve = page.curves.budgets.map((budget) => [budget, page.curves.values[budget][row]]);
    }
    if (near?.columns) {
      const differing = rows.differingInOne(row, near.columns);
      found = { possible: near.possible, there: differing.length, better: differing.filter((other) => rows.isBetter(other, row)).length, rows: differing };
    } else if (near && row < near.rows.length) {
      found = { possible: near.possible[row], there: near.there[row], better: near.better[row], rows: near.rows[row] };
    } else if (this.ask && (near || page.curves)) {
      const told = await this.ask({ kind: "architecture", arch: rows.arch[row] });
      curve ??= told.curve;
      if (told.near) found = { ...told.near, rows: rows.learn(told.near.rows) };
    }
    return { curve: curve?.filter((point) => point[1] !== null), near: found, why: page.no_neighbours };
  }

  neighbours(row, near, parent) {
    const words = nbframesWritten, details = nbframesMake("details", parent);
    const some = near.there < near.possible ? `, ${words(near.there)} of them measured` : "";
    nbframesMake("summary", details, {}, `${words(near.possible)} neighbours${some}` + (this.page.better && near.there ? `, ${words(near.better)} of them better` : ""));
    if (near.rows.length < near.there) nbframesMake("p", details, {}, `${words(near.rows.length)} of them are points here:`);
    this.list(near.rows, nbframesMake("ol", details));
  }

  list(listed, parent) {
    for (const row of this.rows.order(listed)) {
      const item = nbframesMake("li", parent);
      nbframesMake("button", item, { type: "button" }, this.rows.name(row)).addEventListener("click", () => this.keep(row));
      nbframesMake("span", item, {}, nbframesWritten(this.rows.value("value", row)));
    }
  }

  curve(points, parent) {
    const [width, height, left, foot] = [300, 120, 44, 20];
    const xs = points.map((point) => point[0]), ys = points.map((point) => point[1]);
    const [x0, x1, y0, y1] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    const at = ([x, y]) =>
      `${left + ((x - x0) / (x1 - x0)) * (width - left - 10)},${height - foot - ((y - y0) / (y1 - y0 || 1)) * (height - foot - 10)}`;
    const text = (x, y, number, anchor) =>
      `<text x="${x}" y="${y}" text-anchor="${anchor}" font-size="10" fill="currentColor">${nbframesWritten(number)}</text>`;
    nbframesMake("p", parent, {}, "Learning curve: mean over seeds against epochs completed");
    nbframesMake("div", parent).innerHTML =
      `<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="Learning curve">` +
      `<polyline fill="none" stroke="var(--accent)" stroke-width="2" points="${points.map(at).join(" ")}"/>` +
      text(left - 4, height - foot, y0, "end") + text(left - 4, 14, y1, "end") +
      text(left, height - 5, x0, "start") + text(width - 10, height - 5, x1, "end") + "</svg>";
  }
}
