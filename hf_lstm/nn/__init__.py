"""The network: token ids in, logits out; and the CPU kernel of its LSTM."""
