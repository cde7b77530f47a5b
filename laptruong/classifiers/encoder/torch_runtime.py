"""Run the network in torch: while training, and where there is a GPU."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from laptruong.classifiers import storage
from laptruong.classifiers.encoder.network import Network
from laptruong.classifiers.encoder.pretrained import blank_encoder
from laptruong.classifiers.encoder.runtime import SCALE
from laptruong.classifiers.encoder.windows import Batch
from laptruong.errors import ModelError

SHAPE = "encoder.json"


class TorchRun:
    """A network as a function of a batch; see `runtime.Run`."""

    def __init__(self, network: Network) -> None:
        self.network = network

    def __call__(self, batch: Batch) -> tuple[np.ndarray, np.ndarray]:
        training = self.network.training
        device = next(self.network.parameters()).device
        self.network.eval()
        with torch.inference_mode():
            scores = self.network(*(torch.from_numpy(each).to(device) for each in batch))
        self.network.train(training)
        return scores.topics.cpu().numpy(), scores.stances.cpu().numpy()


def load_torch(folder: Path, topics: int, stances: int, device: str) -> TorchRun:
    """Load a run's network into torch, matrices of eight bits widened.

    Raises
    ------
    ModelError
        If the weights are not those of the network that the folder describes.
    """
    arrays = storage.read_arrays(folder)
    widened = {
        name: each.astype(np.float32) * arrays[name + SCALE][:, None] if name + SCALE in arrays else each
        for name, each in arrays.items()
        if not name.endswith(SCALE)
    }
    network = Network(blank_encoder(storage.read_json(folder, SHAPE)), topics, stances)
    try:
        network.load_state_dict({name: torch.from_numpy(each.copy()) for name, each in widened.items()}, strict=False)
    except RuntimeError as err:
        raise ModelError(f"{folder}: its weights are of another network ({' '.join(str(err).split())[:160]}); train it again") from None
    if missing := {name for name, _ in network.named_parameters()} - set(widened):
        raise ModelError(f"{folder}: lacks the weights {', '.join(sorted(missing)[:3])}; get the folder again")
    return TorchRun(network.to(device))
