// Texts and labels reach the page through textContent and title alone, so that none of them is read as HTML.
const NUM_STRONGEST = 8;
const FAINTEST = 0.15;  // every word that is read can be told from what is not

function makeWord(word, strongest, label, against) {
  const node = document.createElement("span");
  const speaksFor = word.contribution > 0 ? label : against ?? `another label than ${label}`;
  node.className = `word ${word.contribution > 0 ? "for" : "against"}`;
  // The square root keeps the many words with a little to say visible beside the strongest.
  const share = Math.sqrt(Math.abs(word.contribution) / strongest);
  node.style.setProperty("--strength", (FAINTEST + (1 - FAINTEST) * share).toFixed(3));
  node.tabIndex = -1;  // what has focus after a tap, without a stop at each of a thousand words for the Tab key
  node.title = `${formatNumber(word.contribution)}, speaks for ${speaksFor}`;
  node.textContent = word.word;
  return node;
}

function makeUnread(text) {
  const node = document.createElement("span");
  node.className = "words-unread";
  node.textContent = text;
  return node;
}

function formatNumber(contribution) {
  return `${contribution < 0 ? "\u2212" : "+"}${Math.abs(contribution).toFixed(2)}`;
}

function draw() {
  const section = element.querySelector(".words");
  const value = props.value;
  section.hidden = !value || !value.words;
  if (section.hidden) return;
  const { label, against, words } = value;
  const strongest = Math.max(...words.map((word) => Math.abs(word.contribution)), 1e-9);
  section.querySelector(".words-for").textContent = label;
  section.querySelector(".words-against").textContent = against ?? "other labels";

  const characters = Array.from(value.text);  // Python counts code points, JavaScript halves of them
  const text = document.createDocumentFragment();
  let position = 0;
  for (const word of words) {
    text.append(makeUnread(characters.slice(position, word.start).join("")), makeWord(word, strongest, label, against));
    position = word.end;
  }
  text.append(makeUnread(characters.slice(position).join("")));
  section.querySelector(".words-chosen").textContent = "";
  section.querySelector(".words-text").replaceChildren(text);

  const first = [...words].sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution)).slice(0, NUM_STRONGEST);
  section.querySelector(".words-strongest").replaceChildren(
    ...first.map((word) => {
      const node = makeWord(word, strongest, label, against);
      node.textContent = `${word.word} ${formatNumber(word.contribution)}`;
      return node;
    })
  );
}

// A tap gives no tooltip: what it would say is written below the text.
element.addEventListener("click", (event) => {
  const node = event.target.closest(".words-text .word");
  if (node) element.querySelector(".words-chosen").textContent = `${node.textContent}: ${node.title}`;
});
watch("value", draw);
draw();
