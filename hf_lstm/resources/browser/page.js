// The page: classifies what is typed, and colors its words. Texts reach it through textContent alone, never as HTML.
"use strict";

const model = new Model(globalThis.HF_LSTM_MODEL);
const find = (id) => document.getElementById(id);
const NUM_STRONGEST = 8, MAX_CHARACTERS = 20000;
// A word that adds a smaller share of what the strongest word adds stays plain, and function words do so sooner.
const MIN_SHARE = 0.12, MIN_SHARE_OF_FUNCTION_WORDS = 0.5;
const functionWords = new Set(globalThis.HF_LSTM_MODEL.function_words);

function classify() {
  const text = find("text").value;
  if (!text.trim()) return show("Enter a text first.");
  if (text.length > MAX_CHARACTERS) return show(`At most ${MAX_CHARACTERS.toLocaleString("en")} characters, please.`);
  if (!model.knows(text)) return show("The model knows none of these words, so any answer would be a guess.");
  const probabilities = model.predict(text);
  const ranked = model.labels.map((label, id) => [label, probabilities[id]]).sort((a, b) => b[1] - a[1]).slice(0, 10);
  show("");
  find("labels").replaceChildren(...ranked.map(([label, share]) => makeRow(label, share)));
  colorWords(text, model.explain(text));
}

function show(hint) {
  find("hint").textContent = hint;
  for (const id of ["labels", "words", "strongest", "legend"]) find(id).replaceChildren();
}

function makeRow(label, share) {
  const row = document.createElement("div");
  const [name, figure, bar] = ["span", "span", "meter"].map((tag) => document.createElement(tag));
  name.textContent = label;
  figure.textContent = share >= 0.9995 ? "> 99.9 %" : `${(100 * share).toFixed(1)} %`;
  bar.value = share;
  bar.setAttribute("aria-label", `probability of ${label}`);
  row.append(name, bar, figure);
  return row;
}

const format = (contribution) => `${contribution < 0 ? "−" : "+"}${Math.abs(contribution).toFixed(2)}`;

function colorWords(text, { label, against, words }) {
  const strongest = Math.max(...words.map((word) => Math.abs(word.contribution)), 1e-9);
  const make = (contribution, content, strength = 0.6) => {
    const node = document.createElement("span");
    const isFor = contribution > 0;
    node.className = strength === 0 ? "plain" : isFor ? "for" : "against";
    node.style.setProperty("--strength", strength.toFixed(3));
    node.title = `${format(contribution)}, speaks for ${isFor ? label : against ?? `another label than ${label}`}`;
    node.textContent = content;
    return node;
  };
  const shown = [], places = new Map();
  let position = 0;
  for (const { start, end, contribution } of words) {
    const word = text.slice(start, end), key = word.toLowerCase(), share = Math.abs(contribution) / strongest;
    const isPlain = share < (functionWords.has(key) ? MIN_SHARE_OF_FUNCTION_WORDS : MIN_SHARE);
    shown.push(text.slice(position, start), make(contribution, word, isPlain ? 0 : Math.sqrt(share)));
    position = end;
    if (isPlain) continue;
    const place = places.get(key) ?? { word, count: 0, contribution: 0 };
    places.set(key, { word: place.word, count: place.count + 1, contribution: place.contribution + contribution });
  }
  find("words").replaceChildren(...shown, text.slice(position));
  const first = [...places.values()].sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution)).slice(0, NUM_STRONGEST);
  find("strongest").replaceChildren(...first.map(({ word, count, contribution }) =>
    make(contribution, `${word}${count > 1 ? ` ×${count}` : ""} ${format(contribution)}`)));
  find("legend").replaceChildren(
    "Words speak for ", make(1, label), " or for ", make(-1, against ?? "other labels"), ". Plain words count little.");
}

find("classify").addEventListener("click", classify);
find("text").addEventListener("input", () => show(""));
find("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) classify();
});
