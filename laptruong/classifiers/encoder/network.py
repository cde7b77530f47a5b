"""The network: one encoder, one forward pass a paragraph for all its labels."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from laptruong.classifiers.encoder.heads import StanceHead, TopicHead


class Scores(NamedTuple):
    """What the network says: topics of shape (B, K), stances of shape (B, A, Q, S); see `heads`."""

    topics: Tensor
    stances: Tensor


class Network(nn.Module):
    """An encoder with a head for topics and one for stances.

    Parameters
    ----------
    encoder : transformers.PreTrainedModel
        Any encoder of transformers' Auto classes.
    topics, stances : int
        Of the scheme; without topics a stance is asked of no topic in particular.
    dropout : float
        Of the heads.
    """

    def __init__(self, encoder: Any, topics: int, stances: int, dropout: float = 0.1) -> None:
        super().__init__()
        hidden = encoder.config.hidden_size
        self.encoder = encoder
        self.topic_head = TopicHead(hidden, topics, dropout) if topics else None
        self.stance_head = StanceHead(hidden, max(topics, 1), stances, dropout)

    def forward(self, ids: Tensor, mask: Tensor, pool: Tensor) -> Scores:
        """Score windows.

        Parameters
        ----------
        ids, mask : Tensor of int64, shape (B, T)
        pool : Tensor, shape (B, A, T)
        """
        states = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        start = states[:, 0]
        topics = self.topic_head(start) if self.topic_head is not None else start[:, :0]
        return Scores(topics.float(), self.stance_head(states, pool).float())


def merge(scores: Scores, units: Tensor, count: int, pool: Tensor) -> Scores:
    """Merge the scores of windows into those of units, as `runtime.run_windows` does in NumPy; see `windows`.

    Parameters
    ----------
    scores : Scores
        Of windows.
    units : Tensor of int64, shape (B,)
        The unit of each window.
    count : int
        Units.
    pool : Tensor, shape (B, A, T)
        Which windows name whom; an actor that none names is averaged over all.
    """
    if len(units) == count:
        return scores
    topics = scores.topics.new_full((count, scores.topics.shape[1]), -torch.inf)
    topics = topics.scatter_reduce(0, units[:, None].expand_as(scores.topics), scores.topics, "amax")
    named = (pool > 0).sum(-1).to(scores.stances)  # (B, A): how many subwords of the window name the actor
    total = named.new_zeros(count, named.shape[1]).index_add(0, units, named)
    windows = named.new_zeros(count).index_add(0, units, torch.ones_like(named[:, 0]))
    share = torch.where(total[units] > 0, named / total[units].clamp(min=1), 1 / windows[units, None])
    stances = scores.stances.new_zeros(count, *scores.stances.shape[1:])
    return Scores(topics, stances.index_add(0, units, share[:, :, None, None] * scores.stances))
