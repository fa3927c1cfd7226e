"""`semdrive gold sample`, `next`, `label`, `compare`, `import`, `export`, `agreement`, `estimate`."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from semdrive.options import DryRun, Index, Json, answer, settings_of


def _not_empty(text: str) -> str:
    if not text.strip():
        raise typer.BadParameter("is empty; give a name")
    return text


Annotator = Annotated[str, typer.Option(help="Who labels.", callback=_not_empty)]
SampleName = Annotated[str, typer.Option("--sample", help="The sample's name.")]
AnySample = Annotated[str | None, typer.Option("--sample", help="Only this sample.", show_default="every label")]


def _workspace(index: str | None) -> Any:
    from scenario.workspace import Workspace

    return Workspace.open(settings_of(index=index).index)


def _ledger(workspace: Any, *, write: bool = False) -> Any:
    from scenario.ledger import Ledger

    return Ledger(workspace.require_ledger("the gold set"), read_only=not write)


def sample(
    name: Annotated[str, typer.Option(help="What the sample is called from now on.", callback=_not_empty)],
    size: Annotated[int, typer.Option(help="Frames to draw.")],
    method: Annotated[
        str, typer.Option(help="simple: alike; stratified: by belief; active: where a label would tell most.")
    ] = "simple",
    tag: Annotated[str | None, typer.Option(help="The tag whose belief decides.", show_default="all")] = None,
    seed: Annotated[int, typer.Option(help="Decides what is drawn.", min=0)] = 0,
    out: Annotated[
        Path | None, typer.Option(help="Also write tokens and inclusion probabilities here, as JSON lines.")
    ] = None,
    index: Index = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Draw frames to label, each with its inclusion probability, and keep the sample in the ledger."""
    from gold_set.picking import population_of
    from gold_set.sampling import draw
    from search.store import Store
    from semdrive.render_curation import render_sample

    workspace = _workspace(index)
    population = population_of(Store(workspace.index_uri).snapshot())
    drawn = draw(population, method, size, name=name, seed=seed, tag=_tag(tag) if tag else None)
    if not dry_run:
        with _ledger(workspace, write=True) as ledger:
            ledger.append_sample(drawn)
        if out is not None:  # without the strata: they tell what the index believes
            lines = [frame.model_dump_json(exclude={"stratum"}) + "\n" for frame in drawn.frames]
            _write(out, "".join(lines))
    answer(drawn, as_json, lambda found: render_sample(found, dry_run))


def _tag(name: str) -> Any:
    from scenario.errors import InputError, unknown
    from scenario.vocabulary import Tag

    if name not in list(Tag):
        raise InputError(unknown("tag", name, Tag))
    return Tag(name)


def _write(path: Path, text: str) -> None:
    from scenario.errors import InputError

    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"cannot write {str(path)!r}: {error.strerror}; name a file in a folder that exists"
        ) from error


def next_frame(sample: SampleName, annotator: Annotator, index: Index = None, as_json: Json = False) -> None:
    """Show the next frame to label, blind: its pictures and nothing else."""
    from gold_set.curation import blind_task, next_token, sample_named
    from semdrive.render_curation import render_done, render_task

    workspace = _workspace(index)
    with _ledger(workspace) as ledger:
        drawn = sample_named(ledger.samples(), sample)
        token, done = next_token(drawn, ledger.labels(), annotator)
    if token is None:
        render_done(sample, annotator, done, as_json)
        return
    answer(blind_task(drawn, _scenario(workspace, token).frame, annotator, done), as_json, render_task)


def _scenario(workspace: Any, token: str) -> Any:
    from search.embedding import embedder_of
    from server.engine import Engine

    return Engine(workspace, embedder_of).show(token)


