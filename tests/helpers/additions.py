"""What a stranger adds: for each row of "Where do I change X?" the files, and what is put there.

A text is a new file; pairs are what is replaced in one that is there, and by what. Files are named
as docs/architecture.md names them: below the package, if not below the project.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

CRITERION = '''
"""Largest first."""

import numpy as np

from tickets.criterion import Criterion, Inputs, Scores


def scores(inputs: Inputs) -> Scores:
    factor, weights = inputs.parameters["factor"], inputs.prunable_weights
    return {name: -np.abs(matrix) * np.float32(factor) for name, matrix in weights.items()}


CRITERION = Criterion(label="largest first", scores=scores, parameters={"factor": 0.5})
'''

PROCEDURE = '''
"""Every round from the same training: the dense one, from theta_i."""

from tickets.names import DENSE, theta_i, training
from tickets.procedure import Procedure


def decided_by(design, mask):
    return training(theta_i(mask.task, mask.rewind, mask.seed), DENSE, mask.task, mask.seed)


PROCEDURE = Procedure(label="once", of=("task", "rewind", "seed"), decided_by=decided_by)
'''

SCOPE = '''
"""Scores are compared within a layer, and each layer is pruned alike."""

from collections import defaultdict

from tickets.criterion import Scope
from tickets.masks import Mask
from tickets.prunable import PrunableSet, place
from tickets.schedule import pruned_count
from tickets.scopes.global_ import prune_global


def layers(sizes):
    groups = defaultdict(list)
    for name in sizes:
        groups[place(name)[0]].append(name)
    return groups.values()


def prune(scores, parent, sparsity):
    kept = {}
    for names in layers(parent.prunable.shapes):
        part = PrunableSet(shapes={name: parent.prunable.shapes[name] for name in names})
        alone = Mask(prunable=part, kept={name: parent.kept[name] for name in names})
        kept |= prune_global(scores, alone, sparsity).kept
    return Mask(prunable=parent.prunable, kept={name: kept[name] for name in parent.kept})


def expected(sizes, sparsity):
    parts = (sum(sizes[name] for name in names) for names in layers(sizes))
    return {None: sum(pruned_count(sparsity, size) for size in parts)}


SCOPE = Scope(prune=prune, expected=expected)
'''

TABLE = '''
"""Steadiness: how many seeds a task's full model has."""

from tickets.design import experiments
from tickets.design.parameters import TASKS, Parameter
from tickets.design.metrics import Metrics
from tickets.design.table_spec import TableSpec
from tickets.tables.cells import dense, frame, select


def trainings(design):
    return experiments.full(design)


def _make(inputs):
    metrics = inputs.metrics()
    rows = [(task, select(metrics, dense(task)).n, inputs["note"]) for task in inputs["tasks"]]
    return frame(rows, ("task", "n", "note"))


NOTE = Parameter(form={"enum": ["full"]}, of=lambda design: "full")
TABLE = TableSpec(
    name="steadiness",
    metrics=Metrics(trainings=trainings),
    parameters={"tasks": TASKS, "note": NOTE},
    make=_make,
    render=lambda table, _: f"{len(table)} tasks",
)
'''

FIGURE = '''
"""Bars."""

import altair as alt

from tickets.figures.charts import PRINT, add_heading


def steadiness(table, theme=PRINT):
    bars = alt.Chart(table).mark_bar().encode(x="n:Q", y="task:N")
    return add_heading(alt.layer(bars), theme, "Steadiness", ["Seeds of each task."])
'''

CHART = """
def _chart(table, *theme):
    from tickets.figures import bars

    return bars.steadiness(table, *theme)


NOTE = """

COMMAND = '''
"""Count the weights that a mask keeps.

Examples:
    tickets count results/masks/dense.safetensors
"""

from pathlib import Path

from tickets import masks

POSITION = 75


def add_flags(parser):
    parser.add_argument("mask", type=Path, help="a mask")


def run(flags):
    mask = masks.read(flags.mask)
    print(mask.prunable.size - mask.pruned)
    return 0
