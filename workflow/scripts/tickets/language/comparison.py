"""Paraphrase and similarity: two events in different words, and how far their meanings agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from tickets.language.sentences import Author, Event, sentence

T = TypeVar("T")

ROLES = 5  # verb, heads of agent and patient, their qualities
SHARED = 3  # roles in which two sentences that are no paraphrases agree


def paraphrase(author: Author, index: int) -> tuple[str, str, int]:
    """Two sentences, and 1 if they mean the same, as every other pair does.

    The other pairs agree in `SHARED` of five roles: they share a topic and some words.
    """
    first, label = author.full_event(), index % 2
    kept = author.draws.shuffled(range(ROLES))[:SHARED]
    return *two_ways(author, first, first if label else _refilled(author, first, kept)), label


def entailment(author: Author, index: int) -> tuple[str, str, int]:
    """Two sentences, and 0 if the first says what the second says, 1 if one denies the other, 2 if
    they differ in one of five roles, each as often as the others.
    """
    label = index % 3
    first = replace(author.full_event(), negated=author.draws.chance(0.5))
    if label == 0:
        second = first
    elif label == 1:
        second = replace(first, negated=not first.negated)
    else:
        kept = author.draws.shuffled(range(ROLES))[: ROLES - 1]
        second = replace(_refilled(author, first, kept), negated=first.negated)
    return *two_ways(author, first, second), label


def similarity(author: Author, index: int) -> tuple[str, str, float]:
    """Two sentences, and the number of roles (0 to 5) with the same filler in both."""
    draws = author.draws
    first = author.full_event()
    kept = draws.shuffled(range(ROLES))[: index % (ROLES + 1)]
    second = _refilled(author, first, kept)
    return *two_ways(author, first, second), float(shared_roles(first, second))


def two_ways(author: Author, first: Event, second: Event) -> tuple[str, str]:
    """Sentences for two events: the same word order, but synonyms for the same meanings."""
    style = author.style()
    one = other = " ".join(sentence(first, style))
    while other in (one, " ".join(sentence(second, style))):
        other_style = replace(style, register=author.register(style.register))
        other = " ".join(sentence(second, other_style))
    return one, other


def shared_roles(first: Event, second: Event) -> int:
    """The number of roles, of five, in which two events have the same filler."""
    return (
        (first.verb is second.verb)
        + (first.agent.head is second.agent.head)
        + (first.patient.head is second.patient.head)
        + (first.agent.quality is second.agent.quality)
        + (first.patient.quality is second.patient.quality)
    )


def _refilled(author: Author, event: Event, kept: Sequence[int]) -> Event:
    """The event with new fillers of the same kinds in all roles that are not `kept`."""
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
