// The pages behind the overview: one student, one exercise. The address says which.
"use strict";
const overview = document.getElementById("overview");
const detail = document.getElementById("detail");
const title = document.title;
let cameFrom = null;

const back = () => el("p", { class: "tool" }, link("#/", "← Class"));

function checkList(answer) {
  const nothing = ["missing", "error", "timeout"].includes(answer.outcome) && !answer.score;
  if (!answer.checks.length || nothing) return null;
  if (answer.outcome === "passed") {
    return el("p", { class: "soft small" }, answer.checks.map((c) => c.name.replaceAll("_", " ")).join(" · "));
  }
  return el("ul", {}, answer.checks.map((c) => el("li", {},
    el("span", { role: "img", "aria-label": c.score >= c.max ? "passed" : "not passed" }, c.score >= c.max ? "✓" : "✗"),
    el("span", {}, c.name.replaceAll("_", " ")),
    el("span", { class: "soft" }, `${points(c.score)} / ${points(c.max)}`),
    el("span", {}, c.message === answer.message ? "" : c.message))));
}

// Left what the answer draws, right what the solution draws of the same.
function picture(answer) {
  if (!answer.image) return null;
  const label = `What this answer draws, and beside it what the solution draws: ${answer.exercise.title}`;
  if (!answer.image.startsWith("data:image/webp;base64,")) {
    return el("p", {}, el("a", { href: answer.image }, "Picture: this answer, and the solution"));
  }
  return el("figure", {}, el("img", { src: answer.image, alt: label }),
    el("figcaption", { class: "soft small" }, el("span", {}, "this answer"), el("span", {}, "solution")));
}

function diagnosis(answer) {
  if (!answer.diagnosis) return null;
  return el("p", { class: "hint" }, "Known mistake: ",
    link(`#/find/${encodeURIComponent(answer.diagnosis)}`, says(answer) || answer.diagnosis),
    says(answer) ? el("span", { class: "soft small" }, " · ", el("code", { class: "whole" }, answer.diagnosis)) : "");
}

const given = (answer) => answer.outcome === "manual" && !answer.score
  ? `of ${points(answer.max)}` : `${points(answer.score)} / ${points(answer.max)}`;

function answerPart(answer) {
  const name = link(`#/exercise/${encodeURIComponent(answer.exercise.id)}`, answer.exercise.title);
  return el("article", { class: "answer" },
    el("div", { class: "row" },
      el("h3", {}, el("span", { class: "soft" }, answer.exercise.section), " ", name),
      pill(answer.outcome), el("span", { class: "given" }, given(answer))),
    answer.message ? el("p", {}, answer.message) : null,
    diagnosis(answer), picture(answer), checkList(answer));
}

function answerCard(heading, answers) {
  return answers.length ? el("div", { class: "card grid" }, el("h2", {}, heading), el("div", {}, answers.map(answerPart))) : null;
}

function neighbours(s) {
  const list = matching.length ? matching : submissions;
  const place = list.indexOf(s);
  if (place < 0) return null;
  const step = (offset, label) => list[place + offset]
    ? link(`#/student/${list[place + offset].index}`, label) : el("span", { class: "soft" }, label);
  return el("nav", { class: "row tool", "aria-label": "Other students" }, step(-1, "← previous"), step(1, "next →"));
}

function figure(value, label) {
  return el("div", { class: "figure" }, el("b", {}, value), el("span", { class: "soft small" }, label));
}

function studentView(index) {
  const s = submissions[index];
  if (!s) return null;
  const hand = s.totalMax - s.max;
  const others = submissions.filter((o) => o.student === s.student && o !== s);
  return [s.student,
    el("div", { class: "row between" }, back(), neighbours(s)),
    el("h1", { tabindex: "-1" }, s.student),
    el("p", { class: "soft top" }, s.assignment, ` · isolation ${s.isolation}`,
      others.map((o) => [" · ", link(`#/student/${o.index}`, o.assignment)]).flat(),
      s.page ? [" · ", link(s.page, "feedback page")] : ""),
    el("div", { class: "figures" },
      figure(`${points(s.score)} / ${points(s.max)}`, "points by checks"),
      figure(percent(s.share), "of these points"),
      figure(String(s.counts.passed), `of ${s.answers.filter((a) => !a.exercise.manual).length} exercises passed`),
      hand > 0 ? figure(points(hand), "points to give by hand") : null,
      figure(duration(s.seconds), "to grade")),
    s.repairs.length ? el("div", { class: "card grid" }, el("h2", {}, "Repairs when the notebook was read"),
      el("ul", { class: "plain" }, s.repairs.map((r) => el("li", {}, r)))) : null,
    s.trainings.length ? el("div", { class: "card grid" }, el("h2", {}, "Trained in full"),
      el("ul", { class: "plain" }, s.trainings.map((r) => el("li", {}, r)))) : null,
    answerCard("Graded by checks", s.answers.filter((a) => !a.exercise.manual)),
    answerCard("Graded by hand", s.answers.filter((a) => a.exercise.manual))];
}

