"use strict";
// What the page does beyond showing: tables that sort and filter, values under the pointer, texts to copy. Everything
// is there without this script too.

const element = (name, attributes = {}, ...content) => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...content);
  return made;
};
const shown = (node) => node.textContent.replace(/\s+/g, " ").trim();

// Tables. A row of class head names the group of its body; rows move and hide within their body. Those of class steps
// stay in their order.
const FILTERED_FROM = 8;

const sortKey = (cell) => {
  if (!cell) return "";
  const copy = cell.cloneNode(true);
  copy.querySelectorAll("small, svg").forEach((part) => part.remove());
  const text = shown(copy);
  const number = /^[±+-]?[\d,]*\.?\d+(e[+-]?\d+)?\s*%?$/.test(text) ? parseFloat(text.replace(/[,±%]/g, "")) : NaN;
  if (!Number.isNaN(number)) return number;
  return text === "–" || text === "" ? null : text;
};

// Cells without a value stay last in both directions.
const compare = (one, other, sign) => {
  if (one === null || other === null) return (one === null) - (other === null);
  if (typeof one === "number" && typeof other === "number") return sign * (one - other);
  return sign * String(one).localeCompare(String(other), "en", { numeric: true });
};

const columnOf = (heading) => {
  let column = 0;
  for (let cell = heading.previousElementSibling; cell; cell = cell.previousElementSibling) column += cell.colSpan;
  return column + heading.colSpan - 1;
};

const cellAt = (row, column) => {
  let at = 0;
  for (const cell of row.cells) {
    at += cell.colSpan;
    if (at > column) return cell;
  }
  return null;
};

const sortTable = (table, heading) => {
  const falling = heading.getAttribute("aria-sort") === "ascending";
  const column = columnOf(heading);
  table.querySelectorAll("th[aria-sort]").forEach((th) => th.removeAttribute("aria-sort"));
  heading.setAttribute("aria-sort", falling ? "descending" : "ascending");
  table.classList.add("sorted");
  for (const body of table.tBodies) {
    const rows = [...body.rows].filter((row) => !row.classList.contains("head"));
    const keys = new Map(rows.map((row) => [row, sortKey(cellAt(row, column))]));
    body.append(...rows.sort((one, other) => compare(keys.get(one), keys.get(other), falling ? -1 : 1)));
  }
};

const filterTable = (table, words) => {
  let left = 0;
  for (const body of table.tBodies) {
    const head = body.querySelector("tr.head");
    const group = head ? shown(head) : "";
    let any = false;
    for (const row of body.rows) {
      if (row === head) continue;
      const text = `${group} ${shown(row)}`.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
      any ||= !row.hidden;
      left += !row.hidden;
    }
    if (head) head.hidden = !any;
  }
  table.classList.toggle("filtered", words.length > 0);
  return left;
};

for (const table of document.querySelectorAll(".scroll > table:not(.steps)")) {
  const rows = [...table.tBodies].flatMap((body) => [...body.rows]).filter((row) => !row.classList.contains("head"));
  if (rows.length < 2) continue;
  for (const heading of table.tHead.rows[table.tHead.rows.length - 1].cells) {
    const button = element("button", { type: "button", class: "sort", title: "Sort by this column" });
    button.append(...heading.childNodes);
    button.addEventListener("click", () => sortTable(table, heading));
    heading.append(button);
  }
  if (rows.length < FILTERED_FROM) continue;
  const name = table.parentElement.getAttribute("aria-label");
  const count = element("output", {}, `${rows.length} rows`);
  const field = element("input", { type: "search", placeholder: "Filter rows", "aria-label": `Filter rows: ${name}` });
  field.addEventListener("input", () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    const left = filterTable(table, words);
    count.textContent = words.length ? `${left} of ${rows.length} rows` : `${rows.length} rows`;
  });
  table.parentElement.before(element("div", { class: "filter" }, field, count));
}

// Values under the pointer: of marks with a title, and of the nearest point of a curve.
const tip = element("div", { class: "tip", role: "status", hidden: "" });
document.body.append(tip);

