"""Agents in Python for Solo: supervised, with a state that outlives them. Standard library only.

The protocol underneath is docs/protocol.md.
"""

from .agent import Agent, CheckpointError
from .connection import CallError, LogFullError, StepError
from .messagepack import MessagePackError, pack, unpack
from .registry import Registration, RegistryError
from .secrets import Secrets
from .state import State
from .steps import NotDone, Steps

__all__ = [
    "Agent",
    "CallError",
    "CheckpointError",
    "LogFullError",
    "MessagePackError",
    "NotDone",
    "Registration",
    "RegistryError",
    "Secrets",
    "State",
    "StepError",
    "Steps",
    "pack",
    "unpack",
]
