"""The frame of every HTML report: one self-contained page, no network, light and dark."""

from __future__ import annotations

from html import escape

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8882; --good: #2a7; --bad: #d33; --warn: #c80 }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 75rem; margin: 2rem auto; padding: 0 1rem }
h1, h2, h3 { line-height: 1.2 } code, pre { font: 13px/1.45 ui-monospace, monospace }
pre { overflow-x: auto; background: var(--soft); padding: .6rem .8rem; border-radius: .4rem }
table { border-collapse: collapse; margin: .6rem 0 } th, td { border: 1px solid var(--line); padding: .25rem .6rem; text-align: left; vertical-align: top }
th { background: var(--soft) } .good { color: var(--good) } .bad { color: var(--bad) } .warn { color: var(--warn) }
.sides { display: grid; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); gap: .8rem }
details { margin: .4rem 0 } summary { cursor: pointer }
"""


def page(title: str, body: str, style: str = "") -> str:
    """A whole HTML document around `body`, which is HTML already; `title` is escaped here."""
    name = escape(title)
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{name}</title>\n<style>{_STYLE}{style}</style>\n</head>\n"
        f"<body>\n<h1>{name}</h1>\n{body}\n</body>\n</html>\n"
    )