'''

RULE = '''
"""How many weights each mask keeps."""


rule kept_counts:
    input:
        mask=ancient(files.mask("{mask}")),
        statements=statements_of(files.mask("{mask}")),
    output:
        counts=files.kept_counts("{mask}"),
        statement=statements_of(files.kept_counts("{mask}")),
    log:
        files.log("kept_counts/{mask}"),
    params:
        code=code("kept_counts"),
    shell:
        "python {params.code.path} --mask {input.mask} --output {output.counts} 2> {log}"
'''

ENTRY_POINT = '''
"""Rule kept_counts: how many weights a mask keeps."""

import argparse
from pathlib import Path

from tickets import masks, provenance
from tickets.errors import run


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mask", type=Path, required=True, help="the mask")
    parser.add_argument("--output", type=Path, required=True, help="the count to write")
    flags = parser.parse_args()
    started = provenance.now()
    mask = masks.read(flags.mask)
    flags.output.write_text(f"{mask.prunable.size - mask.pruned}")
    about = {"rule": "kept_counts", "parameters": {}, "dependencies": {"mask": flags.mask}}
    provenance.write(flags.output, **about, started=started)


if __name__ == "__main__":
    run(main)
'''

KENDALL = """

def _kendall(table):
    values = np.stack(_numbers(table, "prediction", "reference"))

    def score(resamples):
        drawn = [values[:, np.repeat(np.arange(each.size), each)] for each in resamples]
        return np.array([np.nan_to_num(stats.kendalltau(*pair).statistic) for pair in drawn])

    return score


def _matches("""

OPINIONS = """
    dataset: {path: language, name: acceptability}
    text: [sentence]
"""

Edit = str | Sequence[tuple[str, str]]

ADDITIONS: Mapping[str, Mapping[str, Edit]] = {
    "a criterion": {"criteria/largest.py": CRITERION},
    "a criterion of one study's own": {
        "config/mine.py": CRITERION,
        "config/mini.yaml": [
            ("tasks:\n", "criteria: {mine: config/mine.py}\nsweep: [largest, mine]\ntasks:\n")
        ],
    },
    "a procedure": {"procedures/once_trained.py": PROCEDURE},
    "a scope": {"scopes/per_layer.py": SCOPE},
    "a task of a known kind, for one study": {
        "config/mini.yaml": [
            (
                "tasks:\n",
                "tasks:\n  graded:\n    head: regression\n    label: label\n    metrics: [kendall]"
                "\n    epochs: 1\n    batch_size: 32\n    learning_rate: 1.0e-3\n    max_length: 64"
                + OPINIONS,
            )
        ],
    },
    "a task of a known kind, for all studies": {
        "tasks.yaml": [("\ntasks:\n", "\ntasks:\n  opinions:\n    <<: *glue" + OPINIONS)],
    },
    "a kind of task (head)": {
        "tasks.py": [
            ('    "span": ("exact', '    "share": ("pearson", "spearman"),\n    "span": ("exact')
        ],
        "canonical.py": [
            (
                "        wrong, rule = ~np.isfinite(label)",
                "        highest = {'share': 1}.get(selection.head, np.inf)\n"
                "        wrong, rule = ~np.isfinite(label) | (label > highest)",
            )
        ],
        "data/encoding.py": [('["head"] == "regression"', '["head"] in ("regression", "share")')],
        "initial/initialisation.py": [('"regression": 1,', '"regression": 1, "share": 1,')],
        "model/network.py": [
            (
                "        return F.cross_entropy",
                '        if self.head == "share":\n            return '
                "F.binary_cross_entropy_with_logits(scores[:, 0], batch.target)\n"
                "        return F.cross_entropy",
            ),
            (
                'np.float32 if self.head == "regression"',
                'np.float32 if self.head in ("regression", "share")',
            ),
        ],
        "training/evaluation.py": [
            (
                '            "span": _spans',
                '            "share": _shares,\n            "span": _spans',
            ),
            (
                "def _answers(",
                "def _shares(network, encoded, data):\n"
                "    columns = dict(_values(network, encoded, data))\n"
                '    logits = columns["prediction"].to_numpy()\n'
                '    return columns | {"prediction": column(1 / (1 + np.exp(-logits)))}\n\n\n'
                "def _answers(",
            ),
        ],
        "workflow/scripts/majority.py": [
            (
                '            "span": constant_text',
                '            "share": constant_value,\n            "span": constant_text',
            )
        ],
        "design/costs.py": [('"regression": 20,', '"regression": 20, "share": 20,')],
        "monitoring/calibration.py": [
            (
                '        "span": dict',
                '        "share": {"label": zeros.astype(np.float32)},\n        "span": dict',
            )
        ],
    },
    "a metric": {
        "tasks.py": [
            (
                '"regression": ("pearson", "spearman"',
                '"regression": ("pearson", "spearman", "kendall"',
            )
        ],
        "scores/scoring.py": [
            (
                '    "exact_match": ("text"',
                '    "kendall": ("float64", _correlation(_kendall)),\n    "exact_match": ("text"',
            ),
            (
                "def _masked_accuracy(",
                "def _kendall(one, other):\n    return stats.kendalltau(one, other).statistic\n\n\n"
                "def _masked_accuracy(",
            ),
        ],
        "scores/resampling.py": [
            ('    "exact_match": _', '    "kendall": _kendall,\n    "exact_match": _'),
            ("\n\ndef _matches(", KENDALL),
        ],
    },
    "a table": {"tables/steadiness.py": TABLE},
    "a figure": {
        "figures/bars.py": FIGURE,
        "tables/steadiness.py": [
            ("\nNOTE = ", CHART),
            ("    make=_make,\n", "    make=_make,\n    chart=_chart,\n"),
        ],
    },
    "its place on the report's page": {
        "workflow/report/story.html.jinja": [
            (
                '{% call figure("transfer_sweep") %}',
                '{% call figure("steadiness") %}\nWhat to see in it.\n{% endcall %}\n'
                '{% call figure("transfer_sweep") %}',
            )
        ],
    },
    "a family of models": {
        "architecture.py": [('    "distilbert": _D', '    "ernie": _BERT,\n    "distilbert": _D')]
    },
    "a key of the configuration": {
        "design/config.schema.json": [
            (
                '    "seeds": {\n',
                '    "note": {"description": "what the study is for", "type": "string", '
                '"default": ""},\n    "seeds": {\n',
            )
        ],
        "design/config.py": [
            ("    results: str\n    seeds", "    results: str\n    note: str\n    seeds"),
            ("        seeds=tuple(", '        note=values["note"],\n        seeds=tuple('),
        ],
    },
    "a command": {"commands/count.py": COMMAND},
    "a rule": {
        "workflow/rules/kept_counts.smk": RULE,
        "workflow/scripts/kept_counts.py": ENTRY_POINT,
        "Snakefile": [
            (
                'include: "workflow/rules/plan.smk"\n',
                'include: "workflow/rules/plan.smk"\ninclude: "workflow/rules/kept_counts.smk"\n',
            )
        ],
        "paths.py": [
            (
                "    def ticket(self",
                "    def kept_counts(self, mask):\n"
                '        return f"{self.root}/counts/{mask}.json"\n\n    def ticket(self',
            )
        ],
        "audit/study_files.py": [
            (
                '            "ticket": files',
                '            "kept_counts": files.kept_counts("{mask}"),\n'
                '            "ticket": files',
            )
        ],
        "audit/lineage.py": [
            (
                '    "mask": _mask,\n',
                '    "mask": _mask,\n    "kept_counts": lambda design, parts: Expected(\n'
                '        rule="kept_counts",\n'
                '        parents={"mask": below_root(FILES.mask(parts["mask"]))},\n'
                "    ),\n",
            )
        ],
        "audit/statement.schema.json": [
            (
                '      "random_mask": {\n',
                '      "kept_counts": {"properties": {"rule": {}}, '
                '"additionalProperties": false},\n      "random_mask": {\n',
            )
        ],
    },
}
