"""Uses what additions.py adds to the imported package; prints what it gives, as JSON."""

from __future__ import annotations

import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from fractions import Fraction
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

import fake_masks
from tickets import architecture, canonical, cli, masks, provenance, weights
from tickets.audit.lineage import expected
from tickets.audit.schema_of_statements import problem
from tickets.audit.study_files import parse_path
from tickets.criterion import Inputs, find, load_criterion, load_scope
from tickets.data.encoding import Tokenizer, encode
from tickets.data.settings import Settings
from tickets.design import config, registry
from tickets.design.costs import PREDICTED
from tickets.errors import BadInput
from tickets.figures.charts import PAGE
from tickets.initial import pretrained
from tickets.model.network import Network
from tickets.monitoring import calibration
from tickets.prunable import PrunableSet, prunable_set
from tickets.report_page.layout import split_chart
from tickets.scores import resampling, scoring
from tickets.tables.tabulation import svg
from tickets.tasks import task
from tickets.training.evaluation import predict
from tickets.training.loop import initial_head, train
from tickets.training.recipe import Recipe

MODEL = Path(__file__).parents[2] / "resources" / "theta_0"
ROUND = "once_trained/mlm/rewind-50/seed-1/sparsity-10"
MATRICES = [f"encoder.layer.{layer}.output.dense.weight" for layer in (0, 1)]
SIZES = dict.fromkeys(MATRICES, 10)


