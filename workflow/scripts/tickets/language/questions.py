"""Questions that a context of a few sentences answers, and the answers' places in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tickets.language.lexicon import ACTING, KINDS, Verb
from tickets.language.sentences import (
    Author,
    Event,
    Phrase,
    Style,
    Tokens,
    be,
    noun_phrase,
    sentence,
)

LENGTHS = (2, 2, 3, 3)  # numbers of sentences in a context; each entry is equally likely


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """A question whose `answer` begins at character `start` of `context`."""

    about: str
    context: str
    question: str
    answer: str
    start: int


def question(author: Author, kinds: Sequence[str] = ("agent", "patient", "place")) -> Question:
    """A context in one register, and a question in a similar one, of one of these kinds.

    One sentence answers. Others may contain some of the words in the question, but never all.
    """
    draws = author.draws
    about = draws.pick(kinds)
    telling = Style(register=author.register())
    asking = Style(register=author.register(telling.register))
    count = draws.pick(LENGTHS) - 1
    if about == "place":
        words, answer, line, others = _where(author, telling, asking, count)
    else:
        words, answer, line, others = _who(author, telling, asking, count, about == "agent")
    before = others[: draws.below(len(others) + 1)]
    lines = [*before, line, *others[len(before) :]]
    start = sum(len(" ".join(line)) + len(" . ") for line in before)
    return Question(
        about=about,
        context=" ".join(" ".join([*line, "."]) for line in lines),
        question=" ".join([*words, "?"]),
        answer=" ".join(answer),
        start=start + _position(line, answer),
    )


_Parts = tuple[Tokens, Tokens, Tokens, list[Tokens]]  # question, answer, its sentence, the others


def _who(author: Author, telling: Style, asking: Style, count: int, for_agent: bool) -> _Parts:
    draws, register = author.draws, asking.register.verb
    verbs = draws.pick(author.lexicon.verbs)
    event = _simple(author, draws.pick(verbs))
    verb = event.verb
    if for_agent:
        answer, clue = event.agent, event.patient
        words = ["who", (verb.plural if answer.plural else verb.singular)[register]]
    else:
        answer, clue = event.patient, event.agent
        who = "who" if verb.patient in ACTING else "what"
        words = [who, be(answer.plural), verb.participle[register], "by"]
    others: list[Tokens] = []
    while len(others) < count:
        if draws.chance(0.2):
            others.append(_stay(_participant(author, verb.topic), _town(author), telling))
            continue
        other = _simple(author, verb if draws.chance(0.4) else draws.pick(verbs))
        if draws.chance(0.5):
            other = replace(other, patient=clue) if for_agent else replace(other, agent=clue)
        if _possible(other) and not _answers(other, event, for_agent):
            others.append(_tell(author, other, telling))
    words += noun_phrase(clue, asking)
    return words, _bare(answer, telling), _tell(author, event, telling), others


def _where(author: Author, telling: Style, asking: Style, count: int) -> _Parts:
    draws, topic = author.draws, author.topic()
    subject, town = _participant(author, topic), _town(author)
    others: list[Tokens] = []
    while len(others) < count:
        if draws.chance(0.25):
            event = _simple(author, draws.pick(author.lexicon.verbs[topic]))
            others.append(_tell(author, event, telling))
        elif (other := _participant(author, topic)).head is not subject.head:
            others.append(_stay(other, _town(author), telling))
    words = ["where", be(subject.plural), *noun_phrase(subject, asking)]
    return words, [town], _stay(subject, town, telling), others


def _participant(author: Author, topic: int) -> Phrase:
    return author.phrase(topic, author.draws.pick(KINDS), quality=0.0, place=0.0)


def _simple(author: Author, verb: Verb) -> Event:
    """An event without adverb, negation, qualities or places."""
    agent = author.phrase(verb.topic, verb.agent, quality=0.0, place=0.0)
    patient = author.phrase(verb.topic, verb.patient, quality=0.0, place=0.0, avoid=(agent.head,))
    return Event(verb=verb, agent=agent, patient=patient)


def _possible(event: Event) -> bool:
    kinds = event.agent.head.kind, event.patient.head.kind
    return kinds == event.verb.kinds and event.agent.head is not event.patient.head


def _answers(event: Event, target: Event, for_agent: bool) -> bool:
    if for_agent:
        return event.verb is target.verb and event.patient.head is target.patient.head
    return event.verb is target.verb and event.agent.head is target.agent.head


def _tell(author: Author, event: Event, style: Style) -> Tokens:
    return sentence(event, replace(style, passive=author.draws.chance(0.1)))


def _town(author: Author) -> str:
    return author.draws.pick(author.lexicon.towns)


def _stay(phrase: Phrase, town: str, style: Style) -> Tokens:
    return [*noun_phrase(phrase, style), be(phrase.plural), "in", town]


def _bare(phrase: Phrase, style: Style) -> Tokens:
    """The phrase without its article."""
    return [token for token in noun_phrase(phrase, style) if token != "the"]


def _position(line: Tokens, part: Tokens) -> int:
    """The index of the character in the joined line at which `part` begins."""
    first = next(i for i in range(len(line)) if line[i : i + len(part)] == part)
    return len(" ".join([*line[:first], ""]))
