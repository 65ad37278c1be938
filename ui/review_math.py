"""LaTeX of school mathematics as HTML: known commands only, so that a formula can neither load, link nor reach out of
its line. What is not known is left as the text it is."""

from __future__ import annotations

import html
import re
import tomllib
from collections.abc import Callable
from pathlib import Path

from ui import panes

LENGTH = 2000
DEPTH = 24
CELLS = 400

SIGNS = tomllib.loads(Path(__file__).with_name("review_signs.toml").read_text("utf-8"))
SIZES = ("big", "Big", "bigg", "Bigg")
IGNORED = {"displaystyle", "textstyle", "limits", "nolimits", "nonumber", "notag", *SIZES}
IGNORED |= {f"{size}{side}" for size in SIZES for side in "lr"}
OVER = {"overline": "bar", "bar": "bar", "vec": "vec", "overrightarrow": "vec", "hat": "hat", "widehat": "hat"}
WORDED = {"text", "textbf", "textit", "textrm", "mathrm", "operatorname", "mbox", "rm"}
FACES = {"mathbf", "mathbb", "mathcal", "mathit", "boldsymbol", "mathsf"}
FENCED = {"matrix": "", "pmatrix": "()", "bmatrix": "[]", "vmatrix": "||", "cases": "{", "array": ""}
LINES = {"aligned", "align", "align*", "gathered", "split", "equation", "equation*"}
BETWEEN = {"=": "=", "+": "+", "-": "−", "<": "<", ">": ">", "*": "∗", ":": "∶"}
OTHER = set("()[]|/!,.;?'′\"，。；：、（）")

PIECE = re.compile(r"\\(?:[A-Za-z]+|.)|[ \t\r\n]+|\d+(?:[.,]\d+)*|.", re.DOTALL)
SPAN = re.compile(
    r"\$\$(?P<a>[^$]{1,2000})\$\$"
    r"|\\\[(?P<b>(?:(?!\\\[|\\\]).){1,2000})\\\]"
    r"|\\\((?P<c>(?:(?!\\\(|\\\)).){1,2000})\\\)"
    r"|(?<![\\$\w])\$(?P<d>[^\s$](?:[^$\n]{0,400}?[^\s$\\])?)\$(?![\d$])",
    re.DOTALL,
)
HAN = re.compile(r"[\u3400-\u9fff]")
WORDS = re.compile(r"\\(?:text\w*|mathrm|mbox)\s*\{[^{}]*\}")


def with_math(text: str, plain: Callable[[str], str] = panes.shown) -> str:
    """A text as HTML, its formulas set; ``plain`` makes HTML of what lies between them."""
    parts, at = [], 0
    for found in SPAN.finditer(text):
        sign = found.lastgroup or "d"
        made = formula(found[sign], block=sign in "ab", words=sign != "d")
        if made is None:
            continue
        before, at = text[at : found.start()], found.end()
        if sign in "ab":  # it stands on a line of its own as it is
            before = before.rstrip()
            at += len(text[at:]) - len(text[at:].lstrip())
        parts += [plain(before), made]
    return "".join([*parts, plain(text[at:])])


def formula(source: str, *, block: bool = False, words: bool = False) -> str | None:
    """A formula without its signs of beginning and end as HTML; None where it is none that is known here.

    words: Chinese may stand in it outside ``\\text``; between two ``$`` that would be prices.
    """
    if len(source) > LENGTH or (not words and HAN.search(WORDS.sub("", source))):
        return None
    try:
        body = _Reader(PIECE.findall(source.strip())).whole()
    except _Unknown:
        return None
    kind = "math block-math" if block else "math"
    said = html.escape(panes.UNSEEN.sub("\ufffd", source.strip()))
    return f'<span class="{kind}" role="math" aria-label="{said}">{body}</span>'


class _Unknown(Exception):
    """Something that is not known here; the formula stays text."""


