"""Runs of the pipeline over a ledger and an index: what is asked again, what is not, and what failures leave behind."""

from dataclasses import dataclass, field

import pytest

from fakes import HashEmbedder, ScriptedGrounder, ScriptedJudge, ScriptedScout
from indexer.pipeline import Pipeline
from indexer.report import open_failures
from indexer.stages import HALT_AFTER
from scenario.assembly import load_scenario
from scenario.errors import ImageUnreadable, JudgeError, LogUnreadable, ModelUnavailable, ScoutError, WeightsMissing
from scenario.ledger import Ledger
from scenario.records import Facts, Frame
from scenario.vocabulary import Tag
from search.store import Store

TOKENS = [f"frame-{number:02d}" for number in range(12)]


def facts(token, risk=2):
    return Facts(tags=(Tag.CONSTRUCTION,), risk=risk, description=f"works in {token}")


@dataclass
class Workplace:
    """One workspace, with runs of whatever back ends are given over the same frames."""

    folder: object
    store: Store = field(init=False)

    def __post_init__(self):
        self.store = Store(str(self.folder / "index.lance"))

    def run(self, *scouts, judge=None, unreadable=(), grounder=None, dry_run=False, **options):
        with Ledger(self.folder / "ledger.sqlite") as ledger:
            pipeline = Pipeline(
                frames=[Frame(token=token) for token in TOKENS],
                grounder=grounder or ScriptedGrounder(),
                scouts=scouts,
                judge=judge or ScriptedJudge(),
                embedder=HashEmbedder(),
                ledger=ledger,
                store=self.store,
                batch_size=4,
                **{"retry_failed": False, **options},
            )
            return pipeline.run(unreadable, dry_run=dry_run)

    def scenario(self, token):
        rows = self.store.snapshot().columns(["token", "scenario_key"]).to_pylist()
        key = next(row["scenario_key"] for row in rows if row["token"] == token)
        with Ledger(self.folder / "ledger.sqlite", read_only=True) as ledger:
            return load_scenario(ledger, key)

    def failures(self):
        with Ledger(self.folder / "ledger.sqlite", read_only=True) as ledger:
            return [(f.stage, f.token, f.error) for f in ledger.failures(ledger.runs()[-1]["id"])]


@pytest.fixture
def workplace(tmp_path):
    return Workplace(tmp_path)


def scout(name="alfa", bad=(), error=None, **options):
    said = {token: facts(token) for token in TOKENS} | {token: error or ScoutError("it stumbles") for token in bad}
    return ScriptedScout(name=name, by_token=said, **options)


@dataclass
class StubbornJudge(ScriptedJudge):
    """Fails on the frames whose description names a token in `bad`."""

    bad: tuple[str, ...] = ()
    asked: int = 0

    def propose(self, grounding, reports):
        self.asked += 1
        if any(token in reports[0].facts.description for token in self.bad):
            raise JudgeError("its reply was cut")
        return [reports[0].facts]


def made(summary):
    return {stage: count.made for stage, count in summary.stages.items() if count.made}


def test_a_scout_that_is_added_is_the_only_one_that_is_asked(workplace):
    workplace.run(scout("alfa"))
    alfa, bravo = scout("alfa"), scout("bravo")
    summary = workplace.run(alfa, bravo)

    assert (len(alfa.asked), len(bravo.asked)) == (0, len(TOKENS))
    assert summary.stages["ground"].made == 0
    assert [report.scout for report in workplace.scenario(TOKENS[0]).reports] == ["alfa", "bravo"]


def test_a_changed_judge_judges_again_and_asks_no_scout(workplace):
    workplace.run(scout())
    alfa = scout()
    summary = workplace.run(alfa, judge=ScriptedJudge(name="other", fingerprint="other"))

    assert alfa.asked == []
    assert set(made(summary)) <= {"judge", "assemble", "embed"}
    assert summary.stages["judge"].made == len(TOKENS)


def test_every_back_end_is_closed_after_its_stage(workplace):
    closed = []

    @dataclass
    class Watched(ScriptedScout):
        def close(self):
            closed.append(self.name)

        def report(self, frame, grounding, *, deadline):
            assert self.name not in closed
            assert [name for name in ("alfa", "bravo") if name < self.name] == closed
            return super().report(frame, grounding, deadline=deadline)

    said = {token: facts(token) for token in TOKENS}
    grounder, judge = ScriptedGrounder(), ScriptedJudge()
    workplace.run(Watched("alfa", said), Watched("bravo", said), grounder=grounder, judge=judge)

    assert closed == ["alfa", "bravo"]
    assert (grounder.closed, judge.closed) == (1, 1)


def test_a_frame_that_failed_is_listed_until_it_is_tried_again_and_succeeds(workplace):
    first = workplace.run(scout(bad=TOKENS[:2]))
    again = scout()
    second = workplace.run(again)

    assert (first.indexed, second.indexed, again.asked) == (10, 10, [])
    assert second.stages["report alfa"].skipped == 2
    assert workplace.failures() == [("report alfa", token, "ScoutError") for token in TOKENS[:2]]

    third = workplace.run(again, retry_failed=True)

    assert (third.indexed, again.asked, workplace.failures()) == (12, TOKENS[:2], [])


