"""A study's masks on a hub: what is sent, what its card says, and what is read back."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from huggingface_hub import ModelCard, constants

import tickets
from fake_masks import WEIGHTS, mask, save
from kept_study import copied
from stub_hub import Fault, StubHub, connect, served
from studies import ROOT
from tickets import provenance
from tickets.commands import publish
from tickets.errors import BadInput, Tampered
from tickets.exchange.publishing import CARD, collect, upload
from tickets.files import sha256, write_bytes
from tickets.masks import Mask
from tickets.statements import SUFFIX

REPOSITORY = "org/tickets"
MODEL, MODEL_COMMIT = "google-bert/bert-base-uncased", "8" * 40
GLUE_COMMIT = "b" * 40
PATH = "masks/imp/rte/rewind-0/seed-1/sparsity-70.safetensors"
MASKS = {PATH: mask(WEIGHTS[:15]), "masks/oneshot/sparsity-70.safetensors": mask(WEIGHTS[9:24])}
TRANSFER = b"""source,target,sparsity,metric,n,mean,std
rte,rte,0.7,accuracy,5,66.0000,2.4000
rte,mine,0.7,pearson,5,88.5000,
oneshot,rte,0.7,accuracy,5,60.1000,0.5000
oneshot,mine,0.7,pearson,5,12.0000,1.0000
"""


def stated(path: Path, data: bytes, rule: str, parameters: Mapping[str, Any], **facts: Any) -> None:
    write_bytes(path, data)
    about = {"parameters": parameters, "dependencies": {}, "facts": facts}
    provenance.write(path, rule=rule, started=provenance.now(), **about)


def data(**parameters: Any) -> dict[str, Any]:
    return {"split": "validation", "text": ["one"], "label": "label", "labels": 2} | parameters


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """Two masks of a model of the hub; a task of the hub's data and one of a folder's."""
    root = tmp_path / "results"
    for path, made in MASKS.items():
        save(root / path, made)
    theta = {"model": MODEL, "revision": MODEL_COMMIT}
    stated(root / "weights/theta_0.safetensors", b"theta", "theta_0", theta, prunable=58)
    glue = data(head="classification", dataset="nyu-mll/glue", name="rte", revision=GLUE_COMMIT)
    mine = data(head="regression", dataset="/data/mine", name=None, revision=None)
    stated(root / "data/rte/validation.parquet", b"rte", "data", glue)
    stated(root / "data/mine/validation.parquet", b"mine", "data", mine)
    stated(root / "tables/transfer.csv", TRANSFER, "transfer", {})
    return root


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StubHub]:
    with served() as hub:
        connect(monkeypatch, hub, tmp_path / "cache")
        yield hub


def sign(root: Path, digests: Mapping[str, str]) -> Path:
    """A signature's file that lists these files; nobody's key made it."""
    resources = [{"name": name, "digest": digest} for name, digest in digests.items()]
    payload = b64encode(json.dumps({"predicate": {"resources": resources}}).encode()).decode()
    path = root / "exports" / "study.sig"
    write_bytes(path, json.dumps({"dsseEnvelope": {"payload": payload}}).encode())
    return path


def digests(root: Path) -> dict[str, str]:
    names = [f"{path}{end}" for path in MASKS for end in ("", SUFFIX)]
    return {name: sha256((root / name).read_bytes()) for name in names}


def publish_it(root: Path) -> str:
    return upload(collect(root, REPOSITORY, "cc-by-4.0"), REPOSITORY)


def flags(root: Path, **others: Any) -> argparse.Namespace:
    return argparse.Namespace(results=root, repo=REPOSITORY, license="unknown", **others)


def test_the_hub_has_masks_statements_signature_and_card(study: Path, hub: StubHub) -> None:
    """In one commit, by the paths in the study, to the byte; and nothing else."""
    signed = sign(study, digests(study))
    commit = publish_it(study)

    (files,) = hub.repositories[f"models/{REPOSITORY}"].commits.values()
    expected = [study / path for path in MASKS]
    expected += [*map(provenance.statement_path, expected), signed]
    assert files.pop(CARD).startswith(b"---\n")
    assert files == {path.relative_to(study).as_posix(): path.read_bytes() for path in expected}
    assert commit in hub.repositories[f"models/{REPOSITORY}"].commits
    assert len(hub.messages) == 1
    assert hub.tokens == {"Bearer hf_secret", None}  # none where large files are stored


def test_a_published_mask_is_the_same_mask(
    study: Path, hub: StubHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read at its commit, with its statement; once only: then without the hub."""
    commit = publish_it(study)
    assert [tickets.load_mask(f"hf://{REPOSITORY}@{commit}/{path}") for path in MASKS] == [
        *MASKS.values()
    ]

    asked = len(hub.asked)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert tickets.load_mask(f"hf://{REPOSITORY}@{commit}/{PATH}") == MASKS[PATH]
    assert len(hub.asked) == asked


