"""A statement of every rule, as JSON."""

from __future__ import annotations

from typing import Any

from tickets import statements
from tickets.criterion import load_criterion
from tickets.finder import at_theta_0, criterion_of

DESIGN = {
    "tasks": ["mrpc", "mlm"],
    "seeds": [1, 2],
    "sparsities": ["10", "20", "33.33"],
    "transfer": "20",
    "rewind": "0",
    "rewinds": ["5", "50"],
    "subsets": {"mrpc_200": "mrpc"},
    "mlm": ["mlm"],
    "later_sources": ["mlm"],
    "sweep": ["oneshot", "random", "snip"],
    "head": "rewind",
    "decay": "round",
    "first_mlm_mask": "trained",
}
PRUNED = {"scope": "global", "sparsity": "33.33"}
FOUND = {"task": "mrpc", "seed": 0, "round": 3}
TRAINING = {
    "task": "mrpc",
    "head": "classification",
    "labels": 2,
    "seed": 1,
    "threads": 1,
    "batch_size": 32,
    "learning_rate": "2e-05",
    "rounds": 1,
    "adam_epsilon": "1e-08",
    "clip_norm": "1.0",
    "mlm_probability": "0.15",
    "precision": "bfloat16",
    "speedups": ["packing", "graphs"],
    "from_percent": 0,
    "to_percent": "50.0",
}
LANGUAGE = {
    "seed": 1,
    "topics": 2,
    "persons": 12,
    "train_examples": 64,
    "validation_examples": 40,
}
CELLS = {"tasks": ["mrpc", "mlm"], "sparsity": "0.7", "rewind": "0.0"}
SPARSITIES = {"sparsities": ["10", "20"]}
NEEDED = {
    **{"task": "mrpc", "seed": 1, "head": "classification", "labels": 2, "batch_size": 32},
    **{"mlm_probability": "0.15", "precision": "float32", "threads": 1},
    **{"learning_rate": "2e-05", "adam_epsilon": "1e-08", "clip_norm": "1.0"},
}


def found(finder: str) -> dict[str, Any]:
    """What the statement of a mask that theta_0 decides says, as its criterion declares it."""
    criterion = load_criterion(criterion_of(finder))
    named = {name: NEEDED[name] for name in (*criterion.of, *criterion.needs)}
    own = {name: statements.exact(value) for name, value in criterion.parameters.items()}
    return PRUNED | {"finder": finder} | named | own