def test_a_scout_whose_model_dies_is_left_alone_and_asked_again_in_the_next_run(workplace):
    dead = scout("bravo", bad=TOKENS[3:], error=ModelUnavailable("nobody listens"))
    first = workplace.run(scout("alfa"), dead)

    assert len(dead.asked) == 3 + HALT_AFTER
    assert first.indexed == len(TOKENS)
    assert first.stages["report bravo"].halted == len(TOKENS) - 3 - HALT_AFTER
    assert ("report bravo", None, "ModelUnavailable") in workplace.failures()

    alive = scout("bravo")
    workplace.run(scout("alfa"), alive)

    assert alive.asked == TOKENS[3 + HALT_AFTER :]


def test_where_the_judge_fails_the_scouts_vote_and_the_verdict_says_why(workplace):
    workplace.run(scout("alfa"), scout("bravo"), judge=StubbornJudge(bad=(TOKENS[5],)))
    verdict, other = workplace.scenario(TOKENS[5]).verdict, workplace.scenario(TOKENS[6]).verdict

    assert verdict.judge == "vote"
    assert verdict.notes == ("judge 'scripted' failed, so the scouts voted: its reply was cut",)
    assert verdict.facts.tags == (Tag.CONSTRUCTION,)
    assert (other.judge, other.notes) == ("scripted", ())
    assert workplace.failures() == [("judge", TOKENS[5], "JudgeError")]


def test_a_judge_that_failed_is_asked_again_only_when_told_to_and_then_has_the_say(workplace):
    workplace.run(scout(), judge=StubbornJudge(bad=(TOKENS[5],)))
    calm, eager = StubbornJudge(), StubbornJudge()
    workplace.run(scout(), judge=calm)

    assert calm.asked == 0
    assert workplace.scenario(TOKENS[5]).verdict.judge == "vote"

    workplace.run(scout(), judge=eager, retry_failed=True)

    assert eager.asked == 1
    assert workplace.scenario(TOKENS[5]).verdict.judge == "scripted"


def test_a_frame_whose_picture_is_gone_fails_by_name_and_the_others_go_on(workplace):
    @dataclass
    class Nearsighted(ScriptedScout):
        def inputs(self, frame, grounding_key):
            if frame.token == TOKENS[4]:
                raise ImageUnreadable("front.jpg", "No such file", frame.token)
            return super().inputs(frame, grounding_key)

    summary = workplace.run(Nearsighted("alfa", {token: facts(token) for token in TOKENS}))

    assert summary.indexed == len(TOKENS) - 1
    assert workplace.failures() == [("report alfa", TOKENS[4], "ImageUnreadable")]


def test_what_of_a_log_cannot_be_read_is_listed_with_its_frame(workplace):
    errors = [LogUnreadable("sample_annotation.json", "cut short"), ImageUnreadable("a.jpg", "no such file", "frame-x")]
    workplace.run(scout(), unreadable=errors)

    assert workplace.failures() == [("read", None, "LogUnreadable"), ("read", "frame-x", "ImageUnreadable")]


def test_weights_that_are_missing_end_the_run_at_once(workplace):
    eager = scout(bad=TOKENS, error=WeightsMissing("hf:owner/repository/file.gguf", "run semdrive models pull"))

    with pytest.raises(WeightsMissing):
        workplace.run(eager)
    assert len(eager.asked) == 1


def test_a_run_that_was_stopped_hides_no_failure_of_the_run_before(workplace):
    @dataclass
    class Stopped(ScriptedScout):
        def report(self, frame, grounding, *, deadline):
            raise KeyboardInterrupt

    workplace.run(scout(bad=TOKENS[:2]))
    with pytest.raises(KeyboardInterrupt):
        workplace.run(Stopped("bravo", {token: facts(token) for token in TOKENS}))
    with Ledger(workplace.folder / "ledger.sqlite", read_only=True) as ledger:
        found = open_failures(ledger)

    assert (found.run, found.finished) == (2, False)
    assert [failure.token for failure in found.failures] == TOKENS[:2]


def test_calls_that_failed_took_their_time_too(workplace):
    first = workplace.run(scout(bad=TOKENS[1:]))
    (guess,) = (p for p in workplace.run(scout("alfa", fingerprint="new"), dry_run=True).estimates if "alfa" in p.stage)

    assert first.stages["report alfa"].made == 1
    assert guess.seconds == pytest.approx(first.stages["report alfa"].seconds)


def test_a_dry_run_counts_the_calls_and_estimates_them_by_the_profile_and_then_by_what_was_measured(workplace):
    expected = {"report alfa": 20.0}
    guess = {part.stage: part for part in workplace.run(scout(), dry_run=True, expected_s=expected).estimates}

    assert (guess["report alfa"].calls, guess["report alfa"].seconds, guess["report alfa"].source) == (
        12,
        240,
        "profile",
    )
    assert guess["ground"].seconds is None

    workplace.run(scout())
    guess = {p.stage: p for p in workplace.run(scout("alfa", fingerprint="new"), dry_run=True).estimates}

    assert "ground" not in guess
    assert (guess["report alfa"].calls, guess["report alfa"].source) == (12, "earlier run")
