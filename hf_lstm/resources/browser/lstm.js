// Computes the logits of token ids: embedding, LSTM, pooling, classifier. All sums are in float64.
"use strict";

const sigmoid = (x) => 1 / (1 + Math.exp(-x));

class Network {
  // config is that of the model; weights maps names to Float32Array, as in model.safetensors.
  constructor(config, weights) {
    this.config = config;
    this.weights = weights;
    this.directions = config.bidirectional ? ["", "_reverse"] : [""];
    this.numStates = config.hidden_size * this.directions.length;
  }

  // The vectors of the steps: each has those of its words side by side, and that of padding in the place of missing ones.
  embed(ids) {
    const { embedding_dim: size, words_per_step: numWords, pad_token_id: padding } = this.config;
    return Array.from({ length: Math.ceil(ids.length / numWords) }, (_, step) => {
      const vector = new Float32Array(numWords * size);
      for (let word = 0; word < numWords; word++) {
        const id = ids[step * numWords + word] ?? padding;
        vector.set(this.weights["embedding.weight"].subarray(id * size, (id + 1) * size), word * size);
      }
      return vector;
    });
  }

  // What each layer computes of vectors, one a step: its gates, cells and outputs, the time as each direction reads.
  run(vectors) {
    const layers = [];
    let inputs = vectors;
    for (let layer = 0; layer < this.config.num_layers; layer++) {
      const directions = this.directions.map((suffix) => this.runDirection(inputs, `_l${layer}${suffix}`, suffix !== ""));
      const size = this.config.hidden_size;
      const outputs = inputs.map((_, time) => {
        const output = new Float64Array(this.numStates);
        directions.forEach((direction, index) => {
          output.set(direction.outputs[index ? inputs.length - 1 - time : time], index * size);
        });
        return output;
      });
      layers.push({ inputs, directions, outputs });
      inputs = outputs;
    }
    return layers;
  }

  runDirection(inputs, name, isReversed) {
    const size = this.config.hidden_size;
    const [toGates, fromState, bias, stateBias] = ["weight_ih", "weight_hh", "bias_ih", "bias_hh"].map((kind) => this.weights[`lstm.${kind}${name}`]);
    const ordered = isReversed ? [...inputs].reverse() : inputs;
    const gates = [], cells = [], outputs = [];
    let state = new Float64Array(size), cell = new Float64Array(size);
    for (const input of ordered) {
      const sums = new Float64Array(4 * size);
      for (let row = 0; row < 4 * size; row++) {
        let sum = bias[row] + stateBias[row];
        for (let i = 0, at = row * input.length; i < input.length; i++) sum += toGates[at + i] * input[i];
        for (let i = 0, at = row * size; i < size; i++) sum += fromState[at + i] * state[i];
        sums[row] = sum;
      }
      const nextCell = new Float64Array(size), nextState = new Float64Array(size);
      for (let i = 0; i < size; i++) {
        nextCell[i] = sigmoid(sums[size + i]) * cell[i] + sigmoid(sums[i]) * Math.tanh(sums[2 * size + i]);
        nextState[i] = sigmoid(sums[3 * size + i]) * Math.tanh(nextCell[i]);
      }
      gates.push(sums);
      cells.push((cell = nextCell));
      outputs.push((state = nextState));
    }
    return { gates, cells, outputs };
  }

