"""The live pass: who is asked, what is told and when, and that nothing is lost or left running."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Barrier, Event
from threading import enumerate as threads

import pytest

from drives import scenario
from fakes import ScriptedAnswerer
from scenario.answers import Answer, Evidence, Verification
from scenario.errors import ConfigError, DeadlinePassed, ModelUnavailable, ReplyInvalid, WeightsMissing
from scenario.protocols import Cancel, Deadline
from scenario.records import Camera, Facts, Frame, Scenario
from search.query import parse
from verifier.live import DOWN_AFTER, OUT_OF_TIME, Limits, LiveVerifier
from verifier.verifying import Asked

YES = Answer(verdict="yes", probability=0.9, evidence=(Evidence(seen="a man", camera="CAM_FRONT"),))
NO = Answer(verdict="no", probability=0.1)
UNSURE = Answer(verdict="unsure", probability=0.5)
MAN = Asked(words="a man in the road?")


def frames(count: int, facts: Facts | None = None, **more: object) -> list[Scenario]:
    picture = {"CAM_FRONT": Camera(image="front.jpg")}
    return [scenario(f"t{number}", facts, cameras=picture, **more) for number in range(count)]  # type: ignore[arg-type]


def scout(answers: Sequence[Answer | Exception], name: str = "one", facts: Facts | None = None, **more: object):
    """Says these of t0, t1, …; an error is raised."""
    said = {f"t{n}": a for n, a in enumerate(answers) if isinstance(a, Answer)}
    reports = {f"t{n}": a if isinstance(a, Exception) else facts or Facts() for n, a in enumerate(answers)}
    return ScriptedAnswerer(name=name, by_token=reports, answers=said, **more)  # type: ignore[arg-type]


@dataclass
class Remembering:
    """A memory in a dictionary."""

    kept: dict[str, Verification] = field(default_factory=dict)
    appended: list[Verification] = field(default_factory=list)

    def recall(self, key: str) -> Verification | None:
        known = self.kept.get(key) if key else None
        return known and known.model_copy(update={"remembered": True})

    def append_verification(self, verification: Verification) -> Verification:
        self.appended.append(verification)
        if verification.verdict != "error" and verification.complete:
            self.kept[verification.key] = verification
        return verification


def told(scouts: Sequence[ScriptedAnswerer], scenarios: Sequence[Scenario], asked: Asked = MAN, **more: object):
    return list(LiveVerifier(scouts).verify(scenarios, asked, **more))  # type: ignore[arg-type]


def verdicts(verifications: Sequence[Verification]) -> dict[str, str]:
    return {one.token: one.verdict for one in verifications}


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


# Memory


def test_what_is_known_is_told_first_and_not_asked_again():
    memory, asked = Remembering(), scout([YES, NO, YES])
    told([asked], frames(3)[1:2], memory=memory)
    found = told([asked], frames(3), memory=memory)

    assert asked.asked == ["t1", "t0", "t2"]
    assert [(one.token, one.remembered) for one in found] == [("t1", True), ("t0", False), ("t2", False)]


def test_a_fresh_pass_asks_again_and_an_error_is_never_remembered():
    memory = Remembering()
    asked = scout([YES, ReplyInvalid("no JSON")])
    for fresh in (False, False, True):
        told([asked], frames(2), memory=memory, fresh=fresh)

    assert asked.asked == ["t0", "t1", "t1", "t0", "t1"]


def test_an_answer_that_lacks_a_scout_is_no_answer_for_next_time():
    memory = Remembering()
    down = scout([ModelUnavailable("down")], "two")
    (first,) = told([scout([UNSURE]), down], frames(1), memory=memory)
    (again,) = told([scout([UNSURE]), scout([YES], "two")], frames(1), memory=memory)

    assert (first.verdict, first.complete, first.notes) == ("unsure", False, ("two: down",))
    assert (again.verdict, again.complete, again.remembered) == ("yes", True, False)


def test_an_answer_that_the_budget_cut_short_says_so():
    def wait(_: Frame, deadline: Deadline) -> None:
        while not deadline.passed:
            Event().wait(0.01)

    memory = Remembering()
    (found,) = told(
        [scout([UNSURE], hold=wait), scout([YES], "two")], frames(1), limits=Limits(budget_s=0.05), memory=memory
    )

    assert (found.verdict, found.complete) == ("unsure", False)
    assert found.notes == (OUT_OF_TIME,)
    assert memory.kept == {}


def test_what_the_filter_asks_of_the_index_is_part_of_the_key():
    believed = [frames(1, probabilities={("tags", "construction"): p}) for p in (0.9, 0.1)]
    asked = Asked.of(parse("p(construction)>=0.5"))
    (one,), (other,) = (told([scout([YES])], stored, asked) for stored in believed)

    assert (one.verdict, other.verdict) == ("yes", "no")
    assert one.key != other.key
    assert key(asked=MAN, scenarios=believed[0]) == key(asked=MAN, scenarios=believed[1])


@pytest.mark.parametrize(("risk", "verdict"), [(7, "yes"), (1, "no"), (None, "unsure")])
@pytest.mark.parametrize("answer", [Answer(verdict="yes", probability=0.7), Answer(verdict="no", probability=0.3)])
def test_a_probability_never_contradicts_its_verdict(answer, risk, verdict):
    asked = Asked.of(parse("risk>=4 AND a man"))
    evidence = (Evidence(seen="a man"),) if answer.verdict == "yes" else ()
    said = answer.model_copy(update={"evidence": evidence})
    (found,) = told([scout([said], facts=Facts(risk=risk))], frames(1), asked)

    if found.verdict == "yes":
        assert found.probability > 0.5
    if found.verdict == "no":
        assert found.probability < 0.5


def test_a_question_that_is_no_text_is_refused_before_anyone_is_asked():
    with pytest.raises(ConfigError, match=r"'\\udcff bus' holds characters that are no text"):
        Asked(words="\udcff bus")


def key(asked: Asked = MAN, *, scouts: Sequence[ScriptedAnswerer] = (), scenarios: Sequence[Scenario] = ()) -> str:
    return told(scouts or [scout([YES])], scenarios or frames(1), asked)[0].key


def test_the_key_knows_the_question_the_models_and_what_they_were_shown():
    same = Asked(words="A man  in the ROAD?")
    assert key(same) == key()

    others = {
        key(),
        key(Asked(words="a woman?")),
        key(Asked.of(parse("risk>=4"))),
        key(scouts=[scout([YES], asking_fingerprint="other")]),
        key(scouts=[scout([YES]), scout([YES], "two")]),
        key(scenarios=frames(1, labels=("person",))),
    }
    assert len(others) == 6


def test_a_verification_is_kept_before_it_is_told():
    memory = Remembering()
    for number, _ in enumerate(LiveVerifier([scout([YES] * 3)]).verify(frames(3), MAN, memory=memory), 1):
        assert len(memory.appended) == number
