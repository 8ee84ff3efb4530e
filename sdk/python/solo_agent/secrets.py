"""The secrets that the service's `secrets` give to it."""

import os
from pathlib import Path
from typing import List


class Secrets:
    """Files that the kernel put into the folder named by SOLO_SECRETS_DIR. A rotation replaces each in one step.

    Ask for a value whenever it is needed, rather than to keep it: nothing is kept here, so it is the present one.
    """

    def names(self) -> List[str]:
        folder = os.environ.get("SOLO_SECRETS_DIR")
        return sorted(os.listdir(folder)) if folder else []

    def get(self, name: str) -> str:
        """The value as text. Raises KeyError when the service does not ask for a secret of that name."""
        return self.bytes(name).decode("utf-8")

    def bytes(self, name: str) -> bytes:
        """The value byte for byte."""
        if name not in self.names():
            raise KeyError(f"the service has no secret {name!r}: name it in its `secrets`, and deploy it again")
        return Path(os.environ["SOLO_SECRETS_DIR"], name).read_bytes()
