// The table of students: search, filter, sort; rows are made as they are needed.
"use strict";
const body = document.querySelector("#table tbody");
const search = document.getElementById("search");
const show = document.getElementById("show");
const more = document.getElementById("more");
const BATCH = 100;
const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
const order = { key: "student", descending: false };
let assignment = "";
let matching = [];
let made = 0;

const filters = {
  "": () => true,
  trouble: (s) => s.trouble > 0,
  missing: (s) => s.counts.missing > 0,
  repaired: (s) => s.repairs.length > 0,
};

function compare(a, b) {
  const x = a[order.key], y = b[order.key];
  const by = typeof x === "number" ? x - y : collator.compare(x, y);
  return (order.descending ? -by : by) || collator.compare(a.student, b.student) || a.index - b.index;
}

function toLookAt(s) {
  const parts = ["timeout", "error"].filter((o) => s.counts[o])
    .map((o) => el("span", { class: `pill ${o}` }, `${glyphs[o]} ${plural(s.counts[o], o)}`));
  if (s.counts.missing) parts.push(el("span", { class: "pill missing" }, `– ${s.counts.missing} missing`));
  if (s.repairs.length) parts.push(el("span", { class: "soft small wide" }, "repaired"));
  return el("div", { class: "row", style: "gap:4px 8px" }, parts);
}

function makeRow(s) {
  const meter = el("span", { class: "meter", "aria-hidden": "true" }, el("i", { style: `width:${s.share * 100}%` }));
  return el("tr", {},
    el("th", { scope: "row" }, link(`#/student/${s.index}`, s.student)),
    several ? el("td", { class: "soft small wide" }, s.assignment) : null,
    el("td", { class: "n" }, meter, `${points(s.score)} / ${points(s.max)}`),
    el("td", { class: "wide" }, strip(s)),
    el("td", {}, toLookAt(s)),
    el("td", { class: "n soft wide" }, duration(s.seconds)));
}

function makeRows(count) {
  const next = matching.slice(made, made + count);
  body.append(...next.map(makeRow));
  made += next.length;
  more.hidden = made >= matching.length;
}

function update() {
  const tokens = plainText(search.value).split(/\s+/).filter(Boolean);
  matching = submissions.filter((s) =>
    (!assignment || s.assignment === assignment) && filters[show.value](s)
    && tokens.every((token) => s.haystack.includes(token)));
  matching.sort(compare);
  body.replaceChildren();
  made = 0;
  makeRows(BATCH);
  const shown = document.getElementById("shown");
  shown.textContent = matching.length ? `${matching.length} of ${submissions.length}` : "Nobody matches: change the search or the choice.";
}

function sortBy(button) {
  const key = button.dataset.sort;
  order.descending = order.key === key ? !order.descending : !["student", "assignment"].includes(key);
  order.key = key;
  markOrder();
  update();
}

function markOrder() {
  for (const button of document.querySelectorAll("[data-sort]")) {
    const th = button.closest("th");
    if (button.dataset.sort === order.key) th.setAttribute("aria-sort", order.descending ? "descending" : "ascending");
    else th.removeAttribute("aria-sort");
  }
}

function pickAssignment(button) {
  assignment = button.dataset.assignment;
  for (const other of document.querySelectorAll("[data-assignment]")) {
    other.setAttribute("aria-pressed", String(other === button));
  }
  for (const section of document.querySelectorAll("[data-of]")) {
    section.hidden = Boolean(assignment) && section.dataset.of !== assignment;
  }
  update();
}

search.addEventListener("input", update);
show.addEventListener("change", update);
more.addEventListener("click", () => makeRows(BATCH));
for (const button of document.querySelectorAll("[data-sort]")) button.addEventListener("click", () => sortBy(button));
for (const button of document.querySelectorAll("[data-assignment]")) button.addEventListener("click", () => pickAssignment(button));
new IntersectionObserver(([entry]) => { if (entry.isIntersecting && !more.hidden) makeRows(BATCH); }, { rootMargin: "600px" }).observe(more);
addEventListener("beforeprint", () => makeRows(Infinity));
markOrder();
update();
