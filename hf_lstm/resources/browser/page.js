// The page: classifies what is typed, and colors its words. Texts reach it through textContent alone, never as HTML.
"use strict";

const model = new Model(globalThis.HF_LSTM_MODEL);
const find = (id) => document.getElementById(id);
const NUM_STRONGEST = 8, MAX_CHARACTERS = 20000;

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

function colorWords(text, { label, against, words }) {
  const strongest = Math.max(...words.map((word) => Math.abs(word.contribution)), 1e-9);
  const make = (word, content) => {
    const node = document.createElement("span");
    const isFor = word.contribution > 0;
    node.className = isFor ? "for" : "against";
    node.style.setProperty("--strength", Math.sqrt(Math.abs(word.contribution) / strongest).toFixed(3));
    const speaks = isFor ? label : against ?? `another label than ${label}`;
    node.title = `${word.contribution < 0 ? "−" : "+"}${Math.abs(word.contribution).toFixed(2)}, speaks for ${speaks}`;
    node.textContent = content;
    return node;
  };
  const shown = [];
  let position = 0;
  for (const word of words) {
    shown.push(text.slice(position, word.start), make(word, text.slice(word.start, word.end)));
    position = word.end;
  }
  find("words").replaceChildren(...shown, text.slice(position));
  const first = [...words].sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution)).slice(0, NUM_STRONGEST);
  find("strongest").replaceChildren(...first.map((word) => make(word, `${text.slice(word.start, word.end)} ${word.contribution < 0 ? "−" : "+"}${Math.abs(word.contribution).toFixed(2)}`)));
  find("legend").replaceChildren("Words speak for ", make({ contribution: strongest }, label), " or for ", make({ contribution: -strongest }, against ?? "other labels"), ".");
}

find("classify").addEventListener("click", classify);
find("text").addEventListener("input", () => show(""));
find("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) classify();
});
