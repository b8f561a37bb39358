// A press on a column's head sorts a table's rows, within each model: up, down, and as they were.

function sortNumber(cell) {
  if (cell.dataset.value !== undefined) return Number(cell.dataset.value);
  const found = cell.textContent.trim().replace("\u2212", "-").replaceAll(/[,\u202f]/g, "").match(/^-?\d+(\.\d+)?/);
  return found ? Number(found[0]) : null;
}

function sortRows(body, column, direction, order) {
  const rows = [...body.rows].filter((row) => !row.classList.contains("fixed") && !row.querySelector("th[colspan]"));
  const keys = new Map(rows.map((row) => [row, sortNumber(row.cells[column])]));
  const empty = (row) => ["", "\u2013"].includes(row.cells[column].textContent.trim());
  const numeric = rows.every((row) => keys.get(row) !== null || empty(row));
  const compared = (first, second) => {
    if (!direction) return order.get(first) - order.get(second);
    if (empty(first) || empty(second)) return empty(first) - empty(second); // what is not known comes last
    if (numeric) return direction * (keys.get(first) - keys.get(second));
    const [a, b] = [first, second].map((row) => row.cells[column].textContent.trim());
    return direction * a.localeCompare(b, undefined, { numeric: true });
  };
  body.append(...rows.sort((a, b) => compared(a, b) || order.get(a) - order.get(b)));
}

for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  const order = new Map([...table.querySelectorAll("tbody tr")].map((row, place) => [row, place]));
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    head.setAttribute("aria-sort", "none");
    button.addEventListener("click", () => {
      const next = { none: "ascending", ascending: "descending", descending: "none" }[head.getAttribute("aria-sort")];
      heads.forEach((other) => other.setAttribute("aria-sort", "none"));
      head.setAttribute("aria-sort", next);
      const direction = { none: 0, ascending: 1, descending: -1 }[next];
      for (const body of table.tBodies) sortRows(body, column, direction, order);
    });
  });
}
