// Texts and labels reach the page through textContent and title alone, so that none of them is read as HTML.
let isEdited = false;
const find = (name) => element.querySelector(`.answer-${name}`);

function make(tag, className, text) {
  const node = document.createElement(tag);
  node.className = className;
  node.textContent = text;
  return node;
}

function makeWord(tag, word, value, text) {
  // Of many labels all are blue, and what speaks against the answer is orange.
  const node = make(tag, `word ${word.tone}`, text);
  const speaksFor = word.tone === "for" ? value.label : value.against ?? `another label than ${value.label}`;
  node.title = `${word.shown}, speaks for “${speaksFor}”`;
  return node;
}

// Reviews from the web have line breaks as HTML writes them.
const breakLines = (text) => text.replace(/<br *\/?>/gi, "\n");

function drawText(value) {
  const characters = Array.from(value.text);  // Python counts code points, JavaScript halves of them
  const text = document.createDocumentFragment();
  const lastRead = value.words.length ? value.words.at(-1).end : 0;
  let position = 0;
  for (const word of value.words) {
    text.append(breakLines(characters.slice(position, word.start).join("")));
    const node = makeWord("span", word, value, word.word);
    if (word.strength) node.style.setProperty("--strength", word.strength);
    else node.classList.add("plain");
    node.tabIndex = -1;
    text.append(node);
    position = word.end;
  }
  const rest = breakLines(characters.slice(lastRead).join(""));
  const isCut = /[\p{L}\p{N}]/u.test(rest);
  if (rest) text.append(isCut ? make("span", "unread", rest) : rest);
  find("text").replaceChildren(text);
  const first = find("text").querySelector(".word:not(.plain)");
  if (first) first.tabIndex = 0;
  return isCut;
}

function drawShares(value) {
  find("shares").classList.toggle("pair", value.is_pair);
  find("shares").style.setProperty("--share", value.shares[0].share);
  find("shares").replaceChildren(...value.shares.map((share) => {
    const node = make("li", share.tone, "");
    node.style.setProperty("--share", share.share);
    if (share.fits_from !== null) {
      node.classList.add("marked");
      node.style.setProperty("--fits-from", share.fits_from);
    }
    node.append(make("bdi", "share-label", share.label), make("span", "share-figure", share.shown));
    return node;
  }));
  if (value.num_others) {
    find("shares").append(make("li", "others", `and ${value.num_others.toLocaleString("en")} less likely ${value.num_others === 1 ? "label" : "labels"}`));
  }
}

function drawResult(value) {
  find("verdict").replaceChildren(make("bdi", value.tone, value.verdict));
  const perhaps = value.perhaps ? `, perhaps “${value.perhaps}”` : " sure";
  find("confidence").textContent = value.summary ?? `${value.confidence}${perhaps}`;
  drawShares(value);
  const isCut = drawText(value);
  find("chosen").textContent = "";
  find("strongest").replaceChildren(...value.strongest.map((word) => {
    const node = makeWord("li", word, value, "");
    node.append(make("bdi", "", word.word), word.count > 1 ? ` ×${word.count} ` : " ", make("b", "", word.shown));
    node.style.setProperty("--strength", 0.6);
    return node;
  }));
  const against = value.against === null ? `against “${value.label}”` : `for “${value.against}”`;
  const parts = [
    `Blue words speak for “${value.label}”, orange ones ${against}; the stronger the color, the more. Plain words count little.`,
    value.shares[0].fits_from === null ? "" : "A label fits if its bar reaches the mark.",
    isCut ? `The model reads the first ${value.words.length.toLocaleString("en")} words; the rest is gray.` : "",
    `It took ${value.took}.`,
  ];
  find("note").textContent = parts.filter(Boolean).join(" ");
}

function draw() {
  const value = props.value;
  const field = document.querySelector("#text textarea");
  // An answer must not stand beside another text than its own, not even if its text is changed while it is on its way.
  const isOld = value?.words && field && field.value.toWellFormed() !== value.text;
  const state = !value || isOld || isEdited ? "idle" : value.is_pending ? "waiting" : value.hint ? "hint" : "result";
  element.querySelector(".answer").dataset.state = state;
  find("result").hidden = state !== "result";
  find("hint").hidden = state === "result";
  const idle = "The answer comes here, with the words behind it in color.";
  find("hint").textContent = { idle, waiting: "Reading …", hint: value?.hint }[state] ?? "";
  if (state === "result") drawResult(value);
}

function tell(node) {
  find("chosen").textContent = `${node.textContent}: ${node.title}`;
}

// A tap gives no tooltip: what it would say is written below the text.
element.addEventListener("click", (event) => {
  const node = event.target.closest(".answer-text .word");
  if (node) tell(node);
});
element.addEventListener("focusin", (event) => {
  if (event.target.matches(".answer-text .word")) tell(event.target);
});
element.addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (!step || !event.target.matches(".answer-text .word")) return;
  const colored = [...element.querySelectorAll(".answer-text .word:not(.plain)")];
  const next = colored[colored.indexOf(event.target) + step];
  event.preventDefault();
  if (!next) return;
  event.target.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
});
document.addEventListener("input", (event) => {
  if (!event.target.matches("#text textarea")) return;
  isEdited = true;
  draw();
});
watch("value", () => {
  isEdited = false;
  draw();
});
draw();
