// The page: classifies what is typed, and colors its words. Texts reach it through textContent alone, never as HTML.
"use strict";

const model = new Model(globalThis.HF_LSTM_MODEL);
const find = (id) => document.getElementById(id);
const NUM_STRONGEST = 8, NUM_LABELS = 10, MAX_CHARACTERS = 20000;
// A word that adds a smaller share of what the strongest word adds stays plain; function words and commas do so sooner.
const MIN_SHARE = 0.12, MIN_SHARE_OF_FUNCTION_WORDS = 0.5;
const functionWords = new Set(globalThis.HF_LSTM_MODEL.function_words);
const saysNothing = (word) => functionWords.has(word) || /^(?![^]*[!?])\p{P}+$/u.test(word);
const { thresholds } = globalThis.HF_LSTM_MODEL.config;  // null where a text has one label
const { wording } = globalThis.HF_LSTM_MODEL;
const isPair = !thresholds && model.labels.length === 2;
const nameLabel = (label) => wording.label_names[model.labels.indexOf(label)];

function layOut() {
  document.title = find("title").textContent = wording.title;
  find("description").textContent = wording.description;
  find("text").placeholder = wording.placeholder;
  find("classify").textContent = wording.button;
  find("examples").replaceChildren(...wording.examples.map((example) => {
    const button = makeNode("button", "example", example);
    button.type = "button";
    button.addEventListener("click", () => {
      find("text").value = example;
      classify();
    });
    return button;
  }));
}

function classify() {
  const text = find("text").value;
  if (!text.trim()) return show("Enter a text first.");
  if (text.length > MAX_CHARACTERS) return show(`At most ${MAX_CHARACTERS.toLocaleString("en")} characters, please.`);
  if (!model.knows(text)) return show("The model knows none of these words, so any answer would be a guess.");
  const probabilities = model.predict(text);
  const chosen = model.choose(probabilities);
  show("");
  find("answer").textContent = describe(chosen, probabilities);
  const ranked = rank(probabilities).map((id) => model.labels[id]);
  const others = ranked.filter((label) => !chosen.includes(label));
  const shown = [...chosen, ...others.slice(0, Math.max(0, NUM_LABELS - chosen.length))];
  find("labels").replaceChildren(...shown.map((label) => makeRow(label, probabilities, chosen.includes(label))));
  colorWords(text, isPair ? model.explain(text, model.labels[wording.first]) : model.explain(text));
}

function describe(chosen, probabilities) {
  const isUnsure = !thresholds && Math.round(100 * Math.max(...probabilities)) < 100 * wording.unsure_below;
  const names = chosen.map(nameLabel).join(", ");
  return isUnsure ? `Hard to tell, perhaps: ${names}` : names || "None of the labels";
}

function show(hint) {
  find("hint").textContent = hint;
  for (const id of ["answer", "labels", "words", "strongest", "legend"]) find(id).replaceChildren();
}

// In whole percent, and never certain.
function formatShare(share) {
  const percent = Math.round(100 * share);
  return `${percent < 1 ? "<1" : percent > 99 ? ">99" : percent}\u00a0%`;
}

function makeNode(tag, className, content = "") {
  const node = document.createElement(tag);
  node.className = className;
  node.textContent = content;
  return node;
}

// A label, its probability as a bar, and where a text has any number of labels, what this one needs.
function makeRow(label, probabilities, isChosen) {
  const id = model.labels.indexOf(label), share = probabilities[id];
  // Of two labels each has its color, as its words do; of more, those that are chosen are blue.
  const row = makeNode("div", isPair ? (id === wording.first ? "first" : "second") : "");
  row.classList.toggle("chosen", isChosen);
  const bar = makeNode("span", "bar"), filled = makeNode("span", "filled");
  filled.style.width = `${100 * share}%`;
  bar.append(filled);
  if (thresholds) {
    const mark = makeNode("span", "needed");
    mark.style.left = `${100 * thresholds[id]}%`;
    bar.append(mark);
    bar.title = `${nameLabel(label)} needs ${formatShare(thresholds[id])}`;
  }
  row.append(makeName(label), bar, makeNode("span", "figure", formatShare(share)));
  return row;
}

// The name of a label: where there are more than two sides, a button that colors the words for it.
function makeName(label) {
  if (isPair) return makeNode("span", "name", nameLabel(label));
  const name = makeNode("button", "name", nameLabel(label));
  name.type = "button";
  name.title = `Color the words for ${nameLabel(label)}`;
  name.addEventListener("click", () => {
    const text = find("text").value;
    colorWords(text, model.explain(text, label));
  });
  return name;
}

// Reviews from the web have line breaks as HTML writes them.
const breakLines = (text) => text.replace(/<br *\/?>/gi, "\n");

const format = (contribution) => `${contribution < 0 ? "−" : "+"}${Math.abs(contribution).toFixed(2)}`;

function colorWords(text, { label, against, words }) {
  const shownLabel = nameLabel(label);
  const name = (isFor) =>
    isFor ? `for “${shownLabel}”` : isPair ? `for “${nameLabel(against)}”` : `against “${shownLabel}”`;
  const strongest = Math.max(...words.map((word) => Math.abs(word.contribution)), 1e-9);
  const make = (contribution, content, strength = 0.6) => {
    const isFor = contribution > 0;
    const node = makeNode("span", strength === 0 ? "plain" : isFor ? "for" : "against", content);
    node.style.setProperty("--strength", strength.toFixed(3));
    node.title = `${format(contribution)}, speaks ${name(isFor)}`;
    return node;
  };
  const shown = [], places = new Map();
  let position = 0;
  for (const { start, end, contribution } of words) {
    const word = text.slice(start, end), key = word.toLowerCase(), share = Math.abs(contribution) / strongest;
    const isPlain = share < (saysNothing(key) ? MIN_SHARE_OF_FUNCTION_WORDS : MIN_SHARE);
    shown.push(breakLines(text.slice(position, start)), make(contribution, word, isPlain ? 0 : Math.sqrt(share)));
    position = end;
    if (isPlain) continue;
    const place = places.get(key) ?? { word, count: 0, contribution: 0 };
    places.set(key, { word: place.word, count: place.count + 1, contribution: place.contribution + contribution });
  }
  find("words").replaceChildren(...shown, breakLines(text.slice(position)));
  const first = [...places.values()].sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution)).slice(0, NUM_STRONGEST);
  find("strongest").replaceChildren(...first.map(({ word, count, contribution }) =>
    make(contribution, `${word}${count > 1 ? ` ×${count}` : ""} ${format(contribution)}`)));
  find("legend").replaceChildren(
    "Words speak ", make(1, name(true)), " or ", make(-1, name(false)), ". Plain words count little.",
    thresholds ? " A text has each label whose bar reaches its mark." : "");
  for (const button of document.querySelectorAll("#labels button")) {
    button.setAttribute("aria-pressed", String(button.textContent === shownLabel));
  }
}

layOut();
find("classify").addEventListener("click", classify);
find("text").addEventListener("input", () => show(""));
find("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) classify();
});
