"""Agents in Python for Solo: supervised, with a state that outlives them. Standard library only.

The protocol underneath is docs/protocol.md.
"""

from .agent import Agent, CheckpointError
from .connection import LogFullError
from .messagepack import MessagePackError, pack, unpack
from .state import State

__all__ = ["Agent", "CheckpointError", "LogFullError", "MessagePackError", "State", "pack", "unpack"]
