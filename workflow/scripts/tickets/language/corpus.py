"""Pairs of sentences for pre-training: all that the tasks need, and a world to memorise."""

from __future__ import annotations

from dataclasses import replace

from tickets.language.comparison import ROLES, similarity, two_ways
from tickets.language.facts import FACTS, pick_person
from tickets.language.lexicon import ACTING, KINDS
from tickets.language.questions import question
from tickets.language.sentences import Author, Event, Phrase, Tokens, sentence

Pair = tuple[str, str]


def pair(author: Author) -> Pair:
    """A pair of a random kind."""
    return author.draws.pick(KINDS_OF_PAIR)(author)


def _paraphrases(author: Author) -> Pair:
    event = author.full_event() if author.draws.chance(0.3) else author.event()
    return two_ways(author, event, event)


def _near_misses(author: Author) -> Pair:
    return similarity(author, author.draws.below(ROLES))[:2]


def _continuation(author: Author) -> Pair:
    """Two events in one register; a participant of the first is the second's subject."""
    draws = author.draws
    first, register = author.event(), author.register()
    theme = draws.pick((first.agent, first.patient))
    theme = Phrase(head=theme.head, plural=theme.plural)
    topic, kind = theme.head.topic, theme.head.kind
    verbs = author.lexicon.verbs[topic]
    passive = kind not in ACTING
    verb = draws.pick([v for v in verbs if kind == (v.patient if passive else v.agent)])
    other = author.phrase(topic, verb.agent if passive else verb.patient, avoid=(theme.head,))
    second = (
        Event(verb=verb, agent=other, patient=theme)
        if passive
        else Event(verb=verb, agent=theme, patient=other)
    )
    style = replace(author.style(register), passive=passive, pronoun=draws.chance(0.5))
    return _text(sentence(first, author.style(register))), _text(sentence(second, style))


def _answered(author: Author) -> Pair:
    """A question with its answer, then the context: the order of a span task's input."""
    example = question(author)
    return f"{example.question} {example.answer}", example.context


def _facts(author: Author) -> Pair:
    """Two facts about one person, or the classes of two nouns."""
    if author.draws.chance(0.2):
        first, second = (_class(author) for _ in range(2))
        return _text(first), _text(second)
    person = pick_person(author)
    one, other = author.draws.shuffled(tuple(FACTS))[:2]
    first = one(author, person, person.name)
    named = person.pronoun if author.draws.chance(0.5) else person.name
    return _text(first), _text(other(author, person, named))


def _class(author: Author) -> Tokens:
    draws, lexicon = author.draws, author.lexicon
    topic, kind = author.topic(), draws.pick(KINDS)
    noun = draws.pick(draws.pick(lexicon.nouns[topic][kind]).singular)
    opening = ["every", noun, "is", "a"]
    return [*opening, *([] if draws.chance(0.5) else ["kind", "of"]), lexicon.classes[topic, kind]]


def _text(tokens: Tokens) -> str:
    return " ".join(tokens)


# Each entry is a twentieth of the corpus.
KINDS_OF_PAIR = (
    *(_paraphrases,) * 11,
    *(_near_misses,) * 2,
    *(_answered,) * 4,
    *(_facts,) * 2,
    *(_continuation,) * 1,
)
