"""Asks the demo's page, and reads what it shows."""

PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
ANSWERED, HINTED = (f".answer[data-state={state}]" for state in ("result", "hint"))

# Of each text, the contrast of its color with the colors of what lies behind it: WCAG 2.2, 1.4.3.
LIST_FAINT_TEXTS = """() => {
  const pen = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const read = (colors) => {
    pen.clearRect(0, 0, 1, 1);
    for (const color of colors) { pen.fillStyle = color; pen.fillRect(0, 0, 1, 1); }
    return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = (rgb) => rgb.map((part) => part / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0.05);
  const faint = [];
  for (const node of document.querySelectorAll("body *")) {
    const text = [...node.childNodes].filter((each) => each.nodeType === 3).map((each) => each.data).join("").trim();
    if (!text || !node.checkVisibility({ checkOpacity: true }) || node.closest("script, style, :disabled")) continue;
    const grounds = [];
    for (let each = node; each; each = each.parentElement) grounds.unshift(getComputedStyle(each).backgroundColor);
    const [below, above] = [light(read(grounds)), light(read([...grounds, getComputedStyle(node).color]))];
    const contrast = Math.max(below, above) / Math.min(below, above);
    if (contrast < 4.5) faint.push(`${contrast.toFixed(2)} ${node.className} ${text.slice(0, 40)}`);
  }
  return faint;
}"""


def classify(page, text):
    page.get_by_label("Text", exact=True).fill("")
    page.locator(".answer[data-state=idle]").wait_for()
    page.get_by_label("Text", exact=True).fill(text)
    page.locator("#classify").click()
    page.locator(ANSWERED).wait_for()
    return page.locator(".answer-verdict").inner_text()


def start_batch(page, texts):
    page.get_by_role("tab", name="Many texts").click()
    page.get_by_label("One text on each line").fill("\n".join(texts))
    page.get_by_role("button", name="Classify all").click()


def classify_batch(page, texts):
    start_batch(page, texts)
    page.wait_for_function("!document.querySelector('#download').disabled && document.querySelector('.batch td')")