function exerciseRow(s, answer) {
  return el("article", { class: "answer" },
    el("div", { class: "row" }, el("h3", {}, link(`#/student/${s.index}`, s.student)),
      pill(answer.outcome), el("span", { class: "given" }, given(answer))),
    answer.message && answer.outcome !== "passed" ? el("p", {}, answer.message) : null,
    answer.outcome === "passed" ? null : diagnosis(answer), picture(answer));
}

function exerciseView(id) {
  const exercise = raw.exercises.find((e) => e.id === id);
  if (!exercise) return null;
  const found = submissions.flatMap((s) => s.answers.filter((a) => a.exercise.id === id).map((a) => [s, a]));
  const rank = (a) => ["timeout", "error", "failed", "partial", "missing", "manual", "passed"].indexOf(a.outcome);
  found.sort(([s, a], [t, b]) => rank(a) - rank(b) || a.diagnosis.localeCompare(b.diagnosis) || collator.compare(s.student, t.student));
  const counts = raw.outcomes.map((o) => [o, found.filter(([, a]) => a.outcome === o).length]).filter(([, n]) => n);
  return [exercise.title, back(),
    el("h1", { tabindex: "-1" }, exercise.title),
    el("p", { class: "soft top" }, exercise.section, " · ", el("code", {}, id)),
    el("div", { class: "figures" }, counts.map(([o, n]) => figure(String(n), words[o]))),
    exercise.rubric.length ? el("div", { class: "card grid" }, el("h2", {}, "Rubric"),
      el("ul", { class: "plain" }, exercise.rubric.map((line) => el("li", {}, line)))) : null,
    el("div", { class: "card" }, el("h2", {}, "Answers"), el("div", {}, found.map(([s, a]) => exerciseRow(s, a))))];
}

function decoded(part) {
  try { return decodeURIComponent(part); } catch { return ""; }
}

function route() {
  const [, kind, ...rest] = location.hash.split("/");
  const key = decoded(rest.join("/"));
  if (kind === "find") {
    search.value = key;
    update();
  }
  const view = kind === "student" ? studentView(Number(key)) : kind === "exercise" ? exerciseView(key) : null;
  overview.hidden = Boolean(view);
  detail.hidden = !view;
  document.title = view ? `${view[0]} · ${title}` : title;
  detail.replaceChildren(...(view ?? []).slice(1).filter(Boolean));
  if (view) {
    scrollTo({ top: 0, behavior: "instant" });
    detail.querySelector("h1").focus({ preventScroll: true });
    cameFrom = location.hash;
  } else if (kind === "find") {
    document.getElementById("students").scrollIntoView();
    search.focus({ preventScroll: true });
  } else if (cameFrom) {
    const row = [...body.querySelectorAll("a")].find((a) => a.hash === cameFrom);
    row?.focus();
    cameFrom = null;
  }
}

// Up and down go from one student to the next, as in a list.
function moveInTable(event) {
  const links = [...body.querySelectorAll("th a")];
  const at = links.indexOf(document.activeElement);
  if (at < 0 && document.activeElement !== search) return;
  event.preventDefault();
  const to = event.key === "ArrowDown" ? at + 1 : at - 1;
  (to < 0 ? search : links[Math.min(to, links.length - 1)])?.focus();
}

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = ["INPUT", "SELECT"].includes(document.activeElement?.tagName);
  if (event.key === "/" && !typing && detail.hidden) {
    event.preventDefault();
    search.focus();
  } else if (event.key === "Escape" && !detail.hidden) {
    location.hash = "#/";
  } else if (["ArrowDown", "ArrowUp"].includes(event.key) && detail.hidden) {
    moveInTable(event);
  }
});
addEventListener("hashchange", route);
route();