  // Returns the features, and a function that takes their gradient to that of the outputs.
  pool(outputs) {
    const { pooling, hidden_size: size } = this.config;
    if (pooling === "attention") return this.attend(outputs);
    const kinds = pooling.split("_");
    const end = (i) => (i < size ? outputs.length - 1 : 0); // the step that each direction reads last
    const features = new Float64Array(this.numStates * kinds.length);
    const best = new Int32Array(this.numStates);
    for (let i = 0; i < this.numStates; i++) {
      let sum = 0;
      outputs.forEach((output, time) => {
        sum += output[i];
        if (output[i] > outputs[best[i]][i]) best[i] = time;
      });
      const pooled = { last: outputs[end(i)][i], mean: sum / outputs.length, max: outputs[best[i]][i] };
      kinds.forEach((kind, index) => (features[index * this.numStates + i] = pooled[kind]));
    }
    return { features, back: (gradient) => {
      const gradients = outputs.map(() => new Float64Array(this.numStates));
      kinds.forEach((kind, index) => {
        for (let i = 0; i < this.numStates; i++) {
          const part = gradient[index * this.numStates + i];
          if (kind === "last") gradients[end(i)][i] += part;
          else if (kind === "max") {
            // As torch.amax has it in float32: where several states are the largest, each has its share.
            const most = Math.fround(outputs[best[i]][i]);
            const times = outputs.flatMap((output, time) => (Math.fround(output[i]) === most ? [time] : []));
            for (const time of times) gradients[time][i] += part / times.length;
          } else for (const row of gradients) row[i] += part / outputs.length;
        }
      });
      return gradients;
    } };
  }

  attend(outputs) {
    const projection = this.weights["pooling.projection.weight"], bias = this.weights["pooling.projection.bias"];
    const query = this.weights["pooling.query.weight"];
    const size = this.numStates;
    const hidden = outputs.map((output) => Float64Array.from(bias, (start, row) => {
      let sum = start;
      for (let i = 0; i < size; i++) sum += projection[row * size + i] * output[i];
      return Math.tanh(sum);
    }));
    const shares = softmax(hidden.map((row) => row.reduce((sum, value, i) => sum + value * query[i], 0)));
    const features = new Float64Array(size);
    outputs.forEach((output, time) => output.forEach((value, i) => (features[i] += shares[time] * value)));
    return { features, back: (gradient) => {
      const mean = features.reduce((sum, value, i) => sum + value * gradient[i], 0);
      return outputs.map((output, time) => {
        const toScore = shares[time] * (output.reduce((sum, value, i) => sum + value * gradient[i], 0) - mean);
        const row = Float64Array.from(gradient, (part) => part * shares[time]);
        hidden[time].forEach((value, unit) => {
          const part = toScore * query[unit] * (1 - value * value);
          for (let i = 0; i < size; i++) row[i] += part * projection[unit * size + i];
        });
        return row;
      });
    } };
  }

  // Returns the logits of features, and a function that takes their gradient to that of the features.
  classify(features) {
    const scale = this.weights["head_norm.weight"], shift = this.weights["head_norm.bias"];
    const weight = this.weights["classifier.weight"], bias = this.weights["classifier.bias"];
    const size = features.length;
    let normed = features, deviation = 1;
    if (scale) {
      const mean = features.reduce((sum, value) => sum + value, 0) / size;
      deviation = Math.sqrt(features.reduce((sum, value) => sum + (value - mean) ** 2, 0) / size + 1e-5);
      normed = Float64Array.from(features, (value) => (value - mean) / deviation);
    }
    const logits = Array.from(bias, (start, row) => {
      let sum = start;
      for (let i = 0; i < size; i++) sum += weight[row * size + i] * (scale ? normed[i] * scale[i] + shift[i] : normed[i]);
      return sum;
    });
    const isSingle = this.config.single_logit;
    const back = (gradient) => {
      const parts = isSingle ? gradient.slice(1) : gradient;
      const row = new Float64Array(size);
      parts.forEach((part, label) => {
        for (let i = 0; i < size; i++) row[i] += part * weight[label * size + i] * (scale ? scale[i] : 1);
      });
      if (!scale) return row;
      const mean = row.reduce((sum, value) => sum + value, 0) / size;
      const along = row.reduce((sum, value, i) => sum + value * normed[i], 0) / size;
      return Float64Array.from(row, (value, i) => (value - mean - normed[i] * along) / deviation);
    };
    return { logits: isSingle ? [0, ...logits] : logits, back };
  }

  computeLogits(ids) {
    return this.classify(this.pool(this.run(this.embed(ids)).at(-1).outputs).features).logits;
  }
}

function softmax(logits) {
  const most = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - most));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}
