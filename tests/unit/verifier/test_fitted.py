"""A fit applied to a frame, and the file it comes from."""

import json

import pytest

from scenario.errors import ConfigError, InputError
from scenario.records import Facts, Grounding, ScoutReport
from scenario.vocabulary import Tag, Weather
from verifier.beliefs import believe
from verifier.evidence_features import IMPLIED_BY, features_of, names_for
from verifier.fitted import BeliefFit, FitProvenance, RiskFit, TagFit, believe_fitted, check_scouts, read_fit, retag
from verifier.judges.vote import VoteJudge
from verifier.judging import decide

NOTHING = Grounding(backend="test", fingerprint="test", cameras=("CAM_FRONT",))
WET = ScoutReport(scout="one", facts=Facts(weather=Weather.RAIN, tags=(Tag.WEATHER_ADVERSE,), risk=4))
DRY = ScoutReport(scout="two", facts=Facts(weather=Weather.CLEAR, risk=2))


def fit_of(**weights):
    tags = tuple(
        TagFit(tag=tag, positives=30, intercept=-2.0, weights=weights, threshold=0.5)
        if tag is Tag.WEATHER_ADVERSE
        else TagFit(tag=tag, positives=0, threshold=0.9, note="too few")
        for tag in Tag
    )
    made = FitProvenance(gold="g", gold_digest="d", frames=1, missing=0, weighted=False, regularisation=1.0)
    risk = RiskFit(intercept=1.0, weights={"scouts": 0.5, "p:weather_adverse": 2.0}, low=-1, high=1)
    return BeliefFit(scouts=("one", "two"), tags=tags, risk=risk, provenance=made)


def test_a_fitted_belief_is_the_logistic_of_its_evidence():
    found = believe_fitted(fit_of(**{"vote:one": 2.0}), NOTHING, [WET, DRY])
    assert found.of("tags", "weather_adverse").probability == pytest.approx(0.5)
    assert found.risk_mean == pytest.approx(1.0 + 0.5 * 3 + 2.0 * 0.5)
    assert (found.risk_low, found.risk_high) == pytest.approx((2.5, 4.5))


def test_what_a_fit_does_not_cover_keeps_its_default():
    found, default = believe_fitted(fit_of(), NOTHING, [WET, DRY]), believe(NOTHING, [WET, DRY])
    assert found.of("tags", "construction") == default.of("tags", "construction")
    assert found.of("weather", "rain") == default.of("weather", "rain")


def test_a_frame_that_no_scout_of_the_fit_saw_keeps_its_defaults():
    stranger = WET.model_copy(update={"scout": "three"})
    assert believe_fitted(fit_of(), NOTHING, [stranger]) == believe(NOTHING, [stranger])


def test_the_verdict_takes_tags_and_risk_from_the_fit_and_says_so():
    fit = fit_of(**{"vote:one": 4.0})
    beliefs = believe_fitted(fit, NOTHING, [WET, DRY])
    verdict = retag(fit, decide(VoteJudge(), NOTHING, [WET, DRY]), beliefs)
    assert verdict.facts.tags == (Tag.WEATHER_ADVERSE,)
    assert verdict.facts.risk == int(beliefs.risk_mean + 0.5)
    assert fit.id in verdict.notes[-1]


def test_the_id_depends_on_what_is_said_and_not_on_where_it_comes_from():
    one = fit_of()
    moved = one.model_copy(update={"provenance": one.provenance.model_copy(update={"gold": "elsewhere"})})
    assert one.id == moved.id
    assert one.id != fit_of(count=1.0).id


def test_a_fit_is_read_back_and_a_broken_one_is_named(tmp_path):
    path = tmp_path / "fit.json"
    path.write_text(fit_of().model_dump_json())
    assert read_fit(path) == fit_of()
    path.write_text('{"format": 1, "scouts": 3}')
    with pytest.raises(InputError, match="scouts"):
        read_fit(path)
    with pytest.raises(InputError, match="semdrive gold fit"):
        read_fit(tmp_path / "none.json")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"tags": []}, "each tag stands in a fit once"),
        ({"risk": {"intercept": 1, "weights": {"luck": 1}, "low": -1, "high": 1}}, "no feature named 'luck'"),
    ],
)
def test_a_fit_file_that_is_not_whole_says_why(tmp_path, change, words):
    path = tmp_path / "fit.json"
    path.write_text(json.dumps(json.loads(fit_of().model_dump_json()) | change))
    with pytest.raises(InputError, match=words):
        read_fit(path)


def test_a_fit_to_other_scouts_is_refused():
    with pytest.raises(ConfigError, match="is for scouts one, two, and these are three"):
        check_scouts(fit_of(), ["three"])


def test_a_verdict_that_the_fit_did_not_touch_stays_as_it_is():
    stranger = WET.model_copy(update={"scout": "three"})
    verdict = decide(VoteJudge(), NOTHING, [stranger])
    assert retag(fit_of(), verdict, believe_fitted(fit_of(), NOTHING, [stranger])) == verdict


def test_a_scout_that_did_not_report_says_nothing():
    features = dict(
        zip(names_for(("one", "two")), features_of(NOTHING, [WET], ("one", "two"))[Tag.WEATHER_ADVERSE], strict=True)
    )
    assert (features["vote:one"], features["vote:two"], features["implied:two"]) == (1.0, 0.0, 0.0)
    assert features["implied:one"] == pytest.approx(1 / 3)
    assert features["risk"] == pytest.approx(0.4)


def test_every_tag_is_implied_by_some_field():
    assert set(IMPLIED_BY) == set(Tag)