def test_what_is_there_is_not_sent_again(study: Path, hub: StubHub) -> None:
    """The same study is the same commit; a mask that changed is one more."""
    first = publish_it(study)
    assert publish_it(study) == first
    save(study / PATH, mask(WEIGHTS[:20]))

    second = publish_it(study)

    assert list(hub.repositories[f"models/{REPOSITORY}"].commits) == [first, second]
    assert tickets.load_mask(f"hf://{REPOSITORY}@{first}/{PATH}") == MASKS[PATH]
    assert tickets.load_mask(f"hf://{REPOSITORY}@{second}/{PATH}") == mask(WEIGHTS[:20])
    assert sum(request.startswith("PUT") for request in hub.asked) == 3


def test_a_mask_that_is_not_its_statements_is_refused(study: Path, hub: StubHub) -> None:
    """Another mask's bytes, another mask's statement, other bits, and no statement at all."""
    publish_it(study)
    files = hub.repositories[f"models/{REPOSITORY}"].head
    other, about = "masks/oneshot/sparsity-70.safetensors", f"{PATH}.prov.json"
    bits = files[about].replace(MASKS[PATH].digest.encode(), MASKS[other].digest.encode())

    def read(**changes: Any) -> Mask:
        commit = hub.add(f"models/{REPOSITORY}", files | changes)
        return tickets.load_mask(f"hf://{REPOSITORY}@{commit}/{PATH}")

    with pytest.raises(Tampered, match="its statement says"):
        read(**{PATH: files[other]})
    with pytest.raises(Tampered, match="its statement says"):
        read(**{about: files[f"{other}.prov.json"]})
    with pytest.raises(Tampered, match="other bits"):
        read(**{about: bits})
    del files[about]
    with pytest.raises(BadInput, match=r"prov\.json: cannot be .* no such file"):
        read()


@pytest.mark.parametrize(
    "address",
    [
        f"hf://{REPOSITORY}@main/{PATH}",
        f"hf://{REPOSITORY}@{'a' * 7}/{PATH}",
        f"hf://{REPOSITORY}@{'A' * 40}/{PATH}",
        f"hf://{REPOSITORY}/{PATH}",
        f"hf://tickets@{'a' * 40}/{PATH}",
        f"hf://{REPOSITORY}@{'a' * 40}/",
    ],
)
def test_an_address_names_a_whole_commit(address: str, hub: StubHub) -> None:
    """Anything else is one line, and the hub is not asked."""
    with pytest.raises(BadInput, match="COMMIT of 40 hexadecimal digits") as raised:
        tickets.load_mask(address)

    assert len(raised.value.mistakes) == 1
    assert hub.asked == []