def label(
    token: Annotated[str, typer.Argument(help="The frame, as gold next prints it.")],
    annotator: Annotator,
    tag: Annotated[list[str] | None, typer.Option(help="A tag that holds. Repeatable.")] = None,
    no_tags: Annotated[bool, typer.Option("--no-tags", help="No tag holds.")] = False,
    risk: Annotated[int | None, typer.Option(help="0 to 10.", show_default=False)] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", help="Another field, as weather=rain. Repeatable.")] = None,
    skip: Annotated[bool, typer.Option("--skip", help="Not this one.")] = False,
    unsure: Annotated[bool, typer.Option("--unsure", help="Seen, and not to be told.")] = False,
    seconds: Annotated[float | None, typer.Option(help="How long it took.", min=0, show_default=False)] = None,
    sample: AnySample = None,
    index: Index = None,
    as_json: Json = False,
) -> None:
    """Say what is true of a frame. A later label of the same annotator stands in for an earlier one; none is lost."""
    from gold_set.labelling import give, label_from
    from semdrive.render_curation import render_label

    stated = bool(tag or no_tags or risk is not None or set_)
    if stated + skip + unsure != 1 or (tag and no_tags):
        raise typer.BadParameter("say what is true (--tag, --no-tags, --risk, --set), or --skip, or --unsure")
    workspace = _workspace(index)
    _scenario(workspace, token)  # a frame that is not there cannot be labelled
    facts = {**_fields(set_ or []), **_stated(tag, no_tags, risk)}
    given = label_from(token, annotator, facts, sample=sample, seconds=seconds)
    if not stated:
        given = given.model_copy(update={"status": "skipped" if skip else "unsure"})
    with _ledger(workspace, write=True) as ledger:
        give(ledger, given)
    answer(given, as_json, render_label)


def _fields(texts: list[str]) -> dict[str, Any]:
    from scenario.errors import InputError, unknown
    from scenario.vocabulary import FIELDS

    found: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if name not in FIELDS or name == "tags" or not equals:
            raise InputError(f"--set {text!r}: {unknown('field', name, [f for f in FIELDS if f != 'tags'])}")
        parts = [part.strip() for part in value.split(",") if part.strip()]
        if not parts or (len(parts) > 1 and "none" in parts):
            allowed = ", ".join((*FIELDS[name].values, *(["none"] if FIELDS[name].many else [])))
            raise InputError(f"--set {text!r} says nothing, or none and some; {name} is of: {allowed}")
        found[name] = parts if FIELDS[name].many else value
    return found


def _stated(tag: list[str] | None, no_tags: bool, risk: int | None) -> dict[str, Any]:
    stated: dict[str, Any] = {} if risk is None else {"risk": risk}
    return stated | ({"tags": tag or []} if tag or no_tags else {})


def compare(token: str, annotator: Annotator, index: Index = None, as_json: Json = False) -> None:
    """Show the prediction beside a label, once the label is given and not before. It cannot be changed after that."""
    from gold_set.labelling import look
    from semdrive.render_curation import render_label
    from semdrive.render_frame import render_frame

    workspace = _workspace(index)
    scenario = _scenario(workspace, token)
    with _ledger(workspace, write=True) as ledger:
        given = look(ledger, token, annotator)
    if as_json:
        both = {"label": given.model_dump(mode="json"), "verdict": scenario.verdict.facts.model_dump(mode="json")}
        typer.echo(json.dumps(both, indent=2))
        return
    render_label(given)
    render_frame(scenario)


def import_labels(
    file: Annotated[Path, typer.Argument(help="A gold file, in any form that gold benchmark reads.")],
    annotator: Annotator,
    sample: AnySample = None,
    index: Index = None,
    as_json: Json = False,
) -> None:
    """Take labels from a gold file into the ledger."""
    from gold_set.curation import Imported, label_of
    from gold_set.labelling import check_sampled
    from gold_set.labels import read_gold
    from semdrive.render_curation import render_imported

    lines = [label_of(line, annotator, sample) for line in read_gold(file)]
    labels = [item for item in lines if not item.says_nothing]
    with _ledger(_workspace(index), write=True) as ledger:
        check_sampled(ledger, sample, [item.token for item in labels])
        ledger.append_labels(labels)
    taken = Imported(annotator=annotator, labels=len(labels), empty=len(lines) - len(labels))
    answer(taken, as_json, render_imported)


