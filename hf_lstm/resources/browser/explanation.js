// Divides an answer among its tokens, as hf_lstm/model/decomposition.py does, which says how and after whom.
"use strict";

const SMALLEST_DIFFERENCE = 1e-4;
const sigmoidSlope = (value) => value * (1 - value);
const tanhSlope = (value) => 1 - value * value;

// The slope of a function between two inputs.
function secant(fn, slope, first, second) {
  const difference = first - second;
  return Math.abs(difference) < SMALLEST_DIFFERENCE ? slope(fn((first + second) / 2)) : (fn(first) - fn(second)) / difference;
}

// Returns {contributions, total, label}: what each id adds, beside as many <unk>, and the answer to the ids.
// weigh takes the logits of the ids, and gives {label, weights}: what each counts in the answer about a label.
function decompose(network, ids, weigh) {
  const rows = [ids, ids.map(() => network.config.unk_token_id)].map((row) => network.run(network.embed(row)));
  const pooled = rows.map((layers) => network.pool(layers.at(-1).outputs));
  const classified = pooled.map((each) => network.classify(each.features));
  const logits = classified[0].logits;
  const { label, weights } = weigh(logits);
  const gradients = pooled.map((each, row) => each.back(classified[row].back(weights)));
  let multipliers = gradients[0].map((gradient, time) => Float64Array.from(gradient, (part, i) => (part + gradients[1][time][i]) / 2));
  for (let layer = network.config.num_layers - 1; layer >= 0; layer--) {
    multipliers = goBack(network, layer, rows.map((layers) => layers[layer]), multipliers);
  }
  const [vectors, references] = rows.map((layers) => layers[0].inputs);
  const { embedding_dim: size, words_per_step: numWords } = network.config;
  const contributions = ids.map((_, place) => {
    const step = Math.floor(place / numWords), start = (place % numWords) * size;
    const parts = multipliers[step].subarray(start, start + size);
    return parts.reduce((sum, part, i) => sum + part * (vectors[step][start + i] - references[step][start + i]), 0);
  });
  return { contributions, total: logits.reduce((sum, logit, id) => sum + logit * weights[id], 0), label };
}

// The multipliers of a layer's inputs, from those of its outputs.
function goBack(network, layer, traces, multipliers) {
  const length = multipliers.length, size = network.config.hidden_size, width = traces[0].inputs[0].length;
  const ofInputs = multipliers.map(() => new Float64Array(width));
  network.directions.forEach((suffix, index) => {
    const weightIh = network.weights[`lstm.weight_ih_l${layer}${suffix}`], weightHh = network.weights[`lstm.weight_hh_l${layer}${suffix}`];
    const [first, second] = traces.map((trace) => trace.directions[index]);
    const output = new Float64Array(size), cell = new Float64Array(size);
    for (let step = length - 1; step >= 0; step--) {
      const time = index ? length - 1 - step : step;
      const gates = new Float64Array(4 * size), [a, b] = [first.gates[step], second.gates[step]];
      for (let i = 0; i < size; i++) {
        const [inGate, forget, candidate, out] = [i, size + i, 2 * size + i, 3 * size + i];
        const mean = (fn, at) => (fn(a[at]) + fn(b[at])) / 2;
        const [cellA, cellB] = [first.cells[step][i], second.cells[step][i]];
        const before = step ? (first.cells[step - 1][i] + second.cells[step - 1][i]) / 2 : 0;
        output[i] += multipliers[time][index * size + i];
        cell[i] += output[i] * secant(Math.tanh, tanhSlope, cellA, cellB) * mean(sigmoid, out);
        gates[inGate] = cell[i] * secant(sigmoid, sigmoidSlope, a[inGate], b[inGate]) * mean(Math.tanh, candidate);
        gates[forget] = cell[i] * secant(sigmoid, sigmoidSlope, a[forget], b[forget]) * before;
        gates[candidate] = cell[i] * secant(Math.tanh, tanhSlope, a[candidate], b[candidate]) * mean(sigmoid, inGate);
        gates[out] = output[i] * secant(sigmoid, sigmoidSlope, a[out], b[out]) * ((Math.tanh(cellA) + Math.tanh(cellB)) / 2);
        cell[i] *= mean(sigmoid, forget);
      }
      output.fill(0);
      for (let row = 0; row < 4 * size; row++) {
        const part = gates[row];
        for (let i = 0; i < width; i++) ofInputs[time][i] += part * weightIh[row * width + i];
        for (let i = 0; i < size; i++) output[i] += part * weightHh[row * size + i];
      }
    }
  });
  return ofInputs;
}
