"""Frames picked by hand, as out of a search: worth labelling, and no sample of the log.

Nobody knows how likely a frame was to be picked, so a picked sample has no inclusion probabilities, and `gold estimate`
refuses it.
"""

from collections.abc import Collection, Sequence

from gold_set.curation import sample_named
from gold_set.sampling import Population
from scenario.curation import Sample, SampledFrame
from scenario.errors import InputError, UnknownToken
from scenario.ledger import Ledger
from scenario.records import Record
from scenario.vocabulary import Tag
from search.schema import belief_column
from search.store import Snapshot


class Picked(Record):
    """A picked sample as it is now; `added`: frames it did not hold before."""

    name: str
    method: str
    frames: int
    added: int


def population_of(snapshot: Snapshot) -> Population:
    """The frames of a published index and its beliefs in their tags: what is drawn from."""
    columns = [belief_column("tags", tag) for tag in Tag]
    rows = snapshot.columns(["token", *columns]).to_pylist()
    return Population.of({row["token"]: [row[column] for column in columns] for row in rows})


def tokens_of(snapshot: Snapshot) -> frozenset[str]:
    """The frames of a published index: what can be picked."""
    return frozenset(snapshot.columns(["token"])["token"].to_pylist())


def hand_picked(name: str, tokens: Sequence[str], population: Collection[str]) -> Sample:
    """The frames, each once, in the order they are given. Raises `InputError`, and `UnknownToken` for a frame that is
    not in the population."""
    if not name.strip():
        raise InputError("the name of the sample is empty; give one, as 'barrels at night'")
    if not tokens:
        raise InputError(f"no frame was picked for sample {name!r}; name their tokens, as search prints them")
    strange = next((token for token in tokens if token not in population), None)
    if strange is not None:
        raise UnknownToken(strange)
    frames = tuple(
        SampledFrame(token=token, inclusion_probability=None, stratum="picked") for token in dict.fromkeys(tokens)
    )
    return Sample(name=name, method="picked", seed=None, population=len(population), frames=frames)


def keep(ledger: Ledger, picked: Sample, who: str) -> Picked:
    """Begin the picked sample of that name, or add to it. Raises `WorkspaceError` where it was drawn."""
    added = ledger.append_picks(picked, who)
    now = sample_named(ledger.samples(), picked.name)
    return Picked(name=now.name, method=now.method, frames=len(now.frames), added=added)
