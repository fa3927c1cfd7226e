"""The live pass: who is asked, what is told and when, and that nothing is lost or left running."""

from collections.abc import Callable
from threading import Barrier, Event
from threading import enumerate as threads

import pytest

from drives import scenario
from passes import MAN, NO, UNSURE, YES, Remembering, frames, scout, told, verdicts
from scenario.errors import ConfigError, DeadlinePassed, ModelUnavailable, ReplyInvalid, WeightsMissing
from scenario.protocols import Cancel, Deadline
from scenario.records import Facts, Frame
from search.query import parse
from verifier.live import DOWN_AFTER, Limits, LiveVerifier
from verifier.verifying import Asked

# What a verification says


def test_words_are_verified_by_the_answer():
    one, two, three = told([scout([YES, NO, UNSURE])], frames(3))

    assert (one.verdict, two.verdict, three.verdict) == ("yes", "no", "unsure")
    assert one.question == "a man in the road?"
    assert [(e.scout, e.seen, e.camera) for e in one.evidence] == [("one", "a man", "CAM_FRONT")]
    assert one.probability > 0.5 > two.probability
    assert one.confidence == one.probability
    assert two.confidence == 1 - two.probability
    assert three.confidence is None


def test_a_filter_is_verified_by_the_fresh_facts_and_words_and_filter_must_both_hold():
    asked = Asked.of(parse("risk>=4 AND construction AND man in the road"))
    found = told([scout([YES, YES], facts=Facts(risk=2, tags=("construction",)))], frames(1), asked)[0]

    assert found.verdict == "no"
    assert [(clause.clause, clause.verdict) for clause in found.clauses] == [
        ('"man in the road"', "yes"),
        ("risk:>=4", "no"),
        ("tag:construction", "yes"),
    ]
    assert found.question == "risk:>=4 AND tag:construction man in the road"


def test_a_field_that_nobody_states_leaves_the_frame_unsure():
    assert told([scout([YES])], frames(1), Asked.of(parse("time_of_day:night")))[0].verdict == "unsure"


def test_differences_from_the_stored_facts_are_listed_and_what_is_not_stated_is_none():
    stored = Facts(risk=7, weather="rain", tags=("construction",), time_of_day="night")
    found = told([scout([YES], facts=Facts(risk=3, weather="rain", tags=("vru_hazard",)))], frames(1, stored))[0]

    assert {change.field: (change.stored, change.now) for change in found.changes} == {
        "tags": ("construction", "vru_hazard"),
        "risk": ("7", "3"),
    }


def test_a_question_about_the_ledger_is_not_put_to_the_scouts():
    asked = Asked.of(parse("is:unverified AND construction risk>=4 sort:risk-desc NOT is:refuted"))
    assert asked.question == "risk:>=4 construction"
    assert Asked.of(parse("is:unverified construction")) == Asked(words="construction")  # not the tag
    with pytest.raises(ConfigError, match="nothing is asked"):
        Asked.of(parse("is:verified"))


# Errors are verdicts


def test_a_frame_without_pictures_is_an_error_before_any_model_is_called():
    asked = scout([YES])
    memory = Remembering()
    (found,) = told([asked], [scenario("t0")], memory=memory)

    assert found.verdict == "error"
    assert found.error is not None
    assert found.error.startswith("no pictures")
    assert asked.asked == []
    assert memory.appended == [found]  # listed, like all that was told


def test_what_goes_wrong_with_one_frame_is_that_frames_verdict():
    found = told([scout([YES, ReplyInvalid("no JSON"), DeadlinePassed("too late"), NO])], frames(4))

    assert verdicts(found) == {"t0": "yes", "t1": "error", "t2": "error", "t3": "no"}
    assert {one.token: one.error for one in found if one.error} == {"t1": "one: no JSON", "t2": "one: too late"}


def test_a_scout_that_fails_is_replaced_by_the_next_and_noted():
    (found,) = told([scout([ReplyInvalid("no JSON")]), scout([YES], "two")], frames(1))

    assert found.verdict == "yes"
    assert found.notes == ("one: no JSON",)
    assert set(found.models) == {"two", "judge"}


def test_a_model_that_is_down_is_not_waited_for_again_and_again():
    down = scout([ModelUnavailable("no connection")] * 10)
    found = told([down], frames(10))

    assert len(down.asked) == DOWN_AFTER
    assert all(one.verdict == "error" for one in found)
    assert found[-1].error == f"one: not asked, after {DOWN_AFTER} failures in a row: no connection"


def test_what_no_frame_would_escape_ends_the_pass():
    with pytest.raises(WeightsMissing):
        told([scout([WeightsMissing("m.gguf", "pull it")])], frames(2))


# The second scout


def test_a_second_scout_looks_only_where_the_first_is_unsure():
    second = scout([NO, NO, YES], "two")
    found = told([scout([YES, NO, UNSURE]), second], frames(3))

    assert second.asked == ["t2"]
    assert verdicts(found) == {"t0": "yes", "t1": "no", "t2": "yes"}
    assert len(found[-1].testimonies) == 2


@pytest.mark.parametrize(("said", "asked"), [(2, ["t0"]), (6, [])])
def test_a_second_scout_looks_where_the_first_contradicts_the_index(said, asked):
    second = scout([YES], "two", facts=Facts(risk=6))
    told([scout([YES], facts=Facts(risk=said)), second], frames(1, Facts(risk=6)), Asked.of(parse("risk>=4")))

    assert second.asked == asked


