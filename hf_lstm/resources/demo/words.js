// Texts and labels reach the page through textContent and title alone, so that none of them is read as HTML.
const NUM_STRONGEST = 8;

function makeWord(word, strongest, label, against) {
  const node = document.createElement("span");
  const speaksFor = word.contribution > 0 ? label : against ?? `another label than ${label}`;
  node.className = `word ${word.contribution > 0 ? "for" : "against"}`;
  // The square root keeps the many words with a little to say visible beside the strongest.
  node.style.setProperty("--strength", Math.sqrt(Math.abs(word.contribution) / strongest).toFixed(3));
  node.title = `${formatNumber(word.contribution)}, speaks for ${speaksFor}`;
  node.textContent = word.word;
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
    text.append(characters.slice(position, word.start).join(""), makeWord(word, strongest, label, against));
    position = word.end;
  }
  text.append(characters.slice(position).join(""));
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

watch("value", draw);
draw();
