// Texts and labels reach the page through textContent alone, so that none of them is read as HTML.
const LONG = 240;  // characters: more than three lines or so
const MAX_FILTERS = 8;
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
  if (shown.textContent.length > LONG) {
    const more = make("button", "batch-more", "Show all");
    more.type = "button";
    more.setAttribute("aria-expanded", "false");
    text.append(more);
  }
  const label = make("td", "batch-label", "");
  label.append(...row.labels.map((name) => make("bdi", `chip ${row.tone ?? "none"}`, name)));
  if (row.is_unsure) label.append(make("span", "batch-unsure", "unsure"));
  node.append(text, label, make("td", "batch-number", row.confidence));
  return node;
}

function show(value, chosen) {
  for (const [index, filter] of [...find("filters").children].entries()) {
    filter.setAttribute("aria-pressed", String(index === chosen));
  }
  const fits = list(value)[chosen].fits;
  find("frame").scrollTop = 0;
  element.querySelector("tbody").replaceChildren(...value.rows.filter(fits).map(makeRow));
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
  find("hint").hidden = !value?.hint && !value?.is_pending;
  find("hint").textContent = value?.hint ?? (value?.is_pending ? "Reading …" : "");
  if (!value?.rows) return;
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
watch("value", draw);
draw();
