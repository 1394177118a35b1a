"""Acceptability: well-formed sentences, and sentences with one violation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from tickets.language.lexicon import KINDS, Person
from tickets.language.sentences import Author, Event, Phrase, Style, Tokens, sentence, subject

Violation = Callable[[Author, Event, Style], Tokens | None]


def acceptability(author: Author, index: int) -> tuple[str, int]:
    """A sentence, and 1 if it is well formed, as every other one is."""
    return _judge(author, index, VIOLATIONS)


def agreement(author: Author, index: int) -> tuple[str, int]:
    """The same, and whatever is wrong is the number of the verb."""
    return _judge(author, index, AGREEMENT)


def form(author: Author, index: int) -> tuple[str, int]:
    """The same, and whatever is wrong is a verb's form or the order of words."""
    return _judge(author, index, FORM)


def selection(author: Author, index: int) -> tuple[str, int]:
    """The same, and whatever is wrong is who does what to whom, or a quality."""
    return _judge(author, index, SELECTION)


def _judge(author: Author, index: int, violations: Sequence[Violation]) -> tuple[str, int]:
    """A sentence, and 1 if it is well formed, as every other one is.

    Whatever the label, a violation is drawn, and an event to which it applies. So neither events
    nor sentence lengths reveal the label.
    """
    violation, label = author.draws.pick(violations), index % 2
    while True:
        event, style = author.event(), author.style()
        wrong = violation(author, event, style)
        if wrong is not None:
            return " ".join(sentence(event, style) if label else wrong), label


# Violations: the words of an event with one error; None if the error is impossible there.


def _disagreement(_: Author, event: Event, style: Style) -> Tokens | None:
    return sentence(event, style, agrees=False)


def _attracted(_: Author, event: Event, style: Style) -> Tokens | None:
    phrase = subject(event, style)
    if phrase.place is None or phrase.place.plural == phrase.plural:
        return None
    return sentence(event, style, agrees=False)


def _wrong_form(_: Author, event: Event, style: Style) -> Tokens | None:
    return sentence(event, style, right_form=False)


def _wrong_agent(author: Author, event: Event, style: Style) -> Tokens | None:
    return sentence(replace(event, agent=_misfit(author, event.agent)), style)


def _wrong_patient(author: Author, event: Event, style: Style) -> Tokens | None:
    return sentence(replace(event, patient=_misfit(author, event.patient)), style)


def _exchanged(_: Author, event: Event, style: Style) -> Tokens | None:
    if event.verb.agent == event.verb.patient:
        return None
    return sentence(replace(event, agent=event.patient, patient=event.agent), style)


def _wrong_quality(author: Author, event: Event, style: Style) -> Tokens | None:
    head = event.agent.head
    if event.agent.quality is None:
        return None
    fitting = author.lexicon.qualities[head.topic][head.kind]
    qualities = [q for topic in author.lexicon.qualities for kind in topic for q in kind]
    quality = author.draws.pick([quality for quality in qualities if quality not in fitting])
    return sentence(replace(event, agent=replace(event.agent, quality=quality)), style)


def _wrong_order(author: Author, event: Event, style: Style) -> Tokens | None:
    tokens = sentence(event, style)
    place = author.draws.below(len(tokens) - 1)
    tokens[place : place + 2] = tokens[place + 1], tokens[place]
    return tokens


def _misfit(author: Author, phrase: Phrase) -> Phrase:
    """A phrase of the same form whose head is of another kind or topic."""
    draws, head = author.draws, phrase.head
    own = topic, kind = head.topic, head.kind
    while (topic, kind) == own:
        topic = author.topic() if draws.chance(0.5) else head.topic
        kind = draws.pick(KINDS)
    other = author.phrase(
        topic,
        kind,
        quality=float(phrase.quality is not None),
        person=float(isinstance(head, Person)),
        place=0.0,
    )
    if isinstance(other.head, Person):
        return other
    return replace(other, place=phrase.place)


AGREEMENT: tuple[Violation, ...] = (_attracted, _attracted, _disagreement)
FORM: tuple[Violation, ...] = (_wrong_form, _wrong_order)
SELECTION: tuple[Violation, ...] = (_wrong_agent, _wrong_patient, _exchanged, _wrong_quality)
VIOLATIONS = (*AGREEMENT, *FORM, *SELECTION)
