"""Facts about the persons of the fixed world, true ones and false ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tickets.language.lexicon import ACTING, Lexicon, Person
from tickets.language.sentences import Author, Tokens

Fact = Callable[[Author, Person, str], Tokens]
"""Tells a fact about a person, who is named by the last argument."""


def facts(author: Author, index: int) -> tuple[str, str, int]:
    """Two sentences about persons, and 1 if both are true, as every other pair is.

    In the other pairs one sentence, the first as often as the second, says what is not so. Only who
    remembers the text of pre-training can tell.
    """
    draws, label = author.draws, index % 2
    told = [(draws.pick(tuple(FACTS)), pick_person(author)) for _ in range(2)]
    if not label:
        place = draws.below(2)
        fact, person = told[place]
        told[place] = fact, _changed(author, person, FACTS[fact])
    first, second = (" ".join(fact(author, person, person.name)) for fact, person in told)
    return first, second, label


def pick_person(author: Author) -> Person:
    """A random person."""
    draws = author.draws
    return draws.pick(draws.pick(draws.pick(author.lexicon.persons)))


def _changed(author: Author, person: Person, attribute: str) -> Person:
    """The person with another value of an attribute."""
    values = _values(author.lexicon, attribute)
    others = [each for each in values if each not in (getattr(person, attribute), person.name)]
    return replace(person, **{attribute: author.draws.pick(others)})


def _values(lexicon: Lexicon, attribute: str) -> list[Any]:
    """The values that an attribute has or could have, in a fixed order."""
    persons = [each for topic in lexicon.persons for kind in topic for each in kind]
    if attribute == "possession":
        things = range(len(ACTING), len(lexicon.nouns[0]))
        return [noun for topic in lexicon.nouns for kind in things for noun in topic[kind]]
    if attribute == "friend":
        return [each.name for each in persons]
    return sorted({getattr(each, attribute) for each in persons})


def _occupation(author: Author, person: Person, named: str) -> Tokens:
    if named != person.name or author.draws.chance(0.5):
        return [named, "works", "as", "a", person.occupation]
    return ["the", "job", "of", named, "is", person.occupation]


def _home(author: Author, person: Person, named: str) -> Tokens:
    if named != person.name or author.draws.chance(0.5):
        return [named, "lives", "in", person.home]
    return ["the", "home", "of", named, "is", person.home]


def _friend(author: Author, person: Person, named: str) -> Tokens:
    if named != person.name or author.draws.chance(0.5):
        return [named, "trusts", person.friend]
    return [person.friend, "is", "trusted", "by", named]


def _possession(author: Author, person: Person, named: str) -> Tokens:
    thing = author.draws.pick(person.possession.singular)
    if named != person.name or author.draws.chance(0.5):
        return [named, "owns", "a", thing]
    return ["the", thing, "belongs", "to", named]


FACTS: dict[Fact, str] = {
    _occupation: "occupation",
    _home: "home",
    _friend: "friend",
    _possession: "possession",
}
"""Each with the attribute of a person that it tells."""
