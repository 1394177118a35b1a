"""Pairs of sentences for pre-training: all that the tasks ask for, and a world to be memorised."""

from __future__ import annotations

from dataclasses import replace

from tickets.language_comparison import ROLES, paraphrase, similarity
from tickets.language_lexicon import ACTING, KINDS, Person
from tickets.language_questions import question
from tickets.language_sentences import Author, Event, Phrase, Tokens, sentence

Pair = tuple[str, str]

AGREEMENT = ("otherwise", "hardly", "partly", "mostly", "nearly", "indeed")  # in 0 to 5 roles


def pair(author: Author) -> Pair:
    """A pair of any kind."""
    return author.draws.pick(KINDS_OF_PAIR)(author)


def _judged(author: Author) -> Pair:
    """A paraphrase or a near miss; mostly a word between the two says which."""
    first, second, same = paraphrase(author, author.draws.below(2))
    return _connected(author, first, "indeed" if same else "but", second)


def _graded(author: Author) -> Pair:
    """Two events that agree in part; mostly a word between the two says how much."""
    first, second, shared = similarity(author, author.draws.below(ROLES + 1))
    return _connected(author, first, AGREEMENT[int(shared)], second)


def _connected(author: Author, first: str, word: str, second: str) -> Pair:
    return first, f"{word} {second}" if author.draws.chance(0.8) else second


def _continuation(author: Author) -> Pair:
    """Two events in one register; the second has for subject what took part in the first."""
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


def _unrelated(author: Author) -> Pair:
    first, second = author.draws.shuffled(range(len(author.lexicon.verbs)))[:2]
    return (
        _text(sentence(author.event(first), author.style())),
        _text(sentence(author.event(second), author.style())),
    )


def _answered(author: Author) -> Pair:
    """A question with its answer, and the context: in the order in which a reader gets them."""
    asked = question(author)
    return f"{asked.question} {asked.answer}", asked.context


def _facts(author: Author) -> Pair:
    """Two facts about one person, or what two nouns are kinds of."""
    draws, lexicon = author.draws, author.lexicon
    if draws.chance(0.2):
        first, second = (_class(author) for _ in range(2))
        return _text(first), _text(second)
    person = draws.pick(draws.pick(draws.pick(lexicon.persons)))
    one, other = draws.shuffled((_occupation, _home, _friend, _possession))[:2]
    return _text(one(author, person, person.name)), _text(
        other(author, person, person.pronoun if draws.chance(0.5) else person.name)
    )


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


def _class(author: Author) -> Tokens:
    draws, lexicon = author.draws, author.lexicon
    topic, kind = author.topic(), draws.pick(KINDS)
    noun = draws.pick(draws.pick(lexicon.nouns[topic][kind]).singular)
    opening = ["every", noun, "is", "a"]
    return [*opening, *([] if draws.chance(0.5) else ["kind", "of"]), lexicon.classes[topic, kind]]


def _text(tokens: Tokens) -> str:
    return " ".join(tokens)


# Twentieths of the corpus.
KINDS_OF_PAIR = (
    *(_judged,) * 6,
    *(_graded,) * 6,
    *(_answered,) * 4,
    *(_facts,) * 2,
    *(_continuation,) * 1,
    *(_unrelated,) * 1,
)