class _Reader:
    """Reads pieces from the left; every method gives HTML."""

    def __init__(self, pieces: list[str]) -> None:
        self.pieces = pieces
        self.at = 0
        self.depth = 0

    def whole(self) -> str:
        made = self.run(())
        if self.at < len(self.pieces) or not made.strip():
            raise _Unknown
        return made

    def run(self, until: tuple[str, ...]) -> str:
        """Everything up to one of the pieces, which is left there."""
        parts: list[str] = []
        while (piece := self.peek()) is not None and piece not in until:
            if piece in "^_":
                parts.append(self.scripts())
            elif piece == "}" or (piece == "&" and "&" not in until):
                raise _Unknown
            else:
                parts.append(self.atom())
        return "".join(parts)

    def peek(self) -> str | None:
        return self.pieces[self.at] if self.at < len(self.pieces) else None

    def take(self, wanted: str | None = None) -> str:
        piece = self.peek()
        if piece is None or (wanted is not None and piece != wanted):
            raise _Unknown
        self.at += 1
        return piece

    def skip_space(self) -> None:
        while (piece := self.peek()) is not None and piece.isspace():
            self.at += 1

    def atom(self) -> str:
        self.depth += 1
        if self.depth > DEPTH:
            raise _Unknown
        made = self.one(self.take())
        self.depth -= 1
        return made

    def one(self, piece: str) -> str:
        if piece.isspace():
            return ""
        if piece == "{":
            made = self.run(("}",))
            self.take("}")
            return made
        if piece.startswith("\\") and len(piece) > 1:
            return self.command(piece[1:])
        if piece in BETWEEN:
            return f'<span class="sign">{panes.shown(BETWEEN[piece])}</span>'
        if piece == "~":
            return " "
        if piece.isascii() and piece.isalpha():
            return f"<i>{piece}</i>"
        if piece[0].isdigit() or piece in OTHER or (not piece.isascii() and piece.isprintable()):
            return panes.shown(piece)
        raise _Unknown

    def argument(self) -> str:
        self.skip_space()
        if self.peek() is not None and str(self.peek())[0].isdigit():  # \frac12 and x^23 take one figure
            digits = self.take()
            if len(digits) > 1:
                self.at -= 1
                self.pieces[self.at] = digits[1:]
            return panes.shown(digits[0])
        return self.atom()

    def scripts(self) -> str:
        found: dict[str, str] = {}
        while self.peek() in ("^", "_"):
            sign = self.take()
            if sign in found:
                raise _Unknown
            found[sign] = self.argument()
            self.skip_space()
        if len(found) == 2:
            return f'<span class="scripts"><span>{found["^"]}</span><span>{found["_"]}</span></span>'
        return f"<sup>{found['^']}</sup>" if "^" in found else f"<sub>{found['_']}</sub>"

    def command(self, name: str) -> str:
        if name in SIGNS["letters"]:
            return f"<i>{SIGNS['letters'][name]}</i>"
        if name in SIGNS["signs"]:
            return f'<span class="sign">{panes.shown(SIGNS["signs"][name])}</span>'
        if name in SIGNS["plain"]:
            return f'<span class="name">{panes.shown(SIGNS["plain"][name])}</span>'
        if name in SIGNS["spaces"]:
            return str(SIGNS["spaces"][name])
        if name in IGNORED:
            return ""
        if name == "\\":
            return "<br>"
        if name in ("frac", "dfrac", "tfrac", "cfrac"):
            return f'<span class="frac"><span>{self.argument()}</span><span>{self.argument()}</span></span>'
        if name in ("binom", "dbinom"):
            return f'(<span class="frac bare"><span>{self.argument()}</span><span>{self.argument()}</span></span>)'
        if name == "sqrt":
            return self.root()
        if name in OVER:
            return f'<span class="over {OVER[name]}">{self.argument()}</span>'
        if name in FACES:
            return f'<span class="face">{self.argument()}</span>'
        if name in WORDED:
            return f'<span class="name">{panes.shown(self.words())}</span>'
        if name == "boxed":
            return f'<span class="boxed">{self.argument()}</span>'
        if name == "pmod":
            return f' (mod <span class="name">{self.argument()}</span>)'
        if name in ("left", "right", "middle"):
            return self.fence()
        if name == "begin":
            return self.table()
        raise _Unknown

    def root(self) -> str:
        self.skip_space()
        index = ""
        if self.peek() == "[":
            self.take("[")
            index = f"<sup>{self.run((']',))}</sup>"
            self.take("]")
        return f'{index}<span class="root">√<span>{self.argument()}</span></span>'

    def words(self) -> str:
        self.skip_space()
        self.take("{")
        said = []
        while (piece := self.take()) != "}":
            known = SIGNS["plain"].get(piece[1:]) or SIGNS["spaces"].get(piece[1:])
            if piece == "{" or (piece.startswith("\\") and known is None):
                raise _Unknown
            said.append(str(known) if piece.startswith("\\") else piece)
        return "".join(said)

    def fence(self) -> str:
        self.skip_space()
        sign = self.take()
        if sign == ".":
            return ""
        drawn = SIGNS["plain"].get(sign[1:], "") if sign.startswith("\\") else sign if sign in "()[]|/<>" else ""
        if not drawn:
            raise _Unknown
        return f'<span class="fence">{panes.shown(drawn)}</span>'

    def name_of_table(self) -> str:
        self.take("{")
        name = ""
        while (piece := self.take()) != "}":
            name += piece
        if name not in FENCED and name not in LINES:
            raise _Unknown
        return name

    def table(self) -> str:
        name = self.name_of_table()
        if name == "array":
            self.skip_space()
            self.take("{")
            while (column := self.take()) != "}":
                if column not in "lcr| ":
                    raise _Unknown
        lines: list[list[str]] = [[]]
        cells = 0
        while True:
            lines[-1].append(self.run(("&", "\\\\", "\\end")))
            cells += 1
            piece = self.take()
            if piece == "\\end" or cells > CELLS:
                break
            if piece == "\\\\":
                lines.append([])
        if cells > CELLS or self.name_of_table() != name:
            raise _Unknown
        rows = "".join(
            f"<tr>{''.join(f'<td>{cell}</td>' for cell in line)}</tr>" for line in lines if any(map(str.strip, line))
        )
        table = f'<table class="cells"><tbody>{rows}</tbody></table>'
        if name in LINES:
            return f'<span class="lines">{table}</span>'
        edges = [f'<span class="edge">{panes.shown(edge)}</span>' for edge in FENCED[name]]
        return f'<span class="fenced">{"".join(edges[:1])}{table}{"".join(edges[1:])}</span>'
