"""The SQL of a filter, worked by hand. That it selects the right rows is tested against LanceDB."""

import pytest

from search.query import And, Not, OneOf, Or, Phrase, parse
from search.query.compile import compile_filter, fold, phrase_pattern, quote


def sql(source):
    return compile_filter(parse(source).filter)


@pytest.mark.parametrize(
    ("source", "compiled"),
    [
        ("risk:>=4", "risk >= 4"),
        ("risk:4", "risk IN (4)"),
        ("risk:2,4", "risk IN (2, 4)"),
        ("risk:2..4", "risk >= 2 AND risk <= 4"),
        ("risk:2..*", "risk >= 2"),
        ("risk:*", "risk IS NOT NULL"),
        ("tag:*", "array_length(tags) > 0"),
        ("tag:construction", "array_has(tags, 'construction')"),
        ("tag:construction,vru_hazard", "array_has(tags, 'construction') OR array_has(tags, 'vru_hazard')"),
        ('object:"jersey barrier"', "array_has(objects, 'jersey barrier')"),
        ("weather:rain,fog", "weather IN ('rain', 'fog')"),
        ("weather:wet,rain", "weather IN ('rain', 'heavy_rain')"),
        ("vru_status:jaywalking", "vru_status IN ('jaywalking_fast', 'jaywalking_hesitant')"),
        ("p(construction):>=0.8", "p_tags_construction >= 0.8"),
        ("p(construction):1", "p_tags_construction IN (1.0)"),
        ("risk_mean:4..*", "risk_mean >= 4.0"),
        ("NOT risk:>=4", "(risk >= 4) IS NOT TRUE"),
        ("risk!=4", "(risk IN (4)) IS NOT TRUE"),
        ("NOT (risk:1 OR risk:2)", "((risk IN (1)) OR (risk IN (2))) IS NOT TRUE"),
        ("NOT tag:construction", "(array_has(tags, 'construction')) IS NOT TRUE"),
        ("risk:1 AND (risk:2 OR risk:3)", "(risk IN (1)) AND ((risk IN (2)) OR (risk IN (3)))"),
    ],
)
def test_a_filter_compiles_to_sql(source, compiled):
    assert sql(source) == compiled


def test_no_filter_compiles_to_none():
    assert sql("") is None


def test_user_text_reaches_sql_only_quoted():
    assert sql('scene:"x\' OR 1=1 --"') == "scene IN ('x'' OR 1=1 --')"
    assert quote("'") == "''''"


def test_every_negation_keeps_rows_where_the_field_is_not_stated():
    node = And((Not(OneOf("risk", (4,))), Or((Not(Not(Phrase("x"))), OneOf("weather", ("fog",))))))
    compiled = compile_filter(node)
    assert compiled.count("IS NOT TRUE") == 3
    assert "NOT (" not in compiled
    assert "!=" not in compiled


def test_a_phrase_is_a_word_bounded_pattern_on_the_folded_text():
    edge = r"[^\p{L}\p{N}_]"
    assert sql('"Jersey Barrier"') == f"regexp_like(text_folded, '(^|{edge})jersey barrier({edge}|$)')"


@pytest.mark.parametrize("character", list("\\.+*?()|[]{}^$#&-~"))
def test_a_character_that_is_special_in_a_pattern_is_escaped(character):
    assert f"a\\{character}b" in phrase_pattern(f"a{character}b")


def test_a_quote_in_a_phrase_is_doubled_in_sql():
    assert "it''s" in sql('"it\'s"')


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Jersey\n  BARRIER ", "jersey barrier"),
        ("Straße", "strasse"),
        ("İ", "i̇"),
        ("ΣΑΣ", "σασ"),
        ("\u00a0a\u2003b", "a b"),
    ],
)
def test_folding_takes_case_and_runs_of_white_space_away(text, folded):
    assert fold(text) == folded


@pytest.mark.parametrize("source", ["is:verified", 'verified:"it\'s there"', "refuted:*"])
def test_what_the_ledger_knows_is_only_named_for_sql_could_not_say_it(source):
    assert sql(source) == f"_rowid IN (ledger('{source.replace(chr(39), chr(39) * 2)}'))"
    assert sql(f"risk:4 {source}") == f"(risk IN (4)) AND ({sql(source)})"
