"""``augment simulate --help`` knows every wire, key, fault and limit."""

from __future__ import annotations

import pytest

from augment.cli import tools
from augment.errors import UsageError
from augment.simulator.faults import ABOUT, FAULTS, TRANSPORT_FAULTS, VENDOR_FAULTS
from augment.simulator.handbook import WIRES, handbook
from augment.simulator.options import WIRES as NAMES
from augment.simulator.server import Simulator

ADDRESSES = ("_ENDPOINT", "_BASE_URL")


def test_every_wire_that_can_be_retired_is_described() -> None:
    assert set(NAMES) == {wire.name for wire in WIRES} - {"qianfan-auth"}


def test_every_key_the_simulator_accepts_is_named_with_its_value() -> None:
    sim = Simulator()
    keys = {name: value for name, value in (sim.env | sim.extra_keys).items() if not name.endswith(ADDRESSES)}
    assert {pair for wire in WIRES for pair in wire.keys} == set(keys.items())


def test_every_fault_has_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        tools.simulate(["--help"])
    shown = capsys.readouterr().out
    assert handbook() in shown
    assert all(f"\n  {name} " in shown and about for name, about in ABOUT.items())


def test_every_fault_is_the_vendors_or_the_roads() -> None:
    assert sorted((*VENDOR_FAULTS, *TRANSPORT_FAULTS)) == sorted(FAULTS)


@pytest.mark.parametrize("flag", ["--quota-after", "--rpd", "--retire-after", "--retry-after", "--reset", "--slow"])
@pytest.mark.parametrize("value", ["-1", "much", "nan", "1e99"])
def test_a_limit_that_cannot_be_is_refused(flag: str, value: str) -> None:
    with pytest.raises(UsageError, match=flag):
        tools.simulate([flag, value])