def run(script: str, *flags: str | Path) -> None:
    """An entry point of the copy."""
    sys.argv = [script, *map(str, flags)]
    spec = spec_from_file_location(script, f"workflow/scripts/{script}.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[script] = module_from_spec(spec)
    spec.loader.exec_module(module)
    with redirect_stdout(io.StringIO()):
        module.main()


def with_statement(path: str) -> Path:
    """A file, once it has a statement."""
    started = provenance.now()
    provenance.write(Path(path), rule="x", parameters={}, dependencies={}, started=started)
    return Path(path)


def statement_of(path: Path) -> Any:
    return json.loads(provenance.statement_path(path).read_bytes())


def use_axes() -> dict[str, Any]:
    """A criterion, a scope and a procedure, on two layers of ten weights."""
    values = {
        name: (np.arange(1, 11, dtype=np.float32) * 10**layer).reshape(2, 5)
        for layer, name in enumerate(MATRICES)
    }
    dense = masks.dense(PrunableSet(shapes=dict.fromkeys(MATRICES, (2, 5))))
    tenth = Inputs(
        weights=values, parent=dense, sparsity=Fraction(1, 10), parameters={"factor": 0.5}
    )
    largest = find(load_criterion("largest"), "per_matrix", tenth)
    layers = find(load_criterion("magnitude"), "per_layer", tenth)

    weights.write(Path("theta.safetensors"), values)
    parent = fake_masks.save(Path("parent.safetensors"), dense)
    flags = "--finder once_trained --sparsity 10 --criterion magnitude --scope per_layer "
    flags += "--task mlm --seed 1 --rewind 50 --round 1"
    mask = Path("results/masks", f"{ROUND}.safetensors")
    mask.parent.mkdir(parents=True)
    files = ("--weights", with_statement("theta.safetensors"), "--parent", parent)
    run("find_mask", *flags.split(), *files, "--output", mask)
    return {
        "largest": largest.kept[MATRICES[0]].ravel().tolist(),
        "per_layer": [int((~layers.kept[name]).sum()) for name in MATRICES],
        "per_layer in the audit": load_scope("per_layer").expected(SIZES, Fraction(1, 10))[None],
        "once_trained": problem(statement_of(mask)),
    }


def use_rule_and_command() -> dict[str, Any]:
    """The mask's weights counted, by a job and by a user."""
    mask = Path("results/masks", f"{ROUND}.safetensors")
    counts = Path("results/counts", f"{ROUND}.json")
    counts.parent.mkdir(parents=True)
    run("kept_counts", "--mask", mask, "--output", counts)
    where = parse_path(str(counts.relative_to("results")))
    assert where is not None
    values = yaml.safe_load(Path("config/mini.yaml").read_text(encoding="utf-8"))
    study = config.load(values | {"note": "an example"})
    wanted = expected(study.design, where)
    assert wanted is not None
    said = io.StringIO()
    with redirect_stdout(said):
        flags = cli.parser().parse_args(["count", str(mask)])
        cli.COMMANDS[flags.command].run(flags)
    kept = [counts.read_text(), problem(statement_of(counts)), wanted.rule, dict(wanted.parents)]
    help_text = cli.parser().format_help()
    return {
        "kept_counts": kept,
        "count": said.getvalue(),
        "count in the help": "    count     Count the weights that a mask keeps." in help_text,
        "note": study.note,  # type: ignore[attr-defined]
    }


def use_metric() -> dict[str, Any]:
    """Kendall's tau of four values, and of a resample that holds the first two of them twice."""
    columns = {"prediction": [1.0, 2.0, 3.0, 4.0], "reference": [1.0, 2.0, 4.0, 3.0]}
    table = pa.table(columns)
    twice = np.array([[2, 2, 0, 0]], dtype=np.uint8)
    return {
        "kendall": scoring.score(["kendall"], table)["kendall"],
        "kendall of a resample": float(resampling.replicates("kendall", table, twice)[0]),
    }


def use_figure() -> dict[str, Any]:
    """In print, and on the page."""
    table = pd.DataFrame({"task": ["a", "b"], "n": [2, 3], "note": "full"})
    spec = registry.table("steadiness")
    assert spec.chart is not None
    panels = split_chart(spec.chart(table, PAGE)).panels
    words = Path("workflow/report/story.html.jinja").read_text(encoding="utf-8")
    return {
        "svg": svg(spec.chart(table)).startswith(b"<svg"),
        "page": [len(panels) == 1, 'figure("steadiness")' in words],
    }


def use_head() -> dict[str, Any]:
    """From texts with a share each to predictions; three words, and the share says which."""
    words = Tokenizer.load(MODEL).fast.convert_ids_to_tokens([20, 30, 40, 50])
    examples = {"text": [*words], "share": [0.0, 1.0, 0.25, 0.75]}
    pq.write_table(pa.table(examples), "shares.parquet")
    pq.write_table(pa.table(examples | {"share": [2.0, 0.0, 0.0, 0.0]}), "wrong.parquet")
    kept = canonical.Selection(
        task="shares", head="share", split="train", text=("text",), label="share"
    )
    refused = ""
    try:
        canonical.prepare([Path("wrong.parquet")], kept)
    except BadInput as error:
        refused = str(error)
    data = canonical.prepare([Path("shares.parquet")], kept)
    canonical.write(Path("data.parquet"), data)
    encoded = encode(
        data, Settings(task="shares", head="share", max_length=16), MODEL, validation=True
    )
    known = architecture.read(MODEL)
    start = pretrained.read(MODEL)
    theta, gamma = initial_head(start, known, head="share", labels=1, seed=1, task="shares")
    mask = masks.dense(prunable_set({name: value.shape for name, value in theta.items()}))
    recipe = Recipe(epochs=None, steps=20, batch_size=4, learning_rate=1e-3, dropout=0.0)
    with redirect_stderr(io.StringIO()):
        trained = train(theta, gamma, mask, encoded, known, recipe, head="share", seed=1)
    network = Network.of(trained.theta, trained.gamma, known, "share")
    flags = ("--train", with_statement("data.parquet"), "--validation", "data.parquet")
    unread = ("--encoded-train", "none", "--encoded-validation", "none")
    run("majority", "--head", "share", *flags, *unread, "--output", "constant.parquet")
    shares = replace(task("opinions"), head="share", labels=None, metrics=("pearson",))
    return {
        "share": {
            "refused": refused,
            "losses": trained.losses,
            "predictions": predict(network, encoded, data)["prediction"].to_pylist(),
            "constant": pq.read_table("constant.parquet")["prediction"].to_pylist(),
            "drawn": str(calibration.draw_texts(shares, 4, 8, known).columns["label"].dtype),
            "bytes": PREDICTED["share"],
        }
    }


parts = (use_axes, use_rule_and_command, use_metric, use_figure, use_head)
print(json.dumps({name: value for use in parts for name, value in use().items()}))
