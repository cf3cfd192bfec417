// Cuts runs of letters into byte pairs, as hf_lstm does: the pair that was learned first is merged first.
"use strict";

const MAX_RUN_BYTES = 2 ** 21;

class BytePairs {
  // description: {vocab, bytes: the id of each byte, merges: [first, second, merged] ids, unspaced: ranges of code points}
  constructor({ vocab, bytes, merges, unspaced }) {
    this.size = vocab.length;
    this.bytes = bytes;
    this.unspaced = unspaced;
    this.merges = new Map(merges.map(([first, second, merged], rank) => [first * this.size + second, { rank, merged }]));
    this.encoder = new TextEncoder();
  }

  // Tokens of a normalized text, with their places in the original: pieces of a run are one word, but where a script
  // sets no blanks, each is a word of its own; bytes of one character stay together, and so do a letter and its signs.
  tokenize(normalized, pattern, text) {
    const tokens = [];
    let word = -1, last = 0;
    for (const found of normalized.text.matchAll(pattern)) {
      let isFirst = true;
      for (const { id, start, end } of this.cut(found[0], found.index)) {
        const place = { start: normalized.start(start), end: normalized.end(end - 1) };
        const first = text.codePointAt(place.start);
        if (isFirst || (place.start >= last && this.isUnspaced(first) && !/^\p{M}/u.test(String.fromCodePoint(first)))) word++;
        isFirst = false;
        last = place.end;
        tokens.push({ id, word, ...place });
      }
    }
    return tokens;
  }

  isUnspaced(code) {
    return this.unspaced.some(([first, end]) => first <= code && code <= end);
  }

  // The pieces of a run, {id, start, end}: these are the units of all characters that a piece has bytes of.
  cut(run, offset) {
    const ids = [], starts = [], ends = [];
    let at = offset;
    for (const character of run) {
      for (const byte of this.encoder.encode(character)) {
        ids.push(this.bytes[byte]);
        starts.push(at);
        ends.push(at + character.length);
      }
      at += character.length;
    }
    const next = this.merge(ids);
    const pieces = [];
    for (let first = 0; first < ids.length; first = next[first]) {
      pieces.push({ id: ids[first], start: starts[first], end: ends[next[first] - 1] });
    }
    return pieces;
  }

  // Merges ids in place; returns for the first id of each piece where the next piece begins.
  merge(ids) {
    const next = ids.map((_, at) => at + 1), before = ids.map((_, at) => at - 1), isGone = new Uint8Array(ids.length);
    const queue = new Queue();
    const offer = (at) => {
      if (at < 0 || next[at] >= ids.length) return;
      const found = this.merges.get(ids[at] * this.size + ids[next[at]]);
      if (found) queue.push(found.rank * MAX_RUN_BYTES + at);
    };
    for (let at = 0; at + 1 < ids.length; at++) offer(at);
    while (queue.heap.length) {
      const entry = queue.pop(), at = entry % MAX_RUN_BYTES, second = next[at];
      if (isGone[at] || second >= ids.length) continue;
      const found = this.merges.get(ids[at] * this.size + ids[second]);
      if (!found || found.rank !== Math.floor(entry / MAX_RUN_BYTES)) continue; // one of both was merged meanwhile
      ids[at] = found.merged;
      isGone[second] = 1;
      next[at] = next[second];
      if (next[at] < ids.length) before[next[at]] = at;
      offer(before[at]);
      offer(at);
    }
    return next;
  }
}

// Gives the smallest number first.
class Queue {
  constructor() {
    this.heap = [];
  }

  push(value) {
    const heap = this.heap;
    let at = heap.push(value) - 1;
    for (let parent = (at - 1) >> 1; at > 0 && heap[parent] > value; parent = (at - 1) >> 1) {
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = value;
  }

  pop() {
    const heap = this.heap, top = heap[0], value = heap.pop();
    if (!heap.length) return top;
    let at = 0;
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      if (child + 1 < heap.length && heap[child + 1] < heap[child]) child++;
      if (heap[child] >= value) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = value;
    return top;
  }
}