EXAMPLES: list[tuple[str, dict[str, Any]]] = [
    ("train", TRAINING | {"epochs": "3.0"}),
    ("train", TRAINING | {"steps": 120}),
    ("find_mask", {"finder": "dense", "sparsity": "0"}),
    *(("find_mask", found(finder)) for finder in at_theta_0()),
    ("prune", PRUNED | {"finder": "dense"}),
    ("prune", PRUNED | {"finder": "oneshot"}),
    ("prune", PRUNED | FOUND | {"finder": "imp", "rewind": "0"}),
    ("prune", PRUNED | FOUND | {"finder": "standard"}),
    ("prune", PRUNED | FOUND | {"finder": "change"}),
    ("prune", PRUNED | FOUND | {"finder": "movement_imp", "rewind": "0"}),
    ("random_mask", {"finder": "random", "seed": 1, "sparsity": "70"}),
    ("layerwise_mask", {"finder": "layerwise", "seed": 1}),
    (
        "combine_masks",
        PRUNED | {"finder": "combined", "name": "universal", "by": "vote", "seed": 1},
    ),
    (
        "snip",
        PRUNED
        | {"finder": "snip", "batches": 8, "task": "mrpc", "seed": 1}
        | {"batch_size": 32, "precision": "float32", "threads": 1},
    ),
    ("winning_mask", {"task": "mrpc", "criterion": "strict", "sparsity": "0"}),
    ("import", {"finder": "imported", "format": "pt"}),
    ("import", {"finder": "imported", "format": "zeros"}),
    ("export", {"format": "hugging-face"}),
    ("export", {"format": "delta"}),
    ("rewind", {}),
    ("round_start", {}),
    ("reinit", {"seed": 1}),
    ("shuffle", {"how": "within", "seed": 1}),
    ("theta_0", {"model": "google-bert/bert-base-uncased", "revision": "8" * 40}),
    ("theta_0", {"model": "resources/theta_0", "revision": None}),
    (
        "pretrain",
        {"steps": "5000", "warmup_steps": "100", "batch_size": "64", "learning_rate": "0.001"}
        | {"mlm_probability": "0.15", "seed": "1", "threads": "2"},
    ),
    (
        "adapt",
        {"steps": 10000, "batch_size": 32, "learning_rate": "5e-05", "warmup_steps": 500}
        | {"weight_decay": "0.01", "adam_epsilon": "1e-08", "clip_norm": "1.0", "seed": 1}
        | {
            "mlm_probability": "0.15",
            "precision": "bfloat16",
            "speedups": ["graphs"],
            "threads": 2,
        },
    ),
    ("corpus", {"max_length": 64}),
    ("language", LANGUAGE),
    ("pretraining_text", LANGUAGE | {"pretraining_pairs": 300}),
    (
        "data",
        {"dataset": "nyu-mll/glue", "name": "mrpc", "revision": "b" * 40, "task": "mrpc"}
        | {"head": "classification", "split": "validation_matched", "labels": 2}
        | {"text": ["sentence1", "sentence2"], "label": "label", "examples": None},
    ),
    (
        "encode",
        {"task": "squad", "head": "span", "max_length": 384, "stride": 128}
        | {"concatenate": False, "split": "train"},
    ),
    ("majority", {"head": "mlm"}),
    ("initial_loss", {"task": "mlm", "precision": "bfloat16", "threads": 2}),
    ("metrics", {"part": "transfer", "metrics": {"mrpc": ["accuracy", "f1"]}, "design": DESIGN}),
    ("transfer", CELLS),
    ("baselines", CELLS),
    ("winning_sparsities", SPARSITIES | {"tasks": ["mrpc"], "rewind": "0.0"}),
    ("winning_sparsity", SPARSITIES | {"tasks": ["mrpc"], "rewind": "0.0"}),
    ("winning_tickets", {"tasks": ["mrpc"], "rewind": "0.0"}),
    ("sparsity_sweep", SPARSITIES | {"tasks": ["mrpc"], "finders": ["snip"], "rewind": "0.0"}),
    ("essential_sparsity", SPARSITIES | {"tasks": ["mrpc"], "finders": ["snip"], "rewind": "0.0"}),
    ("rewinding", SPARSITIES | {"tasks": ["mrpc"], "rewinds": ["5.0"]}),
    (
        "transfer_variants",
        CELLS | SPARSITIES | {"mlm_tasks": ["mlm"], "sources": [], "rewinds": ["5.0"]},
    ),
    (
        "transferability",
        CELLS | {"sizes": {"mrpc": 3668, "mrpc_200": 200}, "subsets": [["mrpc_200", "mrpc"]]},
    ),
    ("connectivity", {}),
    (
        "interpolate",
        {"task": "mrpc", "head": "classification", "metric": "accuracy"}
        | {"precision": "bfloat16", "threads": 1},
    ),
    ("mask_overlap", {}),
    ("layer_sparsity", {}),
    ("curve", {"figure": "transfer_sweep"}),
    ("full_models", {"tasks": ["mrpc", "mlm"]}),
    ("freezing", SPARSITIES | {"tasks": ["mrpc"]}),
    ("answerability", {"mlm_tasks": ["mlm"]}),
    ("versus_paper", {"mlm_tasks": ["mlm"]}),
    ("mask_loss", {"targets": ["mrpc"], "sparsity": "0.7", "rewind": "0.0"}),
]
OPTIONAL = {
    "train": {
        **{"new_head": "mlm under imp/mlm/rewind-0/seed-1/sparsity-70", "dropout": "0.1"},
        **{"earlier_trainings": 2, "round": 1, "meaning": "freeze"},
    },
    "shuffle": {"matrices": "prunable"},
    "adapt": {"dropout": "0.1"},
    "pretrain": {"mlm_share": "0.6", "dropout": "0.1", "weight_decay": "0.01"},
    "pretraining_text": {"next_sentence": "0.3"},
    "transferability": {"fit": "additive"},
    "versus_paper": {"rewind": "0.0", "tests": "by_seed"},
}
"""What a rule's statement may have beside the parameters in `EXAMPLES`."""

