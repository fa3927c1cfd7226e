"""What a risk score means. Prompts, rules and stories share this scale."""

RISK_LEVELS: tuple[tuple[int, str], ...] = (
    (0, "an empty road in good conditions"),
    (1, "sparse, ordinary traffic; nothing asks for attention"),
    (2, "ordinary traffic, or people and works that stand well aside"),
    (3, "something asks for attention: bad weather or light alone, people close to the road, works beside the lane"),
    (4, "the ego should ease off: a complex junction, wet night, a special vehicle at work, heavy rain or fog"),
    (5, "the ego must slow down or prepare: the lane narrows, someone waits to cross, a rider ahead in the lane"),
    (6, "the ego must act: the lane is closed or blocked, debris in it, a pedestrian crosses where it may"),
    (7, "a hazard in the ego path in bad conditions, or someone about to step into it"),
    (8, "someone steps or rides into the ego path where it is not expected"),
    (9, "a collision is near unless the ego brakes hard"),
    (10, "a collision is all but certain, or has happened"),
)