def test_the_card_s_front_matter_is_what_the_hub_reads(study: Path) -> None:
    """As the hub's own library reads it: model, license, data, tags, scores with their data."""
    text = collect(study, REPOSITORY, "cc-by-4.0").card
    card = ModelCard(text)

    assert card.data.base_model == MODEL
    assert card.data.license == "cc-by-4.0"
    assert card.data.datasets == ["nyu-mll/glue"]
    assert card.data.tags == ["lottery-ticket", "pruning"]
    own = provenance.statement(study / "data/mine/validation.parquet").digest
    mine = ("text-classification", "/data/mine", None, f"sha256:{own}", "pearson")
    rte = ("text-classification", "nyu-mll/glue", "rte", GLUE_COMMIT, "accuracy")
    assert [
        (
            *(each.task_type, each.dataset_type, each.dataset_config, each.dataset_revision),
            *(each.metric_type, each.metric_value),
        )
        for each in card.data.eval_results or []
    ] == [(*mine, 88.5), (*mine, 12.0), (*rte, 66.0), (*rte, 60.1)]
    written = yaml.safe_load(text.split("---")[1])
    assert written == card.data.to_dict()  # nothing is lost where its tools change a card
    assert written["model-index"][0]["name"] == "tickets"
    assert [each["name"] for each in written["model-index"][0]["results"][1]["metrics"]] == [
        "accuracy, mask of rte at sparsity 0.7, per cent, mean of 5 trainings, standard deviation"
        " 2.4000",
        "accuracy, mask of oneshot at sparsity 0.7, per cent, mean of 5 trainings, standard"
        " deviation 0.5000",
    ]


def test_the_card_names_theta_0_and_each_mask(study: Path) -> None:
    """By id and commit; and how much each mask prunes."""
    text = collect(study, REPOSITORY, "unknown").card

    assert f"`{MODEL}` at commit `{MODEL_COMMIT}`" in text
    assert f'from_pretrained("{MODEL}", revision="{MODEL_COMMIT}")' in text
    assert f"hf://{REPOSITORY}@COMMIT/PATH" in text
    assert "| signature | none |" in text
    for path, made in MASKS.items():
        share = f"{made.pruned:,} | {float(made.sparsity):.2%}"
        assert f"| `{path}` | {share} | `{digests(study)[path]}` |" in text


def test_a_study_without_the_hub_says_so(tmp_path: Path) -> None:
    """The embedded study has a theta_0 and data of its own; it claims no id of the hub."""
    root = copied(tmp_path)

    publication = collect(root, REPOSITORY, "apache-2.0")

    card = ModelCard(publication.card)
    assert (card.data.base_model, card.data.datasets) == (None, None)
    assert card.data.eval_results
    for each in card.data.eval_results:
        about = provenance.statement(root / f"data/{each.dataset_name}/validation.parquet")
        assert each.dataset_revision == f"sha256:{about.digest}"
    assert "not on the hub: `results/pretrained`" in publication.card
    assert len(publication.files) == 2 * len(list(root.glob("masks/**/*.safetensors")))


def test_a_dry_run_shows_what_would_go(
    study: Path, hub: StubHub, capsys: pytest.CaptureFixture[str]
) -> None:
    """Paths with sizes, the card, and the sum; the hub is not asked."""
    publication = collect(study, REPOSITORY, "unknown")
    assert publish.run(flags(study, dry_run=True)) == 0

    said = capsys.readouterr().out
    for path in publication.files:
        assert f"{(study / path).stat().st_size:>15,}  {path}\n" in said
    assert f"{len(publication.card.encode()):>15,}  README.md\n" in said
    assert publication.card in said
    assert said.endswith(f"5 files, {sum(publication.sizes.values()):,} bytes, not sent\n")
    assert hub.asked == []


