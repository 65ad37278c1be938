"""What every wire that chats answers from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from augment.simulator._chat import Chat, Said, speak
from augment.simulator.accounts import Accounts
from augment.simulator.faults import Fate, Fates
from augment.simulator.options import SimulatorOptions


@dataclass
class ChatVendor:
    """One wire of one simulator. times_served: how often a chat was answered before."""

    options: SimulatorOptions
    fates: Fates
    accounts: Accounts
    times_served: Callable[[str], int]

    def speak(self, chat: Chat, fate: Fate, *, choice: int = 0) -> Said:
        """What is said to a chat, as its fate has it. choice: which of several answers to one request."""
        return speak(chat, fate, seed=self.options.seed, times_served=self.times_served, choice=choice)
