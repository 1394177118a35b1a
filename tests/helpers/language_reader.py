"""A parser of the artificial language that shares no code with its author."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tickets.language.lexicon import Lexicon


class Ungrammatical(Exception):
    """Raised by the reader below."""


class Reader:
    """A recursive-descent parser of the language: sentence to meaning, or `Ungrammatical`."""

    def __init__(self, words: Lexicon) -> None:
        self.tags: dict[str, tuple[str, Any, bool]] = {}
        self.fitting = words.qualities

        def tag(forms: tuple[str, str], kind: str, meaning: Any, plural: bool = False) -> None:
            for form in forms:
                self.tags[form] = kind, meaning, plural

        for noun in (n for topic in words.nouns for kind in topic for n in kind):
            tag(noun.singular, "noun", noun)
            tag(noun.plural, "noun", noun, True)
        for verb in (v for topic in words.verbs for v in topic):
            tag(verb.singular, "finite", verb)
            tag(verb.plural, "finite", verb, True)
            tag(verb.participle, "participle", verb)
        for person in (p for topic in words.persons for kind in topic for p in kind):
            self.tags[person.name] = "person", person, False
        for quality in (q for topic in words.qualities for kind in topic for q in kind):
            tag(quality.forms, "quality", quality)
        for kind, group in (("adverb", words.adverbs), ("preposition", words.prepositions)):
            for word in group:
                tag(word.forms, kind, word)
        for word in ("the", "which", "never", "by"):
            self.tags[word] = word, word, False
        self.tags["is"], self.tags["are"] = ("be", "be", False), ("be", "be", True)

    def meaning(self, sentence: str) -> dict[str, Any]:
        """Verb, agent, patient, adverb and negation, the same however the event is told."""
        self.rest = [self.tags[token] for token in sentence.split()]
        adverb = self.optional("adverb")
        subject = self.phrase()
        be = self.optional("be")
        negated = self.optional("never") is not None
        found = self.take("finite" if be is None else "participle")
        if (be or found)[2] != subject["plural"]:
            raise Ungrammatical
        if be is not None:
            self.take("by")
        other = self.phrase()
        adverb = adverb or self.optional("adverb")
        if self.rest:
            raise Ungrammatical
        verb, (agent, patient) = found[1], (subject, other) if be is None else (other, subject)
        for phrase, kind in ((agent, verb.agent), (patient, verb.patient)):
            if (phrase["head"].topic, phrase["head"].kind) != (verb.topic, kind):
                raise Ungrammatical
        return {
            "verb": verb,
            "agent": agent,
            "patient": patient,
            "adverb": adverb and adverb[1],
            "negated": negated,
        }

    def phrase(self) -> dict[str, Any]:
        if person := self.optional("person"):
            return {"head": person[1], "plural": False, "quality": None, "place": None}
        self.take("the")
        quality = self.optional("quality")
        _, head, plural = self.take("noun")
        if quality is None and self.optional("which"):
            if self.take("be")[2] != plural:
                raise Ungrammatical
            quality = self.take("quality")
        if quality and quality[1] not in self.fitting[head.topic][head.kind]:
            raise Ungrammatical
        place = None
        if preposition := self.optional("preposition"):
            self.take("the")
            place = preposition[1], *self.take("noun")[1:]
        return {"head": head, "plural": plural, "quality": quality and quality[1], "place": place}

    def optional(self, kind: str) -> tuple[str, Any, bool] | None:
        return self.rest.pop(0) if self.rest and self.rest[0][0] == kind else None

    def take(self, kind: str) -> tuple[str, Any, bool]:
        found = self.optional(kind)
        if found is None:
            raise Ungrammatical
        return found


def shared_roles(first: dict[str, Any], second: dict[str, Any]) -> int:
    same = [first["verb"] is second["verb"]]
    for role in ("agent", "patient"):
        same += [first[role][part] is second[role][part] for part in ("head", "quality")]
    return sum(same)


def answer(reader: Reader, context: str, asked: list[str]) -> Iterator[tuple[str, int]]:
    """The answers of `context` to the words of a question, with their places."""
    for line in re.finditer(r"[^.]+(?= \.)", context):
        text = line.group().strip()
        offset = line.start() + line.group().index(text)
        if " in " in text:
            who, town = re.split(" (?:is|are) in ", text)
            if asked[0] == "where" and head(reader, who) == head(reader, " ".join(asked[2:])):
                yield town, offset + text.index(town)
            continue
        event = reader.meaning(text)
        if asked[0] == "where":
            continue
        role, known = ("patient", "agent") if asked[1] in ("is", "are") else ("agent", "patient")
        verb = asked[2] if role == "patient" else asked[1]
        subject = " ".join(asked[4:] if role == "patient" else asked[2:])
        if reader.tags[verb][1] is event["verb"] and event[known]["head"] is head(reader, subject):
            phrases = re.split(r" (?:is|are) \w+ by | \w+(?:th|n) ", text)
            (found,) = (p for p in phrases if head(reader, p) is event[role]["head"])
            found = found.removeprefix("the ")
            yield found, offset + re.search(rf"\b{found}\b", text).start()


def head(reader: Reader, phrase: str) -> Any:
    reader.rest = [reader.tags[token] for token in phrase.split()]
    return reader.phrase()["head"]


def facts_in(sentence: str) -> list[tuple[str, str, str]]:
    """Who, which attribute, and its value, if a sentence tells a fact about a named person."""
    forms = {
        "occupation": (
            r"(?P<who>\w+) works as a (?P<what>\w+)",
            r"the job of (?P<who>\w+) is (?P<what>\w+)",
        ),
        "home": (
            r"(?P<who>\w+) lives in (?P<what>\w+)",
            r"the home of (?P<who>\w+) is (?P<what>\w+)",
        ),
        "friend": (
            r"(?P<who>\w+) trusts (?P<what>\w+)",
            r"(?P<what>\w+) is trusted by (?P<who>\w+)",
        ),
        "possession": (
            r"(?P<who>\w+) owns a (?P<what>\w+)",
            r"the (?P<what>\w+) belongs to (?P<who>\w+)",
        ),
    }
    return [
        (found["who"], attribute, found["what"])
        for attribute, patterns in forms.items()
        for pattern in patterns
        if (found := re.fullmatch(pattern, sentence))
    ]
