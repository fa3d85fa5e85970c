// The architectures that a page knows: those it came with, and those that a kernel tells it of later. A row is the number of one.
class NbframesRows {
  constructor(page) {
    this.columns = new Map(page.columns.map((column) => [column.name, column]));
    this.better = page.better;
    this.arch = [];
    this.names = page.rows.names ? [] : null;
    this.data = new Map(page.columns.map((column) => [column.name, []]));
    this.rowOf = new Map();
    this.all = this.learn(page.rows);
  }

  learn({ arch, names, data }) {
    const columns = [...this.data].map(([name, known]) => {
      const told = data[name];
      return [known, Array.isArray(told) ? told : told.codes.map((code) => (code === null ? null : told.categories[code]))];
    });
    return arch.map((number, place) => {
      if (!this.rowOf.has(number)) {
        this.rowOf.set(number, this.arch.length);
        this.arch.push(number);
        this.names?.push(names[place]);
        for (const [known, told] of columns) known.push(told[place]);
      }
      return this.rowOf.get(number);
    });
  }

  value(name, row) {
    return this.data.get(name)[row];
  }

  title(name) {
    return this.columns.get(name).title;
  }

  name(row) {
    return this.names?.[row] ?? `architecture ${this.arch[row]}`;
  }

  find(text) {
    const row = this.names ? this.names.indexOf(text) : -1;
    return row >= 0 ? row : /^\d+$/.test(text) ? this.rowOf.get(Number(text)) : undefined;
  }

  inside(rows, ranges) {
    const asked = ranges.map(({ column, low, high }) => [this.data.get(column), low ?? -Infinity, high ?? Infinity]);
    return rows.filter((row) => asked.every(([values, low, high]) => values[row] !== null && values[row] >= low && values[row] <= high));
  }

  // The best first; those without a value last.
  order(rows) {
    const values = this.data.get("value"), sign = this.better === "min" ? 1 : -1;
    return [...rows].sort((a, b) => (values[a] === null) - (values[b] === null) || sign * (values[a] - values[b]));
  }

  isBetter(row, than) {
    const [a, b] = [this.value("value", row), this.value("value", than)];
    return a !== null && b !== null && (this.better === "min" ? a < b : a > b);
  }

  // Those that differ in one choice; `names` are the columns in which something is chosen.
  differingInOne(row, names) {
    const columns = names.map((name) => this.data.get(name));
    return this.all.filter((other) => {
      let differing = 0;
      for (const values of columns) if (values[other] !== values[row] && ++differing > 1) break;
      return differing === 1;
    });
  }
}

// Polars for a range, as the kernel reads it.
function nbframesPredicate({ column, low, high }, finite) {
  const name = `pl.col(${JSON.stringify(column)})`;
  if (low !== null && high !== null) return `${name}.is_between(${low}, ${high})`;
  return (low === null ? `${name} <= ${high}` : `${name} >= ${low}`) + (finite ? "" : `, ${name}.is_finite()`);
}

async function nbframesUnpack(packed) {
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).json();
}

function nbframesWritten(x) {
  if (x === null || x === undefined) return "–";
  if (typeof x === "string") return x;
  return x.toLocaleString("en", Number.isInteger(x) ? {} : { maximumSignificantDigits: 6 });
}

function nbframesMake(tag, parent, attributes = {}, text = "") {
  const node = document.createElement(tag);
  for (const [key, given] of Object.entries(attributes)) node.setAttribute(key, given);
  node.textContent = text;
  parent?.append(node);
  return node;
}