@pytest.mark.parametrize(("tags", "asked"), [(("vru_hazard",), ["t0"]), ((), [])])
def test_what_the_index_reads_out_of_the_words_counts_as_its_word(tags, asked):
    second = scout([NO], "two")
    stored = frames(1, Facts(tags=tags))
    told([scout([NO]), second], stored, Asked("a man", soft=parse("vru_hazard").filter))

    assert second.asked == asked


def test_every_scout_is_asked_where_that_is_wished():
    second = scout([NO, NO], "two")
    found = told([scout([YES, YES]), second], frames(2), limits=Limits(every_scout=True))

    assert second.asked == ["t0", "t1"]
    assert [len(one.testimonies) for one in found] == [2, 2]


def test_of_several_scouts_one_at_a_time_holds_its_model():
    first, second = scout([UNSURE]), scout([YES], "two")
    told([first, second], frames(1))
    assert (first.closed, second.closed) == (1, 1)

    alone = scout([YES])
    told([alone], frames(1))
    assert alone.closed == 0


# Limits


def test_top_is_how_many_are_asked():
    asked = scout([YES] * 5)
    told([asked], frames(5), limits=Limits(top=2))
    assert asked.asked == ["t0", "t1"]


def test_it_stops_after_as_many_yeses_as_are_wished():
    asked = scout([NO, YES, NO, YES, YES, YES])
    assert verdicts(told([asked], frames(6), limits=Limits(stop_after=2))) == {
        "t0": "no",
        "t1": "yes",
        "t2": "no",
        "t3": "yes",
    }
    assert asked.asked == ["t0", "t1", "t2", "t3"]


def test_the_most_uncertain_frames_come_first_where_that_is_wished():
    stored = [
        one for number, mean in enumerate([9.0, 3.6, 0.0]) for one in frames(3, risk_mean=mean)[number : number + 1]
    ]
    asked = scout([YES] * 3, facts=Facts(risk=5))
    told([asked], stored, Asked.of(parse("risk>=4")), limits=Limits(order="uncertain"))
    assert asked.asked[0] == "t1"


def test_a_used_up_budget_is_a_verdict_of_its_own_and_no_memory():
    def wait(_: Frame, deadline: Deadline) -> None:
        told_of = Event()
        with deadline.telling(told_of.set):
            while not deadline.passed:
                told_of.wait(0.01)
        raise DeadlinePassed("the deadline passed")

    memory = Remembering()
    found = told([scout([YES] * 3, hold=wait)], frames(3), limits=Limits(budget_s=0.05), memory=memory)

    assert [one.verdict for one in found] == ["error"] * 3
    assert found[0].error == "one: the deadline passed"
    assert found[1].error == "one: not asked, since the budget of 0.05 s was used up"
    assert [one.verdict for one in memory.appended] == ["error"] * 3


@pytest.mark.parametrize("limit", [{"top": 0}, {"budget_s": -1.0}, {"stop_after": 0}, {"concurrency": 0}])
def test_a_limit_that_lets_nothing_happen_is_refused(limit):
    with pytest.raises(ConfigError, match=f"{next(iter(limit))} is"):
        Limits(**limit)


# Streaming, concurrency, leaving


def test_verdicts_stream_as_they_come():
    asked = scout([YES] * 3)
    passing = LiveVerifier([asked]).verify(frames(3), MAN)

    next(passing)
    assert asked.asked == ["t0"]
    passing.close()


def test_a_scout_is_asked_as_many_at_once_as_it_takes_and_the_limit_allows():
    meeting = Barrier(3, timeout=10)
    asked = scout([YES] * 6, concurrency=8, hold=lambda frame, deadline: meeting.wait() and None)

    assert len(told([asked], frames(6), limits=Limits(concurrency=3))) == 6


def waiting(begun: Event) -> Callable[[Frame, Deadline], None]:
    """Holds a look until it is cancelled."""

    def hold(frame: Frame, deadline: Deadline) -> None:
        if frame.token == "t0":
            return
        ended = Event()
        with deadline.telling(ended.set):
            begun.set()
            assert ended.wait(10)
        raise DeadlinePassed("cancelled")

    return hold


def no_worker_is_left() -> bool:
    return not [thread for thread in threads() if thread.name.startswith("work") and thread.is_alive()]


def test_a_caller_that_leaves_ends_every_call_under_way():
    begun = Event()
    asked = scout([YES] * 9, concurrency=4, hold=waiting(begun))
    passing = LiveVerifier([asked]).verify(frames(9), MAN)
    assert next(passing).token == "t0"
    assert begun.wait(10)
    passing.close()

    assert no_worker_is_left()


def test_cancel_ends_the_pass_without_a_word():
    begun, cancel = Event(), Cancel()
    memory = Remembering()
    asked = scout([YES] * 9, concurrency=4, hold=waiting(begun))
    found = []
    for verification in LiveVerifier([asked]).verify(frames(9), MAN, memory=memory, cancel=cancel):
        found.append(verification)
        assert begun.wait(10)
        cancel.set()

    assert [one.token for one in found] == ["t0"]
    assert [one.token for one in memory.appended] == ["t0"]
    assert no_worker_is_left()


def test_a_pass_that_was_cancelled_before_it_began_asks_nobody():
    cancel, asked = Cancel(), scout([YES])
    cancel.set()
    assert told([asked], frames(1), cancel=cancel) == []
    assert asked.asked == []
