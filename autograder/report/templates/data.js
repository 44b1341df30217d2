// Reads the embedded data. Everything in it is shown as text, never as markup.
"use strict";
const raw = JSON.parse(document.getElementById("data").textContent);
const text = (place) => raw.texts[place];
const glyphs = { passed: "✓", partial: "◐", failed: "✗", missing: "–", error: "!", timeout: "◷", manual: "✎" };
const words = { passed: "passed", partial: "partly", failed: "failed", missing: "missing", error: "error", timeout: "timeout", manual: "by hand" };

function readAnswer([exercise, score, max, outcome, diagnosis, message, checks, image]) {
  return {
    exercise: raw.exercises[exercise], score, max,
    outcome: raw.outcomes[outcome],
    diagnosis: diagnosis < 0 ? "" : text(diagnosis),
    message: text(message),
    image: raw.images[image],
    checks: checks.map(([name, got, most, said]) => ({ name: text(name), score: got, max: most, message: text(said) })),
  };
}

const plainText = (s) => s.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

function readSubmission(values, index) {
  const [student, assignment, total, totalMax, score, max, seconds, isolation, page, repairs, answers, trainings] = values;
  const s = {
    index, student, assignment: text(assignment), total, totalMax, score, max, seconds,
    isolation: text(isolation), page, repairs: repairs.map(text), answers: answers.map(readAnswer),
    trainings: trainings.map(text),
  };
  const count = (outcome) => s.answers.filter((a) => a.outcome === outcome).length;
  s.counts = Object.fromEntries(raw.outcomes.map((o) => [o, count(o)]));
  s.share = max > 0 ? score / max : 0;
  s.trouble = s.counts.timeout + s.counts.error;
  const found = s.answers.filter((a) => a.diagnosis).map((a) => `${a.diagnosis} ${a.exercise.id} ${a.exercise.title}`);
  s.haystack = plainText([student, s.assignment, ...found].join("\n"));
  return s;
}

const submissions = raw.submissions.map(readSubmission);
const several = new Set(submissions.map((s) => s.assignment)).size > 1;
const plural = (n, one) => `${n} ${one}${n === 1 ? "" : "s"}`;
const points = (x) => String(Math.round(x * 100) / 100);
const percent = (x) => `${Math.round(x * 100)} %`;
const duration = (s) => (s < 10 ? `${s.toFixed(1)} s` : s < 120 ? `${Math.round(s)} s` : `${Math.round(s / 60)} min`);
const says = (answer) => raw.says[`${answer.exercise.id}/${answer.diagnosis}`] ?? "";

// Makes an element; strings among the children become text nodes.
function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (key === "style") node.style.cssText = value;
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(key, value);
  }
  node.append(...children.flat().filter((c) => c !== null && c !== undefined && c !== ""));
  return node;
}

const pill = (outcome) =>
  el("span", { class: `pill ${outcome}` }, el("span", { "aria-hidden": "true" }, glyphs[outcome]), ` ${words[outcome]}`);
const link = (hash, ...children) => el("a", { href: hash }, ...children);

// A submission's exercises that checks grade, in their order, one coloured field each.
function strip(s) {
  const coded = s.answers.filter((a) => !a.exercise.manual);
  const step = 100 / Math.max(coded.length, 1);
  const stops = coded.map((a, i) =>
    `var(--${a.outcome}) calc(${i * step}% + 1px) calc(${(i + 1) * step}%), var(--card) ${(i + 1) * step}% calc(${(i + 1) * step}% + 1px)`);
  const number = (o) => coded.filter((a) => a.outcome === o).length;
  const label = raw.outcomes.filter(number).map((o) => `${number(o)} ${words[o]}`).join(", ");
  return el("div", { class: "strip", role: "img", "aria-label": label, title: label, style: `background:linear-gradient(90deg,${stops.join(",")})` });
}
