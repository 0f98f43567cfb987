"""The report of a scan as one HTML file: no script, nothing fetched, readable when printed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

_WORDS = ("error", "warning", "info")
_STYLE = """
:root{color-scheme:light dark;--ground:#fbfbf9;--raised:#fff;--line:#d5d8d3;--text:#1b1f1d;--muted:#545c58;
--error:#9f1d1d;--warning:#9a6200;--info:#1d4f87;--none:#5d7a68}
@media(prefers-color-scheme:dark){:root{--ground:#141816;--raised:#1c211f;--line:#3b4440;--text:#e8ece9;
--muted:#a9b3ae;--error:#ff9d94;--warning:#f3c06b;--info:#97c4f5;--none:#86b398}}
*{box-sizing:border-box}body{margin:0 auto;max-width:72rem;padding:1.5rem clamp(1rem,4vw,3rem);background:var(--ground);
color:var(--text);font:1rem/1.5 system-ui,"DejaVu Sans",Arial,sans-serif}
h1{font-size:1.6rem}h2{font-size:1.2rem;margin-top:2rem;border-top:1px solid var(--line);padding-top:.5rem}
table{border-collapse:collapse;width:100%;font-size:.95rem}th,td{text-align:left;padding:.3rem .8rem .3rem 0;
border-bottom:1px solid var(--line);vertical-align:top}th{color:var(--muted)}
.n{text-align:right;font-variant-numeric:tabular-nums}
.tiles{display:flex;flex-wrap:wrap;gap:1rem}.tile{background:var(--raised);border:1px solid var(--line);
border-radius:8px;padding:.6rem 1.1rem;min-width:9rem}.tile b{display:block;font-size:1.5rem}.muted{color:var(--muted)}
.error{color:var(--error)}.warning{color:var(--warning)}.info{color:var(--info)}svg{max-width:100%;height:auto}
a{color:inherit}.whole{white-space:nowrap}
svg text{fill:var(--text);font:13px system-ui,"DejaVu Sans",Arial,sans-serif}
.f-error{fill:var(--error)}.f-warning{fill:var(--warning)}.f-info{fill:var(--info)}.f-none{fill:var(--none)}
details{margin:.4rem 0;background:var(--raised);border:1px solid var(--line);border-radius:8px;padding:.4rem .9rem}
summary{cursor:pointer}blockquote{margin:.4rem 0;padding-left:.9rem;border-left:3px solid var(--line)}
.scroll{overflow-x:auto}
"""


def report_page(summary: dict[str, Any], survey: dict[str, Any], title: str) -> str:
    """The whole page. `survey` is `Survey.result`; `summary` that of the scan, with `remits` if it has them."""
    parts = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="muted">The findings are in {escape(summary["output"])}.</p>',
        _tiles(summary),
        "<h2>Findings by rule</h2>",
        _rule_bars(summary["rules"]),
        _rule_table(summary["rules"], survey["money"]),
        "<h2>Claims by month of service</h2>",
        '<p class="muted">Each claim once, by its worst finding.</p>',
        _columns(survey["months"]),
        "<h2>Claims by provider</h2>",
        _providers(survey),
        "<h2>Examples</h2>",
        *(_examples(each) for each in survey["examples"]),
    ]
    if summary.get("remits"):
        parts += ["<h2>Denials</h2>", _remits(summary["remits"])]
    if summary.get("not_evaluated"):
        parts += ["<h2>Not evaluated</h2>", _not_evaluated(summary["not_evaluated"])]
    parts += ["<h2>Files</h2>", _files(summary["files"])]
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE}</style></head><body><main>\n" + "\n".join(parts) + "\n</main></body></html>\n"
    )


def _tiles(summary: dict[str, Any]) -> str:
    verdicts = summary["verdicts"]
    tiles = [
        ("claims", f"{summary['claims']:,}", ""),
        ("fail", f"{verdicts['fail']:,}", "error"),
        ("to review", f"{verdicts['review']:,}", "warning"),
        ("pass", f"{verdicts['pass']:,}", ""),
        ("findings", f"{summary['findings']:,}", ""),
    ]
    if summary["charges"]:
        tiles.append(("charged on claims that fail", f"${summary['charges']['at_risk']:,.2f}", "error"))
    made = "".join(f'<div class="tile"><b class="{tone}">{value}</b>{name}</div>' for name, value, tone in tiles)
    return f'<div class="tiles">{made}</div>'


def _rule_bars(rules: Sequence[dict[str, Any]]) -> str:
    if not rules:
        return "<p>No rule found anything.</p>"
    shown = sorted(rules, key=lambda each: -each["findings"])[:25]
    most, height = shown[0]["findings"], 24
    rows = []
    for at, each in enumerate(shown):
        width = max(each["findings"] / most * 420, 1)
        top = at * height
        rows.append(
            f'<text x="0" y="{top + 16}">{escape(each["rule"])}</text>'
            f'<rect class="f-{each["severity"]}" x="230" y="{top + 4}" width="{width:.1f}" height="16" rx="2"/>'
            f'<text x="{236 + width:.1f}" y="{top + 16}">{each["findings"]:,} {each["severity"]}</text>'
        )
    label = f"Findings by rule; the most are {shown[0]['rule']} with {most:,}"
    left = f'<p class="muted">The {len(shown)} with the most findings.</p>' if len(rules) > len(shown) else ""
    return _svg(780, len(shown) * height + 4, label, rows) + left


def _rule_table(rules: Sequence[dict[str, Any]], money: dict[str, float]) -> str:
    rows = [
        (
            f'<span class="{each["severity"]}">{each["severity"]}</span>',
            f'<a href="#{each["severity"]}-{escape(each["rule"])}">{escape(each["rule"])}</a>',
            each["code"],
            f"{each['findings']:,}",
            f"${money[each['rule']]:,.2f}" if each["severity"] == "error" and each["rule"] in money else "",
        )
        for each in rules
    ]
    return _table(("severity", "rule", "code", "findings", "charged on these claims"), rows, numbers=(3, 4))


def _columns(months: Sequence[dict[str, Any]]) -> str:
    if not months:
        return "<p>No claim has a month.</p>"
    words = (*_WORDS, "none")
    most = max(sum(each[word] for word in words) for each in months) or 1
    step = min(60.0, 900 / len(months))
    parts = []
    for at, each in enumerate(months):
        top = 200.0
        for word in words:
            tall = each[word] / most * 190
            top -= tall
            parts.append(
                f'<rect class="f-{word}" x="{at * step + 2:.1f}" y="{top:.1f}" '
                f'width="{max(step - 4, 1):.1f}" height="{tall:.1f}">'
                f"<title>{each['month']}: {each[word]:,} claims, worst finding {word}</title></rect>"
            )
        if at % max(1, round(56 / step)) == 0:
            parts.append(f'<text x="{at * step + 2:.1f}" y="216">{each["month"]}</text>')
    legend = "".join(
        f'<rect class="f-{word}" x="{at * 130}" y="228" width="12" height="12"/><text x="{at * 130 + 18}" y="239">'
        f"{'no finding' if word == 'none' else word}</text>"
        for at, word in enumerate(words)
    )
    label = f"Claims by month and worst finding, {months[0]['month']} to {months[-1]['month']}"
    rows = [(each["month"], *(f"{each[word]:,}" for word in words)) for each in months]
    table = _table(("month", *_WORDS, "no finding"), rows, numbers=(1, 2, 3, 4))
    drawn = _svg(max(len(months) * step + 30, 540), 246, label, [*parts, legend])
    return f"{drawn}<details><summary>The same as a table</summary>{table}</details>"


def _providers(survey: dict[str, Any]) -> str:
    if not survey["providers"]:
        return "<p>The claims name no billing provider (of tables: a column provider).</p>"
    rows = []
    for each in survey["providers"]:
        claims = sum(each[word] for word in (*_WORDS, "none"))
        numbers = (f"{each['error']:,}", f"{each['error'] / claims:.1%}", f"{each['warning']:,}", f"{claims:,}")
        rows.append((escape(each["provider"]), *numbers))
    told = f'<p class="muted">{len(rows)} of {survey["providers_in_all"]:,} providers, most failing claims first.</p>'
    return told + _table(("provider", "fail", "share that fails", "to review", "claims"), rows, numbers=(1, 2, 3, 4))


def _examples(group: dict[str, Any]) -> str:
    parts = []
    for each in group["findings"]:
        name = escape(str(each["claim"] or f"record {each['record']}"))
        codes = ", ".join(map(escape, each["codes"]))
        place = f'<span class="muted">{escape(each["file"])}, record {each["record"]:,}</span>'
        said = [f"<p><b>{name}</b>, service of {each['day']}: {codes}<br>{place}</p>"]
        if "message" in each:
            said.append(f"<p>{escape(each['message'])}</p>")
            said += [
                f'<blockquote>{escape(str(because["text"]))}<br><span class="muted">'
                + ", ".join(escape(str(because[name])) for name in ("source", "edition") if because[name])
                + "</span></blockquote>"
                for because in each["because"]
            ]
            said.append(f"<p>To clear it: {escape(each['fix'])}</p>")
        parts.append("".join(said))
    rule, severity = escape(group["rule"]), group["severity"]
    return (
        f'<details id="{severity}-{rule}"><summary><span class="{severity}">{severity}</span> {rule}</summary>'
        f"{'<hr>'.join(parts)}</details>"
    )


def _remits(remits: dict[str, Any]) -> str:
    claims = remits["claims"]
    told = (
        f"<p>{claims['denied']:,} of {claims['with_remittance']:,} claims with a remittance were denied, wholly or in "
        f"part (${claims['denied_amount']:,.2f}); on {claims['caught']:,} of them (${claims['caught_amount']:,.2f}) "
        "a finding would have held the claim back.</p>"
    )
    rules = [
        (
            escape(each["rule"]),
            each["severity"],
            f"{each['claims']:,}",
            f"{each['denied']:,}",
            f"{each['precision']:.1%}",
        )
        for each in remits["rules"]
    ]
    reasons = [
        (
            escape(f"{each['group'] or ''}-{each['reason'] or 'not stated'}".lstrip("-")),
            f"{each['denials']:,}",
            f"${each['amount']:,.2f}",
            f"{each['caught']:,}",
            escape(", ".join(f"{by['rule']} ({by['denials']:,})" for by in each["by"])) or "none",
        )
        for each in remits["reasons"]
    ]
    if not rules and not reasons:
        return told
    return (
        told
        + _table(("reason", "denials", "charged", "caught", "findings on these claims"), reasons, numbers=(1, 2, 3))
        + "<h3>How often a finding stands on a denied claim</h3>"
        + _table(("rule", "severity", "claims", "denied", "precision"), rules, numbers=(2, 3, 4))
    )


def _not_evaluated(entries: Sequence[dict[str, Any]]) -> str:
    rows = [
        (escape(each["rule"]), f"{each['claims']:,}", escape(str(each["missing"])), escape(str(each["how"])))
        for each in entries
    ]
    return _table(("rule", "claims", "missing", "what to do"), rows, numbers=(1,))


def _files(files: Sequence[dict[str, Any]]) -> str:
    rows = [
        (
            escape(each["file"]),
            f'<span class="whole">{escape(each["format"])}</span>',
            *(f"{each[name]:,}" for name in ("read", "accepted", "rejected")),
        )
        for each in files
        if each["read"] or not each["refused"]
    ]
    refused = "".join(f"<li>{escape(each['refused'])}</li>" for each in files if each["refused"])
    told = f"<p>Not read, or not to the end:</p><ul>{refused}</ul>" if refused else ""
    return _table(("file", "format", "records", "accepted", "rejected"), rows, numbers=(2, 3, 4)) + told


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]], numbers: Sequence[int] = ()) -> str:
    tone = dict.fromkeys(numbers, ' class="n"')
    head = "".join(f'<th scope="col"{tone.get(at, "")}>{name}</th>' for at, name in enumerate(heads))
    body = "".join(
        "<tr>" + "".join(f"<td{tone.get(at, '')}>{cell}</td>" for at, cell in enumerate(row)) + "</tr>" for row in rows
    )
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _svg(width: float, height: float, label: str, parts: Iterable[str]) -> str:
    return (
        f'<svg viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}" role="img" '
        f'aria-label="{escape(label)}">{"".join(parts)}</svg>'
    )
