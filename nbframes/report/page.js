"use strict";
// Headers become buttons that sort the rows below them; without this script the tables stand as they are.
const value = (row, column) => row.cells[column].textContent.trim();
const number = text => Number(text.replaceAll(",", "").replace("\u2212", "-"));
const missing = text => text === "-" || text === "" || text === "nan";
for (const table of document.querySelectorAll("table")) {
  const heads = [...table.tHead.rows[0].cells];
  const body = table.tBodies[0];
  if (body.rows.length < 2) continue;
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const direction = head.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending";
      const sign = direction === "ascending" ? 1 : -1;
      const numeric = head.classList.contains("number");
      const order = (a, b) => {
        const [x, y] = [value(a, column), value(b, column)];
        if (missing(x) || missing(y)) return missing(x) - missing(y);
        return sign * (numeric ? number(x) - number(y) : x.localeCompare(y, "en", { numeric: true }));
      };
      heads.forEach(other => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", direction);
      body.replaceChildren(...[...body.rows].sort(order));
    });
  });
}