def test_the_command_publishes(study: Path, tmp_path: Path) -> None:
    """In a process of its own, as a user calls it: the address that it prints can be read."""
    with served() as hub:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
        settings = {
            "HF_ENDPOINT": hub.endpoint,
            "HF_HOME": str(tmp_path / "home"),
            "HF_TOKEN": "hf_secret",
            "NO_PROXY": "127.0.0.1",
            "PYTHONPATH": str(ROOT / "workflow" / "scripts"),
        }

        def run(program: str, *arguments: str) -> str:
            command = [sys.executable, "-c", program, *arguments]
            done = subprocess.run(
                command, env=kept | settings, capture_output=True, text=True, check=True
            )
            return done.stdout

        said = run(
            "from tickets.cli import main; main()", "publish", str(study), "--repo", REPOSITORY
        )
        address, _, _ = said.splitlines()[-1].rpartition(": ")
        pruned = run(f"import tickets; print(tickets.load_mask('{address}/{PATH}').pruned)")

    assert int(pruned) == MASKS[PATH].pruned
    assert sum(request.startswith("PUT /stored/") for request in hub.asked) == len(MASKS)


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (Fault(status=401), "it asks who you are); set HF_TOKEN to a valid token"),
        (Fault(status=403), "forbidden); set HF_TOKEN to a token that may do that"),
        (Fault(where="commit", status=403), "forbidden); set HF_TOKEN"),
        (Fault(where="preupload", status=404, code="RepoNotFound"), "or set HF_TOKEN"),
        (Fault(where="batch", status=429), "too many requests); wait some minutes, then run"),
        (Fault(where="PUT", status=500), "500 Internal Server Error"),
        (Fault(where="validate", cut=1), "; run again"),
        (Fault(where="commit", cut=1), "; run again"),
    ],
)
def test_a_refused_upload_is_one_line(study: Path, hub: StubHub, fault: Fault, says: str) -> None:
    """It names the repository, the reason, and what to do; no commit is there."""
    hub.fault = fault

    with pytest.raises(BadInput) as raised:
        publish_it(study)

    (line,) = raised.value.mistakes
    assert line.startswith(f"{REPOSITORY}: cannot be published on the hub (")
    assert says in line
    if fault.cut is None:
        assert not any(each.commits for each in hub.repositories.values())


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (Fault(status=403, code="GatedRepo"), "it is gated); ask for access on its page, and set"),
        (Fault(status=401, code="RepoNotFound"), "none of that name, or it is private); correct"),
        (Fault(status=404, code="RevisionNotFound"), "no such commit); take one"),
        (Fault(status=404, code="EntryNotFound"), "no such file); correct the path"),
        (Fault(status=401), "it asks who you are); set HF_TOKEN"),
        (Fault(status=403), "forbidden); set HF_TOKEN"),
        (Fault(status=429), "too many requests); wait"),
        (Fault(where="GET", cut=0), "; run again"),
    ],
)
def test_a_refused_mask_is_one_line(study: Path, hub: StubHub, fault: Fault, says: str) -> None:
    """It names the address, the reason, and what to do."""
    commit = publish_it(study)
    hub.fault = fault

    with pytest.raises(BadInput) as raised:
        tickets.load_mask(f"hf://{REPOSITORY}@{commit}/{PATH}")

    (line,) = raised.value.mistakes
    assert line.startswith(
        f"hf://{REPOSITORY}@{commit}/{PATH}: cannot be downloaded from the hub ("
    )
    assert says in line


def test_a_body_cut_off_once_is_asked_for_again(study: Path, hub: StubHub) -> None:
    """From where it ended; the mask is whole."""
    commit = publish_it(study)
    hub.fault = Fault(where=f"GET /{REPOSITORY}", cut=50, times=1)

    assert tickets.load_mask(f"hf://{REPOSITORY}@{commit}/{PATH}") == MASKS[PATH]
    assert hub.asked.count(f"GET /{REPOSITORY}/resolve/{commit}/{PATH}") == 2


def test_what_cannot_be_published_is_one_line(study: Path, tmp_path: Path) -> None:
    """No id of a repository, no study, a signature of other masks or other statements, none at all,
    a changed mask.
    """
    with pytest.raises(BadInput, match="write ORG/NAME"):
        collect(study, "tickets", "unknown")
    with pytest.raises(BadInput, match="name a study's results folder"):
        collect(tmp_path / "nothing", REPOSITORY, "unknown")
    for name in (PATH, f"{PATH}{SUFFIX}"):
        signed = sign(study, digests(study) | {name: "0" * 64})
        with pytest.raises(BadInput, match=f"not sign {name} as it is now; sign the study again"):
            collect(study, REPOSITORY, "unknown")
    for data in (b"{}", b"[" * 100_000):
        write_bytes(signed, data)
        with pytest.raises(BadInput, match=r"study\.sig: not a signature"):
            collect(study, REPOSITORY, "unknown")
    signed.unlink()
    write_bytes(study / PATH, (study / "masks/oneshot/sparsity-70.safetensors").read_bytes())
    with pytest.raises(Tampered, match="its statement"):
        collect(study, REPOSITORY, "unknown")
