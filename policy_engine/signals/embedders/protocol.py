"""What turns texts into vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors: TypeAlias = NDArray[np.float32]


class Embedder(Protocol):
    """
    Turns texts into vectors of length 1, so that the similarity of two texts is the dot product of their vectors.

    Safe under threads and after a fork.
    """

    @property
    def identity(self) -> str:
        """
        The embedder's name and whatever decides its vectors: a version, a digest of its weights.

        Vectors and thresholds belong to one identity, and mean nothing under another.
        """
        ...

    @property
    def blocking(self) -> bool:
        """Whether embedding waits for a network."""
        ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """
        One row for each text; a text without anything to go by has a row of zeros.

        Raises:
            EmbedderError: the texts could not be embedded.
        """
        ...
