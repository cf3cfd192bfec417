// Cuts a text into the model's tokens, exactly as hf_lstm does: each with its id, its word, and its place in the text.
"use strict";

const TAG = /<\/?[A-Za-z][^<>]*>/gu;
const MAX_PIECE_CHARACTERS = 100;

class Tokenizer {
  // description: {words, pattern, final_sigma, straight_marks, lowercase, dropped, only_known, vocab, unk_token_id}, of
  // byte pairs {bytes, merges, unspaced}, too.
  constructor(description, limits) {
    Object.assign(this, description);
    this.limits = limits;
    this.ids = new Map(description.vocab.map((word, id) => [word, id]));
    this.left_out = new Set(description.dropped);
    this.pattern = new RegExp(description.pattern, "gu");
    this.final_sigma = description.final_sigma && new RegExp(description.final_sigma, "gu");
    this.pairs = this.words === "bpe" && new BytePairs(description);
  }

  // Returns {ids, tokens}: of a text without words, ids has <unk>, and tokens nothing.
  encode(text) {
    const tokens = this.truncate(this.tokenize(this.cut(text)));
    return { ids: tokens.length ? tokens.map((token) => token.id) : [this.unk_token_id], tokens };
  }

  cut(text) {
    const most = this.limits.max_length_characters;
    const kept = text.length > most ? Array.from(text).slice(0, most).join("") : text;
    return kept.replace(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g, "\uFFFD");
  }

  truncate(tokens) {
    const { max_length_tokens: most, truncation } = this.limits;
    if (tokens.length <= most) return tokens;
    const last = { first: 0, last: most, head_tail: Math.floor(most / 2) }[truncation];
    return [...tokens.slice(0, most - last), ...tokens.slice(tokens.length - last)];
  }

  tokenize(text) {
    const normalized = this.normalize(text);
    if (this.pairs) return this.pairs.tokenize(normalized, this.pattern, text);
    const tokens = [];
    let index = 0;
    for (const found of normalized.text.matchAll(this.pattern)) {
      const word = found[0];
      if (this.left_out.has(word) || (this.only_known && !this.ids.has(word))) continue;
      const place = { word: index++, start: normalized.start(found.index), end: normalized.end(found.index + word.length - 1) };
      const ids = this.words === "wordpiece" ? this.cutPieces(word) : [this.ids.get(word) ?? this.unk_token_id];
      for (const id of ids) tokens.push({ id, ...place });
    }
    return tokens;
  }

  // The text as patterns read it, and where in the original each of its characters stood.
  normalize(text) {
    if (this.words === "punctuated" || this.words === "wordpiece") text = text.replace(TAG, (tag) => " ".repeat(tag.length));
    if (this.straight_marks) text = text.replace(/[‘’´]/g, "'").replace(/[“”]/g, '"');
    if (this.words === "wordpiece") text = text.replace(/[^A-Za-z!?]/g, " ");
    const lower = this.lowercase ? this.lower(text) : text;
    if (this.words === "unpunctuated") return deletePunctuation(text, lower);
    if (lower.length === text.length) return { text: lower, start: (at) => at, end: (at) => at + 1 };
    return locate(lower, listOrigins(text));
  }

  // Lower-cases as the tokenizer does: JavaScript's way finds final sigmas by itself, but not all the same ones.
  lower(text) {
    if (this.final_sigma !== null && text.includes("Σ")) {
      if (this.final_sigma) text = text.replace(this.final_sigma, "ς");
      text = text.replaceAll("Σ", "σ");
    }
    return text.toLowerCase();
  }

  cutPieces(word) {
    if (word.length > MAX_PIECE_CHARACTERS) return [this.unk_token_id];
    const ids = [];
    for (let start = 0; start < word.length; ) {
      let end = word.length;
      while (end > start && !this.ids.has((start ? "##" : "") + word.slice(start, end))) end--;
      if (end === start) return [this.unk_token_id];
      ids.push(this.ids.get((start ? "##" : "") + word.slice(start, end)));
      start = end;
    }
    return ids;
  }
}

// For each unit of the lower-cased text, which unit of the text it came from: some letters become two.
function listOrigins(text) {
  const origins = [];
  let at = 0;
  for (const character of text) {
    for (let unit = 0; unit < character.toLowerCase().length; unit++) origins.push([at, at + character.length]);
    at += character.length;
  }
  return origins;
}

function locate(text, origins) {
  return { text, start: (at) => origins[at][0], end: (at) => origins[at][1] };
}

function deletePunctuation(text, lower) {
  const origins = lower.length === text.length ? Array.from({ length: text.length }, (_, at) => [at, at + 1]) : listOrigins(text);
  const kept = [];
  let rest = "";
  for (let at = 0; at < lower.length; at++) {
    if (/[!-/:-@[-`{-~]/.test(lower[at])) continue;
    rest += lower[at];
    kept.push(origins[at]);
  }
  return locate(rest, kept);
}
