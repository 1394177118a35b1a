"""An audit's findings as files: a table of masks, a page, and the verdict for programs."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from html import escape

from tickets.audit.causes import Cause
from tickets.audit.findings import FAULTS, REMARKS, Finding
from tickets.audit.study import Audit
from tickets.audit.verdict import AuditVerdict, summary
from tickets.paths import parse_mask

COLUMNS = (
    *("path", "finder", "task", "seed", "rewind", "sparsity", "pruned", "prunable", "bits"),
    *("sha256", "statement", "commit", "clean", "findings"),
)
_NONE = "<p>None.</p>"
_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Audit: {verdict}</title>
<style>
:root {{ color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }}
body {{ max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }}
table {{ border-collapse: collapse; display: block; overflow-x: auto; font-size: .85rem; }}
th, td {{ text-align: left; padding: .2rem .8rem .2rem 0; vertical-align: top; }}
tr {{ border-bottom: 1px solid #8886; }}
code {{ font-size: .9em; overflow-wrap: anywhere; }}
.verdict {{ font-size: 1.4rem; font-weight: 600; }}
</style>
<h1>Audit of a study</h1>
<p class="verdict">{verdict}</p>
<p>{explanation}</p>
<p>Root digest <code>{root}</code>; {files:,} files, {masks:,} of them masks.</p>
<h2>Causes</h2>
{causes}
<h2>Remarks</h2>
{remarks}
<h2>Kinds of findings</h2>
{kinds}
<h2>Masks</h2>
{table}
</html>
"""


def masks_csv(audit: Audit) -> str:
    """A CSV with a row for each mask, by path; `sparsity` is its pruned share in per cent."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(_rows(audit))
    return text.getvalue()


def html(audit: Audit, verdict: AuditVerdict) -> str:
    """The page: verdict, causes, what follows from each, remarks, masks. It loads nothing."""
    codes = {**FAULTS, **REMARKS}
    counts = Counter(finding.code for finding in audit.findings)
    kinds = [[code, count, codes[code]] for code, count in sorted(counts.items())]
    return _PAGE.format(
        verdict=escape(verdict.word),
        explanation=escape(verdict.meaning),
        root=audit.root,
        files=len(audit.files.digests),
        masks=len(audit.masks),
        causes=_findings([cause.finding for cause in audit.causes])
        + "".join(map(_consequences, audit.causes)),
        remarks=_findings(audit.remarks),
        kinds=_table(("code", "how often", "meaning"), kinds) if kinds else _NONE,
        table=_table(COLUMNS, _rows(audit)),
    )


def verdict_json(audit: Audit, verdict: AuditVerdict) -> str:
    """The verdict, its meaning, the paths of causes, and the number of findings of each kind."""
    content = {
        "verdict": verdict.word,
        "meaning": verdict.meaning,
        "root": audit.root,
        "files": len(audit.files.digests),
        "masks": len(audit.masks),
        "causes": [cause.finding.path for cause in audit.causes],
        "findings": Counter(finding.code for finding in audit.findings),
    }
    return json.dumps(content, indent=2, sort_keys=True) + "\n"


def _consequences(cause: Cause) -> str:
    """The findings that follow from a cause, folded away."""
    if not cause.consequences:
        return ""
    head = f"<summary>{escape(summary(cause))}</summary>"
    return f"<details>{head}\n{_findings(cause.consequences)}</details>\n"


def _findings(findings: Sequence[Finding]) -> str:
    if not findings:
        return _NONE
    rows = [[each.code, each.path, each.message] for each in findings]
    return _table(("code", "path", "what is wrong"), rows)


def _rows(audit: Audit) -> list[list[object]]:
    faults = Counter(finding.path for finding in audit.findings if finding.is_fault)
    rows: list[list[object]] = []
    for path, mask in sorted(audit.masks.items()):
        name, statement = parse_mask(path), audit.files.statements.get(path)
        size = sum(mask.sizes.values())
        pruned = size - sum(mask.kept.values())
        share = float(100 * Fraction(pruned, size)) if size else 0.0
        names = [name.finder, name.task, _text(name.seed), name.rewind]
        origin = ["", "", ""]
        if statement is not None:
            origin = [statement.itself, statement.commit or "", _text(statement.clean)]
        numbers = [f"{share:.6f}", pruned, size, mask.bits, audit.files.digests[path]]
        rows.append([path, *names, *numbers, *origin, faults[path]])
    return rows


def _text(value: object) -> str:
    return "" if value is None else str(value).lower()


def _table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in header)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>\n"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table>"
