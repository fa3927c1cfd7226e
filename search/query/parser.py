"""Text to `Query`. The grammar is `grammar.lark`; what a run of bare words means is decided here.

A bare word is a tag filter only if it is exactly a tag name and the whole operand of AND, OR, NOT, `-` or
parentheses, or the whole query. Every other run of words is text, which may stand only where it is required:
at the top level or in parentheses there, never under OR or NOT. No input raises anything but `QueryError`.
"""

import re
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedEOF, UnexpectedInput, UnexpectedToken

from scenario.errors import QueryError, did_you_mean
from scenario.vocabulary import FIELDS, Tag
from search.query.ast import Filter, Not, OneOf, Or, Phrase, Query, Sort, conjunction
from search.query.fields import DIRECTIVES, QUERY_FIELDS, SORTABLE
from search.query.values import Written, condition, split_items

MAX_CHARACTERS = 4096
MAX_DEPTH = 16  # as deep as LanceDB's SQL parser takes in every shape, with room
_TAGS = frozenset(tag.value for tag in Tag)
_OPERATOR = re.compile(r"(>=|<=|!=|[≥≤≠><=])\s*$")
_NOT_TEXT = re.compile(r"[\x00-\x08\x0e-\x1f\ud800-\udfff]")

Branch = Tree[Token]


def parse(source: str) -> Query:
    """Read a query. Raises `QueryError` with the place and, where there is one, what to write instead."""
    if len(source) > MAX_CHARACTERS:
        raise QueryError(f"a query has at most {MAX_CHARACTERS} characters", source[:60], 0, 60)
    if unreadable := _NOT_TEXT.search(source):
        raise QueryError("this character cannot be searched", _NOT_TEXT.sub("�", source), *unreadable.span())
    tree = _tree(source)
    _check_depth(tree, source)
    return _Reader(source).read(tree)


@cache
def _grammar() -> Lark:
    text = resources.files("search.query").joinpath("grammar.lark").read_text(encoding="utf-8")
    return Lark(text, parser="lalr", propagate_positions=True, maybe_placeholders=False)


def _tree(source: str) -> Branch:
    try:
        return _grammar().parse(source)
    except UnexpectedInput as error:
        raise _syntax_error(error, source) from error


def _syntax_error(error: UnexpectedInput, source: str) -> QueryError:
    ended = isinstance(error, UnexpectedEOF) or (isinstance(error, UnexpectedToken) and error.token.type == "$END")
    at = len(source) if ended else (error.pos_in_stream or 0)
    if isinstance(error, UnexpectedCharacters) and source[at : at + 1] == '"':
        return QueryError("this quote is not closed", source, at, len(source), 'close it with "')
    awaited = getattr(error, "allowed" if isinstance(error, UnexpectedCharacters) else "expected", None)
    if "VALUE" in (awaited or ()) and (head := re.search(r"(p\([^()\s]*\)|[A-Za-z]\w*)\W*$", source[:at])):
        name = head[1]
        return QueryError(f"no value after {name}", source, head.start(), at, f"write it without a space: {name}:VALUE")
    if ended:
        hint = (
            "close the parenthesis" if source.count("(") > source.count(")") else "AND, OR, NOT and - join two clauses"
        )
        return QueryError("the query ends too early", source, len(source), len(source) + 1, hint)
    found = source[at : at + 1]
    if found == ")":
        return QueryError("nothing stands before this parenthesis", source, at, at + 1, "remove it, or open one before")
    word = re.compile(r"\S+").match(source, at)
    hint = "operators join two clauses; quote a word to search for it"
    return QueryError(
        f"{word[0] if word else found!r} cannot stand here", source, at, word.end() if word else at + 1, hint
    )


def _check_depth(tree: Branch, source: str) -> None:
    """Refuse nesting that recursion could not follow. Walks with a stack of its own."""
    stack: list[tuple[Branch, int]] = [(tree, 0)]
    while stack:
        node, depth = stack.pop()
        depth += node.data in ("group", "negation") or _is_unequal(node)
        if depth > MAX_DEPTH:
            start = node.meta.start_pos
            raise QueryError(f"a query nests at most {MAX_DEPTH} deep", source, start, start + 1, "split it in two")
        stack.extend((child, depth) for child in node.children if isinstance(child, Tree))


