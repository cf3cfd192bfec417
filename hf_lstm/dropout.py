"""Dropout whose random numbers cost a CPU a quarter of what `nn.Dropout`'s do."""

from torch import Tensor, float32, nn, rand


class Dropout(nn.Dropout):
    """`nn.Dropout`, with another stream of random numbers on a CPU.

    There, PyTorch draws a Bernoulli variable for each element: 8 ms for a batch of 32 reviews, an eighth of a training
    step. To draw uniform numbers and compare them takes 2 ms.
    """

    def forward(self, input: Tensor) -> Tensor:
        """Return the input with a share `p` of its elements zeroed and the others scaled up, in training."""
        if not (self.training and 0 < self.p < 1) or input.device.type != "cpu":
            return super().forward(input)
        is_kept = rand(input.shape, dtype=float32, device=input.device) >= self.p
        return input * is_kept.to(input.dtype).div_(1 - self.p)
