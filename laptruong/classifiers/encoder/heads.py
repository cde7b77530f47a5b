"""The heads: from an encoder's hidden states to scores of topics and of stances.

Shapes: ``B`` windows, ``T`` positions, ``A`` actors, ``H`` hidden size, ``K`` topics, ``Q`` topics asked about (``K``, or 1
where the scheme has none), ``S`` stances.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from laptruong.classifiers.encoder.dropout import ByteDropout


class TopicHead(nn.Module):
    """Scores topics from the vector of ``<s>``, as transformers' RoBERTa classifies.

    Parameters
    ----------
    hidden, topics : int
    dropout : float
    """

    def __init__(self, hidden: int, topics: int, dropout: float) -> None:
        super().__init__()
        self.dense = nn.Linear(hidden, hidden)
        self.out = nn.Linear(hidden, topics)
        self.dropout = ByteDropout(dropout)

    def forward(self, start: Tensor) -> Tensor:
        """Give logits, shape (B, K), from vectors of shape (B, H)."""
        logits: Tensor = self.out(self.dropout(torch.tanh(self.dense(self.dropout(start)))))
        return logits


class StanceHead(nn.Module):
    """Scores the stance of each actor on each topic, in one go.

    An actor is the mean of the vectors of its subwords, joined with that of ``<s>`` and the topic's embedding. An
    actor that the window does not name has a learnt vector instead.

    Parameters
    ----------
    hidden, asked, stances : int
    dropout : float
    """

    def __init__(self, hidden: int, asked: int, stances: int, dropout: float) -> None:
        super().__init__()
        self.topics = nn.Embedding(asked, hidden)
        self.absent = nn.Parameter(torch.zeros(hidden))
        self.actor, self.start = nn.Linear(hidden, hidden), nn.Linear(hidden, hidden)
        self.out = nn.Linear(hidden, stances)
        self.dropout = ByteDropout(dropout)

    def forward(self, states: Tensor, pool: Tensor) -> Tensor:
        """Give logits, shape (B, A, Q, S), from states of shape (B, T, H) and a pool of shape (B, A, T)."""
        named = pool.sum(-1, keepdim=True)
        actors = torch.bmm(pool, states) + (1 - named) * self.absent  # (B, A, H)
        shared = self.actor(self.dropout(actors)) + self.start(self.dropout(states[:, 0])).unsqueeze(1)
        joined = nn.functional.gelu(shared.unsqueeze(2) + self.topics.weight)  # (B, A, Q, H)
        logits: Tensor = self.out(self.dropout(joined))
        return logits
