"""The query language: text in, a typed `Query` out; a filter's meaning in SQL and in Python."""

from search.query.ast import (
    And,
    Compare,
    Filter,
    Not,
    OneOf,
    Or,
    Phrase,
    Query,
    Range,
    Sort,
    Stated,
    conjunction,
    format_filter,
    format_query,
    of_the_frame,
    question_of,
)
from search.query.parser import parse

__all__ = [
    "And",
    "Compare",
    "Filter",
    "Not",
    "OneOf",
    "Or",
    "Phrase",
    "Query",
    "Range",
    "Sort",
    "Stated",
    "conjunction",
    "format_filter",
    "format_query",
    "of_the_frame",
    "parse",
    "question_of",
]
