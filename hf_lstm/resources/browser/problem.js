// Says what logits mean, as hf_lstm/nn/problem.py does: the one label of a text, or any number of labels.
"use strict";

class SingleLabel {
  constructor(labels) {
    this.labels = labels;
  }

  normalize(logits) {
    return softmax(logits);
  }

  // The ids of the labels that a text has, the most probable first.
  choose(probabilities) {
    return [probabilities.indexOf(Math.max(...probabilities))];
  }

  // What each logit counts in the answer about a label; by default about label 1 of two, or the predicted one.
  weigh(logits, label = logits.length === 2 ? 1 : logits.indexOf(Math.max(...logits))) {
    return { label, weights: logits.map((_, id) => (id === label ? 1 : -1 / (logits.length - 1))) };
  }

  nameOpposite(label) {
    return this.labels.length === 2 ? this.labels[1 - label] : null;
  }
}

class MultiLabel {
  // A text has each label whose probability reaches the label's threshold.
  constructor(labels, thresholds, temperature) {
    this.labels = labels;
    this.thresholds = thresholds;
    this.temperature = temperature;
  }

  normalize(logits) {
    return logits.map(sigmoid);
  }

  choose(probabilities) {
    // In float32, as Python compares them.
    const reaches = (id) => Math.fround(probabilities[id]) >= Math.fround(this.thresholds[id]);
    return rank(probabilities).filter(reaches);
  }

  weigh(logits, label = this.findAnswer(this.normalize(logits.map((logit) => logit / this.temperature)))) {
    return { label, weights: logits.map((_, id) => (id === label ? 1 : 0)) };
  }

  findAnswer(probabilities) {
    return this.choose(probabilities)[0] ?? rank(probabilities)[0];
  }

  nameOpposite(label) {
    return `not ${this.labels[label]}`;
  }
}

// The ids of all labels, the most probable first; of equals, the first one.
function rank(probabilities) {
  return probabilities.map((_, id) => id).sort((a, b) => probabilities[b] - probabilities[a]);
}