MASK = {
    "mask_digest": "0" * 64,
    "prunable_set": "1" * 64,
    "prunable": 1000,
    "pruned": 700,
    "sparsity": "7/10",
    "sparsity_by_matrix": {"encoder.layer.0.attention.self.query.weight": "7/10"},
}
TRAINED = {
    "steps": 3,
    "device": "cuda",
    "threads": 1,
    "products": "torch.float32",
    "deterministic": True,
}
FACTS: list[dict[str, Any]] = [
    {},
    MASK,
    MASK | {"products": "torch.bfloat16"},
    {"mask_digest": "0" * 64},
    {"rows": 40, "from": "directory"},
    {"features": 40, "tokens": 400},
    {"device": "cpu", "products": "torch.bfloat16"},
    {"prunable": 1000, "prunable_set": "1" * 64, "pretrained_mlm_head": False},
    {"final_loss": "0.6931", "device": "cpu"},
    {"device": "cpu", "products": "torch.bfloat16"},
    TRAINED | {"first_step": 0, "last_step": 3, "final_loss": "1e-05"},
    TRAINED | {"first_step": 0, "last_step": 0, "final_loss": None},
    # Earlier versions did not say what the code means.
    {"final_loss": "0.6931", "device": "cpu", "code": "3" * 64},
    TRAINED | {"first_step": 0, "last_step": 3, "final_loss": "1e-05", "code": "3" * 64},
    {"final_loss": "0.6931", "device": "cpu", "products": "torch.bfloat16"},
    {"final_loss": "0.6931", "device": "cpu", "products": "torch.bfloat16", "code": "3" * 64},
]


def example(rule: str, parameters: dict[str, Any], facts: dict[str, Any]) -> dict[str, Any]:
    """A statement of that rule, with every kind of dependency."""
    sha256 = {"sha256": "a" * 64}
    return {
        "_type": statements.STATEMENT_TYPE,
        "subject": [{"name": "sparsity-33.33.safetensors", "digest": sha256}],
        "predicateType": statements.PREDICATE_TYPE,
        "predicate": {
            "buildDefinition": {
                "buildType": statements.BUILD_TYPE,
                "externalParameters": {"rule": rule, **parameters},
                "internalParameters": {
                    "python": "3.11.7",
                    "platform": "Linux-6.18",
                    "packages": {"torch": "2.13.0+cpu", "numpy": "2.4.6", "safetensors": "0.8.0"},
                    "slurmJobId": "",
                },
                "resolvedDependencies": [
                    {
                        "name": "source",
                        "digest": {"gitCommit": "b" * 40},
                        "annotations": {"clean": True},
                    },
                    {"name": "code/tickets/audit/__init__.py", "digest": sha256},
                    {"name": "pins", "uri": "envs/constraints.txt", "digest": sha256},
                    {"name": "weights", "uri": "results/trained/x.safetensors", "digest": sha256},
                    {"name": "weights-statement", "digest": sha256},
                ],
            },
            "runDetails": {
                "builder": {"id": f"{statements.BUILD_TYPE}#local"},
                "metadata": {
                    "startedOn": "2026-11-24T18:31:42Z",
                    "finishedOn": "2026-11-24T18:31:43Z",
                },
                "byproducts": [{"name": "facts", "annotations": facts}],
            },
        },
    }


def carrying(inner: dict[str, Any]) -> dict[str, Any]:
    """A statement that has another one inside."""
    outer = example("prune", dict(dict(EXAMPLES)["prune"]), MASK)
    outer["predicate"]["buildDefinition"]["resolvedDependencies"][-1]["annotations"] = {
        "statement": inner
    }
    return outer