const showTip = (text, x, y) => {
  tip.textContent = text;
  tip.hidden = false;
  const { width, height } = tip.getBoundingClientRect();
  tip.style.left = `${Math.max(4, Math.min(x + 12, document.documentElement.clientWidth - width - 4))}px`;
  tip.style.top = `${y + 16 + height > window.innerHeight ? y - height - 10 : y + 16}px`;
};
const hideTip = () => { tip.hidden = true; };

for (const title of document.querySelectorAll("svg title")) {
  const mark = title.parentElement;
  mark.dataset.tip = title.textContent;
  title.remove();
}
document.addEventListener("pointermove", (event) => {
  const mark = event.target.closest?.("[data-tip]");
  if (mark) showTip(mark.dataset.tip, event.clientX, event.clientY);
  else if (!event.target.closest?.("svg.plot")) hideTip();
});
// A plot that was chosen with a key keeps its tip while the page scrolls to it.
let tellAgain = hideTip;
document.addEventListener("scroll", () => tellAgain(), { passive: true, capture: true });

for (const plot of document.querySelectorAll("svg.plot")) {
  const curves = [...plot.querySelectorAll("polyline")].map((line) => ({
    name: line.dataset.name,
    places: [...line.points].map((point) => [point.x, point.y]),
    x: line.dataset.x.split(" "),
    y: line.dataset.y.split(" "),
    notes: line.dataset.note?.split("|") ?? [],
  })).filter((curve) => curve.places.length);
  if (!curves.length) continue;
  const cursor = document.createElementNS("http:" + "//www.w3.org/2000/svg", "circle");
  cursor.setAttribute("r", 5);
  cursor.setAttribute("class", "cursor");
  let here = { curve: 0, point: 0 };

  const tell = () => {
    const curve = curves[here.curve];
    const [x, y] = curve.places[here.point];
    cursor.setAttribute("cx", x);
    cursor.setAttribute("cy", y);
    plot.append(cursor);
    const values = [`${plot.dataset.across} ${curve.x[here.point]}`, `${plot.dataset.up} ${curve.y[here.point]}`];
    if (curve.notes[here.point]) values.push(curve.notes[here.point]);
    const at = new DOMPoint(x, y).matrixTransform(plot.getScreenCTM());
    showTip(`${curve.name}: ${values.join(", ")}`, at.x, at.y);
  };
  const leave = () => { cursor.remove(); tellAgain = hideTip; hideTip(); };

  plot.addEventListener("pointermove", (event) => {
    const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(plot.getScreenCTM().inverse());
    let nearest = Infinity;
    curves.forEach((curve, number) => curve.places.forEach(([px, py], point) => {
      const distance = (px - x) ** 2 + (py - y) ** 2;
      if (distance < nearest) { nearest = distance; here = { curve: number, point }; }
    }));
    tell();
  });
  plot.addEventListener("pointerleave", leave);
  plot.addEventListener("focus", () => { if (plot.matches(":focus-visible")) tellAgain = tell; tellAgain(); });
  plot.addEventListener("blur", leave);
  plot.addEventListener("keydown", (event) => {
    const [along, across] = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key] ?? [0, 0];
    if (event.key === "Escape") leave();
    if (!along && !across) return;
    event.preventDefault();
    here.curve = (here.curve + across + curves.length) % curves.length;
    const last = curves[here.curve].places.length - 1;
    here.point = Math.max(0, Math.min(last, here.point + along));
    tellAgain = tell;
    tell();
  });
}

// Texts to copy.
for (const block of document.querySelectorAll(".copied")) {
  const button = element("button", { type: "button", class: "copy" }, "Copy");
  button.addEventListener("click", async () => {
    const text = block.innerText;
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(block);
      button.textContent = "Selected: press Ctrl+C";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 2500);
  });
  block.before(button);
}

// Where the reader is, in the navigation; and everything unfolded on paper.
const links = new Map([...document.querySelectorAll("nav a")].map((link) => [link.hash.slice(1), link]));
const watcher = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (isIntersecting) {
      links.forEach((link) => link.removeAttribute("aria-current"));
      links.get(target.id)?.setAttribute("aria-current", "true");
    }
  }
}, { rootMargin: "-10% 0px -80% 0px" });
document.querySelectorAll("main > section").forEach((section) => watcher.observe(section));
