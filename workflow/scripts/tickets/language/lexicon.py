"""The words of the artificial language, their meanings, and the small world that it describes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import TypeVar

import numpy as np

from tickets.seeds import derive

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
# In the vocabulary, but not yet in any sentence.
RESERVED = ("but", "otherwise", "hardly", "partly", "mostly", "nearly", "indeed")
FUNCTION = (
    *(".", "?", "a", "are", "as", "belongs", "by", "every", "he", "home", "in", "is", "it", "job"),
    *("kind", "lives", "never", "of", "owns", "she", "the", "they", "to", "trusted", "trusts"),
    *("what", "where", "which", "who", "works"),
    *RESERVED,
)
KINDS = range(4)  # of nouns, in every topic: kinds 0 and 1 can act, 2 and 3 are things
ACTING = (0, 1)
PATTERNS = ((0, 0), (1, 1), (0, 2), (1, 3))  # kinds of agent and patient that a verb may select
NOUNS_PER_KIND = 3
VERBS_PER_PATTERN = 2
QUALITIES_PER_TOPIC = 4
GENERAL_WORDS = 3  # adverbs, and as many prepositions
PLACES = 6  # towns, and as many occupations

T = TypeVar("T")
Forms = tuple[str, str]  # one form in each of the two registers; the two are synonyms


class Draws:
    """Random choices for one purpose; drawing uniform numbers in blocks makes them cheap."""

    def __init__(self, seed: int, purpose: str) -> None:
        self._random = np.random.default_rng(derive(seed, purpose))
        self._block: list[float] = []

    def below(self, bound: int) -> int:
        """An integer from 0 to `bound` - 1."""
        return int(self._unit() * bound)

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return self._unit() < probability

    def pick(self, choices: Sequence[T]) -> T:
        """One of `choices`."""
        return choices[self.below(len(choices))]

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """All `items` in a random order."""
        order = sorted((self._unit(), place) for place in range(len(items)))
        return [items[place] for _, place in order]

    def _unit(self) -> float:
        if not self._block:
            self._block = self._random.random(4096).tolist()
        return self._block.pop()


@dataclass(frozen=True, kw_only=True, eq=False, slots=True)
class Noun:
    """A noun's meaning; verbs select it by topic and kind."""

    topic: int
    kind: int
    singular: Forms
    plural: Forms


@dataclass(frozen=True, kw_only=True, eq=False, slots=True)
class Verb:
    """A verb's meaning; it selects its agent and patient by kind, within its topic."""

    topic: int
    agent: int
    patient: int
    singular: Forms
    plural: Forms
    participle: Forms

    @property
    def kinds(self) -> tuple[int, int]:
        """The kinds of agent and patient."""
        return self.agent, self.patient


@dataclass(frozen=True, kw_only=True, eq=False, slots=True)
class Word:
    """The meaning of a word without inflection: a quality, adverb or preposition."""

    forms: Forms


@dataclass(frozen=True, kw_only=True, eq=False, slots=True)
class Person:
    """A person of the fixed world; verbs select it like a noun."""

    topic: int
    kind: int
    name: str
    pronoun: str
    occupation: str
    home: str
    friend: str
    possession: Noun


@dataclass(frozen=True, kw_only=True, eq=False)
class Lexicon:
    """All words; lists are indexed by topic, nested lists by topic and kind."""

    nouns: list[list[list[Noun]]]
    persons: list[list[list[Person]]]
    qualities: list[list[list[Word]]]
    verbs: list[list[Verb]]
    adverbs: list[Word]
    prepositions: list[Word]
    towns: list[str]
    classes: dict[tuple[int, int], str]
    words: tuple[str, ...]


def draw_lexicon(*, seed: int, topics: int, persons: int) -> Lexicon:
    """Draw the words and the world from `seed`: a pure function of its arguments."""
    draws = Draws(seed, "language lexicon")
    order = draws.shuffled([a + b for a, b in product(_SYLLABLES, repeat=2)])
    stems = (stem for stem in order if not any(word.startswith(stem) for word in FUNCTION))
    words: list[str] = [*SPECIAL, *FUNCTION]

    def new_forms(*endings: str) -> tuple[Forms, ...]:
        """For each ending, one form in each register."""
        pair = next(stems), next(stems)
        forms = tuple((pair[0] + ending, pair[1] + ending) for ending in endings)
        words.extend(form for both in forms for form in both)
        return forms

    def single(ending: str) -> str:
        words.append(next(stems) + ending)
        return words[-1]

    def noun(topic: int, kind: int) -> Noun:
        singular, plural = new_forms("", "s")
        return Noun(topic=topic, kind=kind, singular=singular, plural=plural)

    def verb(topic: int, agent: int, patient: int) -> Verb:
        singular, plural, participle = new_forms("th", "n", "d")
        return Verb(
            topic=topic,
            agent=agent,
            patient=patient,
            singular=singular,
            plural=plural,
            participle=participle,
        )

    def several(ending: str, count: int) -> list[Word]:
        return [Word(forms=new_forms(ending)[0]) for _ in range(count)]

    nouns = [
        [[noun(topic, kind) for _ in range(NOUNS_PER_KIND)] for kind in KINDS]
        for topic in range(topics)
    ]
    verbs = [
        [verb(topic, *pattern) for pattern in PATTERNS for _ in range(VERBS_PER_PATTERN)]
        for topic in range(topics)
    ]
    qualities: list[list[list[Word]]] = []
    for _ in range(topics):
        pool = several("l", QUALITIES_PER_TOPIC)
        qualities.append([[w for i, w in enumerate(pool) if (kind - i) % 4 < 2] for kind in KINDS])
    adverbs, prepositions = several("ly", GENERAL_WORDS), several("m", GENERAL_WORDS)
    towns = [single("ton") for _ in range(PLACES)]
    occupations = [single("ger") for _ in range(PLACES)]
    classes = {place: single("x") for place in product(range(topics), KINDS)}
    names = [single("r") for _ in range(persons)]
    things = [thing for kinds in nouns for kind in kinds[len(ACTING) :] for thing in kind]
    people: list[list[list[Person]]] = [[[] for _ in ACTING] for _ in range(topics)]
    for place, name in enumerate(names):
        topic, kind = place % topics, place // topics % 2
        person = Person(
            topic=topic,
            kind=kind,
            name=name,
            pronoun=draws.pick(("he", "she")),
            occupation=draws.pick(occupations),
            home=draws.pick(towns),
            friend=draws.pick([other for other in names if other != name]),
            possession=draws.pick(things),
        )
        people[topic][kind].append(person)
    return Lexicon(
        nouns=nouns,
        persons=people,
        qualities=qualities,
        verbs=verbs,
        adverbs=adverbs,
        prepositions=prepositions,
        towns=towns,
        classes=classes,
        words=tuple(words),
    )


_SYLLABLES = [a + b for a, b in product("bdfgklmnprstvz", "aeiou")]
