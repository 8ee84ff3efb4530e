#!/usr/bin/env python3
"""The same as an agent over the port protocol."""
import os
import sys

sys.path.insert(0, os.environ["SDK"])

from hostile import attempt_all  # noqa: E402
from solo_agent import Agent  # noqa: E402

agent = Agent()
attempt_all()
agent.run()