def _is_unequal(node: Branch) -> bool:
    """`!=` is a negation too, and its canonical text shows it as one."""
    return node.data == "qualifier" and str(node.children[0]).rstrip().endswith(("!=", "≠"))


@dataclass(frozen=True)
class _Words:
    """A run of bare words that is not a tag filter, where it stands."""

    text: str
    start: int
    end: int


@dataclass
class _Reader:
    """Turns the parse tree of one source into a `Query`."""

    source: str
    similar: str | None = None
    similar_span: tuple[int, int] = (0, 0)
    sort: Sort | None = None
    _filters: list[Filter] = field(default_factory=list)
    _texts: list[str] = field(default_factory=list)

    def read(self, tree: Branch) -> Query:
        if tree.children:
            self._top(_branch(tree.children[0]))
        return Query(conjunction(self._filters), " ".join(self._texts), self.similar, self.sort, self.similar_span)

    def _top(self, node: Branch) -> None:
        """A place where everything is required: the top level, and parentheses that stand there."""
        while node.data == "disjunction" and len(node.children) == 1:
            node = _branch(node.children[0])
        if node.data == "disjunction":
            self._filters.append(self._filter(node))
            return
        kinds = [_branch(child).data for child in node.children]
        for number, child in enumerate(node.children):
            if kinds[number] != "joiner":
                self._clause(_branch(child), operand=_is_whole_operand(kinds, number))

    def _clause(self, node: Branch, *, operand: bool) -> None:
        if node.data == "group":
            self._top(_branch(node.children[0]))
        elif node.data == "qualifier" and self._name(node) in DIRECTIVES:
            self._directive(node)
        elif node.data == "words":
            words = self._words(node)
            if operand and words.text in _TAGS:
                self._filters.append(OneOf("tag", (words.text,)))
            else:
                self._texts.append(words.text)
        else:
            self._filters.append(self._filter(node))

    def _filter(self, node: Branch) -> Filter:
        """A place where only filters may stand: under OR and NOT."""
        children = [child for child in node.children if isinstance(child, Tree) and child.data != "joiner"]
        match node.data:
            case "disjunction":
                parts = [self._filter(child) for child in children]
                flat = [part for p in parts for part in (p.children if isinstance(p, Or) else (p,))]
                return Or(tuple(flat)) if len(flat) > 1 else flat[0]
            case "conjunction":
                filters = [self._filter(child) for child in self._whole_operands(node, children)]
                return conjunction(filters) or filters[0]
            case "negation":
                return Not(self._filter(children[0]))
            case "group":
                return self._filter(children[0])
            case "phrase":
                return self._phrase(node)
            case "qualifier":
                return self._qualifier(node)
            case _:
                return self._tag(node)

    def _whole_operands(self, node: Branch, children: list[Branch]) -> list[Branch]:
        """Refuse a run of words that merely stands beside another clause: there it would be text."""
        kinds = [_branch(child).data for child in node.children]
        for number, kind in enumerate(kinds):
            if kind == "words" and not _is_whole_operand(kinds, number):
                raise self._not_text(self._words(_branch(node.children[number])))
        return children

    def _tag(self, node: Branch) -> Filter:
        words = self._words(node)
        if words.text in _TAGS:
            return OneOf("tag", (words.text,))
        raise self._not_text(words)

    def _not_text(self, words: _Words) -> QueryError:
        exact = [
            f"{name}:{words.text}" for name, known in FIELDS.items() if words.text in known.values and name != "tags"
        ]
        near = did_you_mean(words.text, _TAGS)
        meant = [*exact, *([f"tag:{near}"] if near and not exact else [])]
        quoted = f'"{words.text}" in quotes'
        hint = f"did you mean {' or '.join([*meant, quoted])}?"
        message = "words cannot stand under OR, NOT or -, only filters can"
        return QueryError(message, self.source, words.start, words.end, hint)

    def _words(self, node: Branch) -> _Words:
        tokens = [token for token in node.children if isinstance(token, Token)]
        for token in tokens:
            if re.search(r">=|<=|!=|[≥≤≠<>=]", token):
                raise self._error("a comparison needs a field before it", token, "write risk>=4, field first")
            if token.startswith(":"):
                raise self._error("a field and its colon stand together", token, "write risk:4, without a space")
        if tokens[-1] == "p" and self.source[_end(tokens[-1]) :].startswith("("):
            raise self._error("p(TAG) needs a comparison", tokens[-1], "write p(construction)>=0.8")
        text = " ".join(str(token) for token in tokens)
        return _Words(text, _start(tokens[0]), _end(tokens[-1]))

    def _phrase(self, node: Branch) -> Phrase:
        token = _token(node, 0)
        (item,) = split_items(Written(self.source, _start(token), _end(token)))
        text = " ".join(item.text.split())
        if not text:
            raise self._error("an empty phrase matches nothing", token, "put words between the quotes")
        return Phrase(text)

    def _name(self, node: Branch) -> str:
        return _OPERATOR.sub("", str(_token(node, 0))).strip().removesuffix(":").strip()

    def _qualifier(self, node: Branch) -> Filter:
        head, name = _token(node, 0), self._name(node)
        if name in DIRECTIVES:
            raise self._error(f"{name}: orders the whole answer, so it stands at the top level", head)
        if name not in QUERY_FIELDS:
            near = did_you_mean(name, QUERY_FIELDS)
            known = ", ".join(QUERY_FIELDS)
            raise self._unknown_field(head, name, f"did you mean {near}?" if near else f"fields: {known}")
        operator = _OPERATOR.search(str(head))
        return condition(QUERY_FIELDS[name], operator[1] if operator else "", self._written(node))

    def _unknown_field(self, head: Token, name: str, hint: str) -> QueryError:
        return QueryError(f"unknown field {name!r}", self.source, _start(head), _start(head) + len(name), hint)

    def _written(self, node: Branch) -> Written:
        head, value = _token(node, 0), _token(node, 1)
        if _start(value) != _end(head):
            name = self._name(node)
            raise self._error(f"no value after {name}:", head, f"write it without a space, as in {name}:{value}")
        return Written(self.source, _start(value), _end(value))

    def _directive(self, node: Branch) -> None:
        head, name, written = _token(node, 0), self._name(node), self._written(node)
        if getattr(self, name) is not None:
            raise self._error(f"{name}: is given twice", head, "give it once")
        if _OPERATOR.search(str(head)):
            raise self._error(f"{name}: takes a value, not a comparison", head)
        items = split_items(written)
        if len(items) > 1 or not items[0].text.strip():
            raise written.error(f"{name}: takes one value")
        if name == "similar":
            self.similar, self.similar_span = items[0].text, (written.start, written.end)
        else:
            self.sort = _sort(items[0].text, written)

    def _error(self, message: str, token: Token, hint: str | None = None) -> QueryError:
        return QueryError(message, self.source, _start(token), _end(token), hint)


def _sort(text: str, written: Written) -> Sort:
    name, _, direction = text.rpartition("-")
    if direction not in ("asc", "desc"):
        guess = did_you_mean(text, SORTABLE) or "risk"
        raise written.error(f"{text!r} has no direction", f"write sort:{guess}-desc or sort:{guess}-asc")
    if name not in SORTABLE:
        near, known = did_you_mean(name, SORTABLE), f"sortable: {', '.join(SORTABLE)}"
        raise written.error(f"cannot sort by {name!r}", f"did you mean {near}? {known}" if near else known)
    return Sort(name, direction == "desc")


def _is_whole_operand(kinds: list[str], number: int) -> bool:
    """Whether a clause of a conjunction stands alone, or between nothing but ANDs."""
    return all(kinds[i] == "joiner" for i in (number - 1, number + 1) if 0 <= i < len(kinds))


def _branch(child: Branch | Token) -> Branch:
    assert isinstance(child, Tree)
    return child


def _token(node: Branch, number: int) -> Token:
    child = node.children[number]
    assert isinstance(child, Token)
    return child


def _start(token: Token) -> int:
    return token.start_pos or 0


def _end(token: Token) -> int:
    return token.end_pos or 0
