"""What plain words imply in the vocabulary."""

import pytest

from scenario.errors import ConfigError
from scenario.labels import LABELS
from scenario.vocabulary import FIELDS, GROUPS
from search.chips import Chip, read_words
from search.query import OneOf, Query, parse

PHRASES = [(field.name, term.value, words) for field in FIELDS.values() for term in field.terms for words in term.words]
GROUP_PHRASES = [(group.field, group.name, words) for group in GROUPS for words in group.words]


def chips_of(text):
    return [chip.text for chip in read_words(text).chips]


def test_words_imply_values_and_groups():
    assert chips_of("jaywalker at night") == ["vru_status:jaywalking", "time_of_day:night"]


def test_a_chip_remembers_the_words_it_was_read_out_of():
    assert [chip.words for chip in read_words("A Jaywalker after dark").chips] == ["Jaywalker", "after dark"]


@pytest.mark.parametrize(("field", "value", "words"), PHRASES + GROUP_PHRASES)
def test_every_phrase_of_the_vocabulary_implies_its_value(field, value, words):
    assert Chip(field, value, words).text in chips_of(words)


@pytest.mark.parametrize(("field", "value", "words"), PHRASES + GROUP_PHRASES)
def test_every_chip_hardens_into_a_filter_that_parses(field, value, words):
    chip = Chip(field, value, words)
    assert parse(chip.text) == Query(chip.filter)


def test_a_chip_of_a_tag_hardens_into_the_field_that_people_write():
    assert Chip("tags", "construction", "roadworks").filter == OneOf("tag", ("construction",))


def test_a_chip_of_a_group_reads_the_belief_of_each_member():
    columns = Chip("vru_status", "jaywalking", "jaywalker").columns
    assert columns == ("p_vru_status_jaywalking_fast", "p_vru_status_jaywalking_hesitant")


def test_a_phrase_may_imply_values_of_two_fields():
    assert chips_of("child stepping into the road") == ["tag:vru_hazard", "vru_status:jaywalking"]


def test_the_longest_phrase_wins():
    assert chips_of("heavy rain") == ["weather:heavy_rain"]
    assert chips_of("debris on the road") == ["blocking_factor:debris"]


def test_case_and_a_plural_do_not_matter():
    assert chips_of("AMBULANCES and Police Cars") == ["special_agent_class:ambulance", "special_agent_class:police_car"]


def test_the_name_of_a_value_implies_it_where_it_is_several_words():
    assert chips_of("nudge around static obstacle") == ["ego_required_action:nudge_around_static_obstacle"]


@pytest.mark.parametrize("text", ["stop", "a car", "nominal", "the day we left", "none", "", "12:30 ... !"])
def test_ordinary_words_imply_nothing(text):
    assert chips_of(text) == []


@pytest.mark.parametrize("text", ["not raining", "without construction", "never foggy", "no ambulance"])
def test_a_negated_word_implies_nothing(text):
    assert chips_of(text) == []


def test_a_negation_reaches_the_next_word_only():
    assert chips_of("not foggy at night") == ["time_of_day:night"]


def test_a_negation_that_the_vocabulary_itself_speaks_is_read():
    assert chips_of("no pedestrians") == ["vru_status:none"]


def test_each_chip_is_shown_once():
    assert chips_of("night and night, at night") == ["time_of_day:night"]


def test_a_removed_chip_is_gone_and_the_words_stay():
    reading = read_words("jaywalker at night", ["time_of_day:night"])
    assert [chip.text for chip in reading.chips] == ["vru_status:jaywalking"]
    assert reading.text == "jaywalker at night"


def test_a_misspelt_word_is_corrected_and_read():
    reading = read_words("pedestrain near constuction")
    assert reading.corrections == (("pedestrain", "pedestrian"), ("constuction", "construction"))
    assert reading.text == "pedestrian near construction"
    assert [chip.text for chip in reading.chips] == ["tag:construction"]


@pytest.mark.parametrize("text", sorted({words for _, _, words in PHRASES + GROUP_PHRASES} | set(LABELS)))
def test_the_words_of_the_vocabulary_are_never_corrected(text):
    assert read_words(text).corrections == ()
    assert read_words(text.upper()).corrections == ()


@pytest.mark.parametrize("word", ["umbrella", "walking", "marking", "bus", "rian", "construction2", "日本語の道路"])
def test_a_word_that_is_not_near_the_vocabulary_is_left_alone(word):
    assert read_words(word).corrections == ()


@pytest.mark.parametrize("word", ["driver", "garbage", "close", "flooring"])
def test_a_word_that_the_corpus_says_is_not_turned_into_another(word):
    assert read_words(word).corrections
    assert read_words(word, occurs=lambda said: said == word).text == word


@pytest.mark.parametrize("word", ["training", "reconstruction", "emerging", "locking", "unexpected"])
def test_a_word_that_differs_in_its_first_letter_is_not_a_misspelling(word):
    assert read_words(word).corrections == ()


@pytest.mark.parametrize("text", ["not at night", "never any rain", "without rain or fog", "no jaywalker"])
def test_what_is_negated_implies_nothing(text):
    assert read_words(text).chips == ()


def test_a_negation_ends_where_something_else_begins():
    assert [chip.text for chip in read_words("no rain but a jaywalker at night").chips] == [
        "vru_status:jaywalking",
        "time_of_day:night",
    ]


def test_a_chip_that_is_not_there_cannot_be_left_out():
    with pytest.raises(ConfigError, match="no chip named 'weather:rain'"):
        read_words("jaywalker at night", ["weather:rain"])
