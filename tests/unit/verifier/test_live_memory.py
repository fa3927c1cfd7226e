"""What a live pass remembers, and what makes two questions the same."""

from collections.abc import Sequence
from threading import Event

import pytest

from fakes import ScriptedAnswerer
from passes import MAN, NO, UNSURE, YES, Remembering, frames, scout, told
from scenario.answers import Answer, Evidence
from scenario.errors import ConfigError, ModelUnavailable, ReplyInvalid
from scenario.protocols import Deadline
from scenario.records import Facts, Frame, Scenario
from search.query import parse
from verifier.live import OUT_OF_TIME, Limits, LiveVerifier
from verifier.verifying import Asked


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
