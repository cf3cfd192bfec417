// Texts and labels reach the page through textContent alone, so that none of them is read as HTML.
const MAX_FILTERS = 8;
const LEAST_SEEN = 300;  // pixels of the answers that are worth looking at
const find = (name) => element.querySelector(`.batch-${name}`);

function make(tag, className, text) {
  const node = document.createElement(tag);
  node.className = className;
  node.textContent = text;
  return node;
}

function makeRow(row) {
  const node = make("tr", "", "");
  const text = make("td", "batch-text", "");
  // Reviews from the web have line breaks as HTML.
  const shown = make("div", "batch-lines", row.text.replace(/<br\s*\/?>/gi, " ").replace(/\s+/g, " ").trim());
  shown.dir = "auto";
  text.append(shown);
  const label = make("td", "batch-label", "");
  label.append(...row.labels.map((name) => make("bdi", `chip ${row.tone ?? "none"}`, name)));
  if (row.is_unsure) label.append(make("span", "batch-unsure", "unsure"));
  node.append(text, label, make("td", "batch-number", row.confidence));
  return node;
}

// Offers all of a text where lines of it are cut off: how many fit depends on the width.
function offerMore() {
  const texts = [...element.querySelectorAll(".batch-lines:not(.open)")];
  const areCut = texts.map((text) => text.scrollHeight > text.clientHeight);  // all first: each change would lay out anew
  for (const [index, text] of texts.entries()) {
    if (!areCut[index]) text.nextElementSibling?.remove();
    else if (!text.nextElementSibling) text.after(makeMore());
  }
}

function makeMore() {
  const more = make("button", "batch-more", "Show all");
  more.type = "button";
  more.setAttribute("aria-expanded", "false");
  return more;
}

// The answers stand below what was asked: on a phone, out of sight.
function bringIntoView() {
  if (innerHeight - element.getBoundingClientRect().top >= LEAST_SEEN) return;
  const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  element.scrollIntoView({ block: "start", behavior: isCalm ? "auto" : "smooth" });
}

function show(value, chosen) {
  for (const [index, filter] of [...find("filters").children].entries()) {
    filter.setAttribute("aria-pressed", String(index === chosen));
  }
  const fits = list(value)[chosen].fits;
  find("frame").scrollTop = 0;
  element.querySelector("tbody").replaceChildren(...value.rows.filter(fits).map(makeRow));
  offerMore();
}

function list(value) {
  const filters = [{ name: "All", fits: () => true }];
  filters.push({ name: `Unsure (below ${value.unsure_below})`, fits: (row) => row.is_unsure });
  for (const { label, tone } of value.counts.slice(0, MAX_FILTERS)) {
    filters.push({ name: label, tone, fits: (row) => row.tone !== null && row.labels.includes(label) });
  }
  if (value.counts.length > MAX_FILTERS) {
    const named = new Set(value.counts.slice(0, MAX_FILTERS).map((count) => count.label));
    filters.push({ name: "Other labels", fits: (row) => row.tone !== null && !row.labels.some((label) => named.has(label)) });
  }
  if (value.rows.some((row) => row.tone === null)) filters.push({ name: "No known word", fits: (row) => row.tone === null });
  return filters;
}

function draw() {
  const value = props.value;
  element.querySelector(".batch").hidden = !value;
  find("result").hidden = !value?.rows;
  find("wait").hidden = !value?.hint && !value?.is_pending;
  find("hint").textContent = value?.hint ?? (value?.is_pending ? "Reading …" : "");
  find("progress").hidden = !value?.num_texts;
  find("progress").max = value?.num_texts ?? 1;
  find("progress").value = value?.num_read ?? 0;
  if (value?.rows) drawRows(value);
  if (value && !value.num_texts) bringIntoView();  // not at each step, from what is read meanwhile
}

function drawRows(value) {
  find("bar").hidden = !value.is_pair;  // more labels have one color: see the counts below
  find("bar").replaceChildren(...value.counts.map(({ count, tone }) => {
    const part = make("span", tone, "");
    part.style.flexGrow = count;
    return part;
  }));
  find("filters").replaceChildren(...list(value).map(({ name, tone, fits }, index) => {
    const node = make("button", `batch-filter ${tone ?? ""}`, "");
    const count = value.rows.filter(fits).length;
    node.type = "button";
    node.disabled = !count;
    node.append(make("bdi", "", name), " ", make("b", "", count.toLocaleString("en")));
    node.addEventListener("click", () => show(value, index));
    return node;
  }));
  find("note").textContent = `${value.rows.length.toLocaleString("en")} ${value.rows.length === 1 ? "text" : "texts"} read.`;
  show(value, 0);
}

element.addEventListener("click", (event) => {
  const more = event.target.closest(".batch-more");
  if (!more) return;
  const isOpen = more.previousElementSibling.classList.toggle("open");
  more.textContent = isOpen ? "Show less" : "Show all";
  more.setAttribute("aria-expanded", String(isOpen));
});
new ResizeObserver(offerMore).observe(find("frame"));
watch("value", draw);
draw();
