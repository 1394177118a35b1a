"""Paraphrase and similarity: two events told in two ways, and how much of their meaning agrees."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from tickets.language_lexicon import Noun
from tickets.language_sentences import Author, Event, sentence

T = TypeVar("T")
NearMiss = Callable[[Author, Event], Event | None]

ROLES = 5  # verb, heads of agent and patient, their qualities


def paraphrase(author: Author, index: int) -> tuple[str, str, int]:
    """Two sentences, and 1 where they mean the same: every other pair does."""
    near_miss, label = author.draws.pick(NEAR_MISSES), index % 2
    while True:
        event = author.event()
        changed = near_miss(author, event)
        if changed is not None:
            return *two_ways(author, event, event if label else changed), label


def similarity(author: Author, index: int) -> tuple[str, str, float]:
    """Two sentences and the number of roles (0 to 5) that have the same filler in both."""
    draws = author.draws
    first = author.full_event()
    kept = draws.shuffled(range(ROLES))[: index % (ROLES + 1)]
    second = _refilled(author, first, kept)
    return *two_ways(author, first, second), float(shared_roles(first, second))


def two_ways(author: Author, first: Event, second: Event) -> tuple[str, str]:
    """Two events in two different ways of saying."""
    one = author.style()
    said = again = " ".join(sentence(first, one))
    while again in (said, " ".join(sentence(second, one))):
        other = author.style(author.register(one.register))
        again = " ".join(sentence(second, other))
    return said, again


def shared_roles(first: Event, second: Event) -> int:
    """In how many of the five roles two events have the same filler."""
    return (
        (first.verb is second.verb)
        + (first.agent.head is second.agent.head)
        + (first.patient.head is second.patient.head)
        + (first.agent.quality is second.agent.quality)
        + (first.patient.quality is second.patient.quality)
    )


def _refilled(author: Author, event: Event, kept: Sequence[int]) -> Event:
    """The event with new fillers, of the same kinds, in the roles that are not kept."""
    lexicon, draws, verb, topic = author.lexicon, author.draws, event.verb, event.verb.topic
    nouns, qualities = lexicon.nouns[topic], lexicon.qualities[topic]

    def filler(role: int, present: T, choices: Sequence[T]) -> T:
        return present if role in kept else draws.pick(_others(choices, present))

    agent, patient = event.agent, event.patient
    verbs = [v for v in lexicon.verbs[topic] if v.kinds == verb.kinds]
    one = other = agent.head
    while one is other:
        one = filler(1, agent.head, nouns[verb.agent])
        other = filler(2, patient.head, nouns[verb.patient])
    first = filler(3, agent.quality, qualities[verb.agent])
    second = filler(4, patient.quality, qualities[verb.patient])
    return Event(
        verb=filler(0, verb, verbs),
        agent=replace(agent, head=one, quality=first),
        patient=replace(patient, head=other, quality=second),
    )


def _others(choices: Sequence[T], present: object) -> list[T]:
    return [choice for choice in choices if choice is not present]


# Near misses: an event that differs in one thing; None where it does not apply.


def _roles(_: Author, event: Event) -> Event | None:
    if event.verb.agent != event.verb.patient:
        return None
    return replace(event, agent=event.patient, patient=event.agent)


def _verb(author: Author, event: Event) -> Event | None:
    verbs = [v for v in author.lexicon.verbs[event.verb.topic] if v.kinds == event.verb.kinds]
    return replace(event, verb=author.draws.pick(_others(verbs, event.verb)))


def _head(author: Author, event: Event) -> Event | None:
    head = event.patient.head
    if not isinstance(head, Noun):
        return None
    nouns = _others(author.lexicon.nouns[head.topic][head.kind], head)
    other = author.draws.pick(_others(nouns, event.agent.head))
    return replace(event, patient=replace(event.patient, head=other))


def _quality(author: Author, event: Event) -> Event | None:
    phrase = event.agent
    if phrase.quality is None:
        return None
    fitting = author.lexicon.qualities[event.verb.topic][event.verb.agent]
    other = author.draws.pick(_others(fitting, phrase.quality))
    return replace(event, agent=replace(phrase, quality=other))


NEAR_MISSES: tuple[NearMiss, ...] = (
    *(_roles, _verb, _verb, _head, _head, _head, _quality, _quality),
)
