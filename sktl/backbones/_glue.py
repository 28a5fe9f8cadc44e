"""Small modules for what networks do between their layers."""

import torch
from torch import nn

__all__ = ["FirstToken", "FixedSize", "MeanOverPixels", "PatchTokens", "Restandardise"]


class MeanOverPixels(nn.Module):
    """Mean over height and width: (b, C, H, W) to (b, C)."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the mean per channel."""
        return x.mean([2, 3])


class FirstToken(nn.Module):
    """The class token: (b, tokens, C) to (b, C)."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the first token of each sample."""
        return x[:, 0]


class FixedSize(nn.Module):
    """A check that pictures have the one size that the network takes.

    Parameters
    ----------
    height, width : int
        In pixels.

    Raises
    ------
    ValueError
        From ``forward``, where pictures have another size.
    """

    def __init__(self, height: int, width: int):
        super().__init__()
        self.height, self.width = height, width

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return ``x`` as it came."""
        if x.shape[-2:] != (self.height, self.width):
            raise ValueError(
                f"this network takes pictures of {self.height} × {self.width} pixels, not of "
                f"{x.shape[-2]} × {x.shape[-1]}; scale them first"
            )
        return x


class PatchTokens(nn.Module):
    """Patches of a picture as tokens, with a class token before them and their positions added.

    Parameters
    ----------
    projection : torch.nn.Module
        Maps (b, C, H, W) to one vector per patch, (b, D, H', W').
    class_token : torch.nn.Parameter of shape (1, 1, D)
    position : torch.nn.Parameter of shape (1, 1 + H' W', D)
    dropout : torch.nn.Module
    """

    def __init__(self, projection: nn.Module, class_token: nn.Parameter, position: nn.Parameter, dropout: nn.Module):
        super().__init__()
        self.projection = projection
        self.class_token = class_token
        self.position = position
        self.dropout = dropout

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the tokens (b, 1 + H' W', D)."""
        patches = self.projection(x).flatten(2).permute(0, 2, 1)
        first = self.class_token.expand(len(x), -1, -1)
        return self.dropout(torch.cat([first, patches], dim=1) + self.position)


class Restandardise(nn.Module):
    """Pictures standardised by ``mean`` and ``std``, standardised by 0.5 and 0.5 instead.

    Parameters
    ----------
    mean, std : tuple of float
        One per channel, for values in [0, 1].
    """

    def __init__(self, mean: tuple[float, ...], std: tuple[float, ...]):
        super().__init__()
        self.scale = tuple(s / 0.5 for s in std)
        self.shift = tuple((m - 0.5) / 0.5 for m in mean)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the pictures in the other standardisation, values in [-1, 1]."""
        scale = torch.tensor(self.scale, dtype=x.dtype, device=x.device).reshape(-1, 1, 1)
        shift = torch.tensor(self.shift, dtype=x.dtype, device=x.device).reshape(-1, 1, 1)
        return x * scale + shift
