#!/usr/bin/python3
"""An agent that remembers: notes, and a count of them, that outlive its process.

    solo deploy --file examples/agent-python/solo.toml
    solo call notes remember '{"text": "water the plants"}'
    solo call notes recall
"""

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "sdk" / "python"))

from solo_agent import Agent  # noqa: E402

agent = Agent()


@agent.method
def remember(input: dict[str, Any]) -> dict[str, Any]:
    """Keeps a note. When this returns, it is on the disk."""
    number = agent.state.increment("count")
    agent.state.set(f"note/{number:08}", input["text"])
    return {"number": number}


@agent.method
def recall(input: Any) -> list[str]:
    """All notes, oldest first."""
    return [text for _, text in agent.state.items("note/")]


@agent.on_start
def greet() -> None:
    print(f"{len(agent.state)} keys remembered")


agent.run()
