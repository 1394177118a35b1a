"""From meaning to words: events, the ways to express them, and an author who draws both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tickets.language.lexicon import ACTING, Draws, Lexicon, Noun, Person, Verb, Word

Tokens = list[str]

SHIFT = 0.4  # the probability that a class of words changes its register in a paraphrase


@dataclass(frozen=True, kw_only=True, slots=True)
class PlacePhrase:
    """The place of a thing; its noun's number may differ from that of the phrase's head."""

    preposition: Word
    noun: Noun
    plural: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Phrase:
    """A participant of an event; persons are singular and have neither quality nor place."""

    head: Noun | Person
    plural: bool = False
    quality: Word | None = None
    place: PlacePhrase | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """The meaning of a sentence, independent of its style."""

    verb: Verb
    agent: Phrase
    patient: Phrase
    adverb: Word | None = None
    negated: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Register:
    """For each class of words, which of their two forms is used."""

    noun: int
    verb: int
    quality: int
    other: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Style:
    """The form of a sentence, independent of its meaning."""

    register: Register
    passive: bool = False
    fronted: bool = False  # the adverb comes first
    relative: bool = False  # "the boat which is red" for "the red boat"
    pronoun: bool = False  # for the subject


def noun_phrase(phrase: Phrase, style: Style) -> Tokens:
    """The words of a phrase, its article first."""
    head, register = phrase.head, style.register
    if isinstance(head, Person):
        return [head.name]
    noun = (head.plural if phrase.plural else head.singular)[register.noun]
    if phrase.quality is None:
        tokens = ["the", noun]
    elif style.relative:
        tokens = ["the", noun, "which", be(phrase.plural), phrase.quality.forms[register.quality]]
    else:
        tokens = ["the", phrase.quality.forms[register.quality], noun]
    if (place := phrase.place) is not None:
        other = (place.noun.plural if place.plural else place.noun.singular)[register.noun]
        tokens += [place.preposition.forms[register.other], "the", other]
    return tokens


def subject(event: Event, style: Style) -> Phrase:
    """The phrase with which the verb agrees."""
    return event.patient if style.passive else event.agent


def sentence(event: Event, style: Style, *, agrees: bool = True, right_form: bool = True) -> Tokens:
    """The words of an event. Each flag, if false, adds an error that no other event explains."""
    first, register, verb = subject(event, style), style.register, event.verb
    plural = first.plural == agrees
    never = ["never"] if event.negated else []
    if style.passive == right_form:
        form = verb.participle[register.verb]
    else:
        form = (verb.plural if plural else verb.singular)[register.verb]
    opening = [pronoun(first)] if style.pronoun else noun_phrase(first, style)
    if style.passive:
        rest = [be(plural), *never, form, "by", *noun_phrase(event.agent, style)]
    else:
        rest = [*never, form, *noun_phrase(event.patient, style)]
    if event.adverb is None:
        return opening + rest
    adverb = event.adverb.forms[register.other]
    return [adverb, *opening, *rest] if style.fronted else [*opening, *rest, adverb]


def pronoun(phrase: Phrase) -> str:
    """The pronoun for a phrase."""
    if isinstance(phrase.head, Person):
        return phrase.head.pronoun
    return "they" if phrase.plural else "it"


def be(plural: bool) -> str:
    """The auxiliary."""
    return "are" if plural else "is"


class Author:
    """Draws events, styles and phrases from a lexicon."""

    def __init__(self, lexicon: Lexicon, draws: Draws) -> None:
        self.lexicon = lexicon
        self.draws = draws

    def topic(self) -> int:
        """A random topic."""
        return self.draws.below(len(self.lexicon.verbs))

    def register(self, near: Register | None = None) -> Register:
        """A random register, or one that is `near` another: most classes have the same form."""
        draws = self.draws
        if near is None:
            return Register(
                noun=draws.below(2),
                verb=draws.below(2),
                quality=draws.below(2),
                other=draws.below(2),
            )
        return Register(
            noun=near.noun ^ draws.chance(SHIFT),
            verb=near.verb ^ draws.chance(SHIFT),
            quality=near.quality ^ draws.chance(SHIFT),
            other=near.other ^ draws.chance(SHIFT),
        )

    def style(self, register: Register | None = None) -> Style:
        """A random style, in the register given or a random one."""
        draws = self.draws
        return Style(
            register=register or self.register(),
            passive=draws.chance(0.1),
            fronted=draws.chance(0.5),
            relative=draws.chance(0.1),
        )

    def phrase(
        self,
        topic: int,
        kind: int,
        *,
        quality: float = 0.4,
        place: float = 0.15,
        person: float = 0.15,
        avoid: Sequence[Noun | Person] = (),
    ) -> Phrase:
        """A phrase of this topic and kind; the floats are probabilities."""
        draws, lexicon = self.draws, self.lexicon
        if kind in ACTING and draws.chance(person):
            choices: Sequence[Noun | Person] = lexicon.persons[topic][kind]
        else:
            choices = lexicon.nouns[topic][kind]
        head = draws.pick([choice for choice in choices if choice not in avoid])
        if isinstance(head, Person):
            return Phrase(head=head)
        return Phrase(
            head=head,
            plural=draws.chance(0.5),
            quality=draws.pick(lexicon.qualities[topic][kind]) if draws.chance(quality) else None,
            place=self.place(topic, head) if draws.chance(place) else None,
        )

    def place(self, topic: int, head: Noun) -> PlacePhrase:
        """A place next to a noun of the topic other than `head`."""
        draws = self.draws
        nouns = [noun for kind in self.lexicon.nouns[topic] for noun in kind if noun is not head]
        return PlacePhrase(
            preposition=draws.pick(self.lexicon.prepositions),
            noun=draws.pick(nouns),
            plural=draws.chance(0.5),
        )

    def event(self, topic: int | None = None) -> Event:
        """An event of the topic given or a random one, with random optional parts."""
        draws = self.draws
        verb = draws.pick(self.lexicon.verbs[self.topic() if topic is None else topic])
        agent = self.phrase(verb.topic, verb.agent)
        return Event(
            verb=verb,
            agent=agent,
            patient=self.phrase(verb.topic, verb.patient, avoid=(agent.head,)),
            adverb=draws.pick(self.lexicon.adverbs) if draws.chance(0.15) else None,
            negated=draws.chance(0.1),
        )

    def full_event(self) -> Event:
        """An event of two nouns with qualities, without any other optional part."""
        verb = self.draws.pick(self.lexicon.verbs[self.topic()])
        agent = self.phrase(verb.topic, verb.agent, quality=1.0, place=0.0, person=0.0)
        avoid = (agent.head,)
        patient = self.phrase(
            verb.topic, verb.patient, quality=1.0, place=0.0, person=0.0, avoid=avoid
        )
        return Event(verb=verb, agent=agent, patient=patient)
