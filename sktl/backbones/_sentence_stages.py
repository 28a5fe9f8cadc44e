"""The stages of a sentence encoder: a BERT whose padding travels as zeros."""

import torch
from torch import nn
from torch.nn import functional

from sktl.backbones._pool import pool_tokens, token_mask

__all__ = ["PADDING_ID", "EncoderLayer", "SentenceVector", "TokenEmbeddings"]

PADDING_ID = 0
# What BERT draws all its weights with.
INITIAL_STD = 0.02


class TokenEmbeddings(nn.Module):
    """From token ids to one vector per token; padding becomes a vector of zeros.

    Parameters
    ----------
    n_tokens : int
        Size of the vocabulary.
    n_positions : int
        Length of the longest text.
    width : int
        Channels.
    dropout : float
        Share of the channels that is dropped in training.
    epsilon : float
        What the normalisation adds to the variance.
    """

    def __init__(self, n_tokens: int, n_positions: int, width: int, dropout: float, epsilon: float):
        super().__init__()
        self.word = nn.Embedding(n_tokens, width)
        self.position = nn.Embedding(n_positions, width)
        self.kind = nn.Parameter(torch.empty(width))  # of the first of two texts; a backbone sees one
        self.norm = nn.LayerNorm(width, eps=epsilon)
        self.dropout = nn.Dropout(dropout)

    def reset_parameters(self) -> None:
        """Draw the parameters that no layer in here draws as BERT does."""
        for weight in (self.word.weight, self.position.weight, self.kind):
            nn.init.normal_(weight, std=INITIAL_STD)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Return (b, length, width) for ids (b, length).

        Raises
        ------
        ValueError
            Where the ids are no integers (b, length), or longer than there are positions.
        """
        n_positions = self.position.num_embeddings
        if ids.ndim != 2 or ids.is_floating_point() or ids.shape[1] > n_positions:
            raise ValueError(
                f"expected token ids: integers (n, length) with a length of {n_positions} at most, got "
                f"{ids.dtype} {tuple(ids.shape)}. Make them of texts with sktl.backbones.Tokenizer()"
            )
        x = self.word(ids) + self.kind + self.position.weight[: ids.shape[1]]
        is_padding = ids == PADDING_ID
        is_padding[:, 0] = False  # attention needs a token to look at, also in a row without any
        return _zeroed(self.dropout(self.norm(x)), is_padding)


class EncoderLayer(nn.Module):
    """Attention and a feed-forward part, as in BERT: tokens look at all tokens that are no padding.

    Parameters
    ----------
    width, n_heads, hidden : int
        Channels, heads of attention, and units of the feed-forward part.
    dropout : float
        Share of the channels that is dropped in training.
    epsilon : float
        What the normalisation adds to the variance.
    """

    def __init__(self, width: int, n_heads: int, hidden: int, dropout: float, epsilon: float):
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(
            width, n_heads, hidden, dropout, activation="gelu", layer_norm_eps=epsilon, batch_first=True
        )

    def reset_parameters(self) -> None:
        """Draw all weights as BERT does."""
        for name, parameter in self.layer.named_parameters():
            if parameter.ndim > 1:
                nn.init.normal_(parameter, std=INITIAL_STD)
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return tokens (b, length, width) for such tokens; zeros remain zeros."""
        is_padding = ~token_mask(x)
        return _zeroed(self.layer(x, src_key_padding_mask=is_padding), is_padding)


class SentenceVector(nn.Module):
    """From tokens to one vector per text: the mean of those that are no padding, scaled to length 1."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return (b, width) for tokens (b, length, width)."""
        return functional.normalize(pool_tokens(x))


def _zeroed(x: torch.Tensor, is_padding: torch.Tensor) -> torch.Tensor:
    """Return tokens with zeros in place of padding."""
    return x.masked_fill(is_padding.unsqueeze(-1), 0.0)
