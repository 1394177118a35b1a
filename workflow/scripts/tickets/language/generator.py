"""The embedded artificial language: tasks and a text, all drawn from one seed.

Words have synonyms; verbs agree with nouns in number; verbs and qualities select nouns by topic and
kind. An event can be expressed in several ways. Persons have fixed occupations, homes, friends and
possessions. Equal parameters give equal bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass, fields
from itertools import count, islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tickets.errors import BadInput
from tickets.files import replacing, write_bytes
from tickets.flags import flag
from tickets.language.acceptability import acceptability, agreement, form, selection
from tickets.language.comparison import entailment, paraphrase, similarity
from tickets.language.corpus import pair
from tickets.language.facts import facts
from tickets.language.lexicon import Draws, Lexicon, draw_lexicon
from tickets.language.questions import question
from tickets.language.sentences import Author

Example = tuple[Any, ...]
Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Language:
    """The parameters of a language and the sizes of its tasks.

    Raises:
        BadInput: a parameter is too small.
    """

    seed: int = flag("seed for all words, facts and examples")
    topics: int = flag("number of topics, each with its own words", form="positive")
    persons: int = flag("number of persons, each with facts", form="positive")
    train_examples: int = flag("rows in each task's training split", form="positive")
    validation_examples: int = flag("rows in each task's validation split", form="positive")

    def __post_init__(self) -> None:
        least = {"seed": 0, "topics": 2, "persons": 4 * self.topics}
        for name in (each.name for each in fields(Language)):
            if (value := getattr(self, name)) < (bound := least.get(name, 1)):
                raise BadInput(f"language: {name} is {value}; write {bound} or more")


def words(language: Language) -> tuple[str, ...]:
    """The vocabulary: special tokens, then every word form; each word is one token."""
    return _lexicon(language).words


def rows(language: Language) -> Iterator[tuple[str, str, list[Row]]]:
    """Yield (task, split, rows); no example occurs twice in a task.

    Validation is drawn first, so that more training examples change neither it nor the first ones.
    """
    lexicon = _lexicon(language)
    sizes = {"validation": language.validation_examples, "train": language.train_examples}
    for task, (_, row) in TASKS.items():
        examples = _examples(language, lexicon, task)
        for split, size in sizes.items():
            numbered = enumerate(islice(examples, size))
            yield task, split, [row(split, index, example) for index, example in numbered]


def pretraining(language: Language, pairs: int, next_sentence: float) -> list[Row]:
    """The text for pre-training: pairs of sentences that are not examples of the task MLM.

    Of the second sentences a share of `next_sentence` is replaced by that of another pair; unless
    the share is 0, `label` says where: 0 marks the sentence that belongs to the first, as in BERT.
    """
    lexicon = _lexicon(language)
    size = language.validation_examples + language.train_examples
    excluded = set(islice(_examples(language, lexicon, "mlm"), size))
    author = _author(language, lexicon, "pretraining")
    examples = (example for example in (pair(author) for _ in count()) if example not in excluded)
    found = list(islice(examples, pairs))
    if not next_sentence:
        return [_pair_row("train", 0, example) for example in found]
    draws, text = Draws(language.seed, "language next sentence"), list[Row]()
    for own in found:
        label, (first, second) = int(draws.chance(next_sentence)), own
        while label and ((first, second) == own or (first, second) in excluded):
            second = draws.pick(found)[1]
        text.append({"first": first, "second": second, "label": label})
    return text


def write(language: Language, folder: Path) -> list[Path]:
    """Write `vocab.txt` and `{task}/{split}-00000-of-00001.parquet`; return all paths."""
    vocabulary = folder / "vocab.txt"
    write_bytes(vocabulary, "".join(f"{word}\n" for word in words(language)).encode())
    return [
        vocabulary,
        *(_write(examples, folder / task, split) for task, split, examples in rows(language)),
    ]


def write_pretraining(language: Language, pairs: int, next_sentence: float, folder: Path) -> Path:
    """Write `pretraining/train-00000-of-00001.parquet`; return its path."""
    return _write(pretraining(language, pairs, next_sentence), folder / "pretraining", "train")


def _write(rows: list[Row], folder: Path, split: str) -> Path:
    path = folder / f"{split}-00000-of-00001.parquet"
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    arrays = {name: pa.array(values, _TYPES.get(name)) for name, values in columns.items()}
    with replacing(path) as temporary:
        pq.write_table(pa.table(arrays), temporary)
    return path


def _lexicon(language: Language) -> Lexicon:
    return draw_lexicon(seed=language.seed, topics=language.topics, persons=language.persons)


def _author(language: Language, lexicon: Lexicon, task: str) -> Author:
    return Author(lexicon, Draws(language.seed, f"language {task}"))


def _examples(language: Language, lexicon: Lexicon, task: str) -> Iterator[Example]:
    """An endless sequence of a task's examples, each once."""
    draw, _ = TASKS[task]
    author, seen = _author(language, lexicon, task), set[Example]()
    for index in count():
        while (example := draw(author, index)) in seen:
            pass
        seen.add(example)
        yield example


def _glue_row(*columns: str) -> Callable[[str, int, Example], Row]:
    """A function to rows like GLUE's: texts, a label and an index."""
    names = (*columns, "label", "idx")
    return lambda _, index, example: dict(zip(names, (*example, index), strict=True))


def _question(author: Author, _: int) -> Example:
    return astuple(question(author))


def _who(author: Author, _: int) -> Example:
    return astuple(question(author, ("agent", "patient")))


def _where(author: Author, _: int) -> Example:
    return astuple(question(author, ("place",)))


def _squad_row(split: str, index: int, example: Example) -> Row:
    """A row like SQuAD's."""
    title, context, text, answer, start = example
    return {
        "id": f"{split}-{index}",
        "title": title,
        "context": context,
        "question": text,
        "answers": {"text": [answer], "answer_start": [start]},
    }


def _pair(author: Author, _: int) -> Example:
    return pair(author)


def _pair_row(_split: str, _index: int, example: Example) -> Row:
    return dict(zip(("first", "second"), example, strict=True))


TASKS = {
    "acceptability": (acceptability, _glue_row("sentence")),
    "paraphrase": (paraphrase, _glue_row("sentence1", "sentence2")),
    "similarity": (similarity, _glue_row("sentence1", "sentence2")),
    "span": (_question, _squad_row),
    "mlm": (_pair, _pair_row),
    "agreement": (agreement, _glue_row("sentence")),
    "form": (form, _glue_row("sentence")),
    "selection": (selection, _glue_row("sentence")),
    "entailment": (entailment, _glue_row("sentence1", "sentence2")),
    "facts": (facts, _glue_row("sentence1", "sentence2")),
    "who": (_who, _squad_row),
    "where": (_where, _squad_row),
}
# Types that pyarrow would infer otherwise; labels become int64 or float64 by themselves.
_TYPES = {
    "idx": pa.int32(),
    "answers": pa.struct({"text": pa.list_(pa.string()), "answer_start": pa.list_(pa.int32())}),
}