def export(
    out: Annotated[Path, typer.Option(help="Where the gold file goes: flat JSON lines.")],
    sample: AnySample = None,
    annotator: Annotated[str | None, typer.Option(help="Only this annotator's.", show_default="merged")] = None,
    prefer: Annotated[
        str | None, typer.Option(help="Whose word holds where annotators differ.", show_default="leave unstated")
    ] = None,
    merge: Annotated[bool, typer.Option("--merged", help="Merge annotators, as is done without --annotator.")] = False,
    index: Index = None,
    as_json: Json = False,
) -> None:
    """Write labels as a gold file, each frame with its inclusion probability."""
    from gold_set.curation import Exported, gold_text, unstated
    from semdrive.render_curation import render_exported

    if annotator is not None and (merge or prefer is not None):
        raise typer.BadParameter("--annotator goes without --merged and --prefer: one annotator has nothing to merge")
    with _ledger(_workspace(index)) as ledger:
        labels, samples = _labels(ledger, sample, annotator, prefer), ledger.samples()
        left_out = 0 if annotator else unstated(_given(ledger, sample), labels)
    _write(out, gold_text(labels, samples))
    kept = sum(item.status == "labelled" for item in labels)
    answer(Exported(path=str(out), frames=kept, unstated=left_out), as_json, render_exported)


def _given(ledger: Any, sample: str | None) -> Any:
    """The latest label of every annotator, of a sample's frames or of all."""
    from gold_set.curation import sample_named

    labels = ledger.labels()
    if sample is None:
        return labels
    drawn = {frame.token for frame in sample_named(ledger.samples(), sample).frames}
    return [item.model_copy(update={"sample": sample}) for item in labels if item.token in drawn]


def _labels(ledger: Any, sample: str | None, annotator: str | None = None, prefer: str | None = None) -> Any:
    """Labels of one annotator, or merged over all; of a sample's frames, or of all."""
    from gold_set.curation import annotator_named, merged

    labels = _given(ledger, sample)
    for name in (annotator, prefer):
        if name is not None:
            annotator_named(ledger.labels(), name)
    if annotator is not None:
        return [item for item in labels if item.annotator == annotator]
    silent = [item for item in labels if item.status != "labelled"]
    whole = merged(labels, prefer)
    said = {item.token for item in whole}
    return [*whole, *(item for item in silent if item.token not in said)]


def agree(
    annotators: Annotated[list[str], typer.Argument(metavar="FIRST SECOND", help="Two annotators.")],
    sample: AnySample = None,
    index: Index = None,
    as_json: Json = False,
) -> None:
    """How far two annotators agree beyond chance: Cohen's kappa a tag and field, quadratic for risk."""
    from gold_set.curation import agreement
    from semdrive.render_curation import render_agreement

    if len(set(annotators)) != 2 or len(annotators) != 2:
        raise typer.BadParameter("name two annotators", param_hint="FIRST SECOND")
    with _ledger(_workspace(index)) as ledger:
        first, second = (_labels(ledger, sample, name) for name in annotators)
    answer(agreement(first, second), as_json, render_agreement)


def estimate(
    sample: SampleName,
    annotator: Annotated[str | None, typer.Option(help="Only this annotator's.", show_default="merged")] = None,
    index: Index = None,
    as_json: Json = False,
) -> None:
    """What a labelled sample says of the whole log: how often each tag holds, mean risk, how right the index is."""
    from gold_set.curation import estimates, sample_named
    from gold_set.verdicts import indexed_facts
    from search.store import Store
    from semdrive.render_curation import render_estimates

    workspace = _workspace(index)
    with _ledger(workspace) as ledger:
        drawn, labels = sample_named(ledger.samples(), sample), _labels(ledger, sample, annotator)
    found = estimates(drawn, labels, indexed_facts(Store(workspace.index_uri).snapshot()))
    answer(found, as_json, render_estimates)
