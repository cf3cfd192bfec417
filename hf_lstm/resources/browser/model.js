// Joins tokenizer and network: what a page asks for.
"use strict";

class Model {
  // description is what the export wrote: {config, tokenizer, tensors, weights}.
  constructor(description) {
    const { config } = description;
    this.labels = Object.keys(config.id2label).map((id) => config.id2label[id]);
    this.temperature = config.temperature;
    this.tokenizer = new Tokenizer(description.tokenizer, config);
    this.network = new Network(config, readWeights(description));
    const { thresholds } = config;
    this.problem = thresholds ? new MultiLabel(this.labels, thresholds, this.temperature) : new SingleLabel(this.labels);
  }

  // The probability of each label, in their order.
  predict(text) {
    return this.answer(this.network.computeLogits(this.tokenizer.encode(text).ids));
  }

  answer(logits) {
    return this.problem.normalize(logits.map((logit) => logit / this.temperature));
  }

  // The labels of a text by its probabilities, the most probable first: one, or any number of them, if so it was trained.
  choose(probabilities) {
    return this.problem.choose(probabilities).map((id) => this.labels[id]);
  }

  // {label, against, words}: what each word adds, as LSTMSentiment.explain says. Without a label, it is of the answer.
  explain(text, label) {
    const asked = label === undefined ? undefined : this.labels.indexOf(label);
    if (asked === -1) throw new Error(`there is no label ${label}; there are ${this.labels.join(", ")}`);
    const { ids, tokens } = this.tokenizer.encode(text);
    const { contributions, total, label: found } = decompose(this.network, ids, (logits) => this.problem.weigh(logits, asked));
    const words = [];
    tokens.forEach((token, at) => {
      if (words.at(-1)?.index !== token.word) words.push({ index: token.word, start: token.start, end: token.end, contribution: 0 });
      words.at(-1).end = token.end;
      words.at(-1).contribution += contributions[at];
    });
    const evenly = (total - contributions.reduce((sum, part) => sum + part, 0)) / Math.max(1, words.length);
    for (const word of words) word.contribution += evenly;
    return { label: this.labels[found], against: this.problem.nameOpposite(found), words };
  }

  knows(text) {
    return this.tokenizer.encode(text).ids.some((id) => id !== this.tokenizer.unk_token_id);
  }
}

function readWeights({ tensors, weights, format }) {
  const bytes = Uint8Array.from(atob(weights), (character) => character.charCodeAt(0));
  let values = new Float32Array(format === "bfloat16" ? 0 : bytes.buffer);
  if (format === "bfloat16") {
    const halves = new Uint16Array(bytes.buffer);
    const wide = new Uint32Array(halves.length);
    for (let i = 0; i < halves.length; i++) wide[i] = halves[i] << 16;  // bfloat16 is the upper half of float32
    values = new Float32Array(wide.buffer);
  }
  let start = 0;
  const named = {};
  for (const [name, size] of tensors) named[name] = values.subarray(start, (start += size));
  return named;
}
