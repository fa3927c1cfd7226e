"""The YOLOE model itself: found, given our labels once, kept as a checkpoint of its own, and asked about pictures.

Everything that touches ultralytics is here, and nothing here fetches: a file that is not on this machine is an error.
"""

import gc
import hashlib
import logging
import os
import pickle
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL.Image import Image

from indexer.grounding.merging import Seen
from indexer.grounding.prompts import text_features
from scenario.cache import cache_folder
from scenario.errors import ConfigError, WeightsMissing
from scenario.labels import LABELS
from scenario.ledger import digest
from scenario.torchvision_shim import ensure_torchvision
from scenario.weights import locate, parse

if TYPE_CHECKING:
    import torch

# Where ultralytics publishes the files that its bare names stand for.
PUBLISHED = "https://github.com/ultralytics/assets/releases/download/v8.4.0"
# What the checkpoint calls the text model it was trained beside → the file with its text tower.
TEXT_ENCODERS = {"mobileclip": "mobileclip_blt.ts", "mobileclip2": "mobileclip2_b.ts"}
OLDEST_TEXT_MODEL = "mobileclip:blt"  # of checkpoints from before they named it
DUPLICATE_IOU = 0.7  # of boxes with the same label; what ultralytics takes where nothing is said
MOST_BOXES = 300  # in one picture, surest first
EXAMPLE = "yoloe-11l-seg.pt"
# What reading a damaged or foreign pickle raises.
BROKEN_CHECKPOINT = (
    RuntimeError,
    pickle.UnpicklingError,
    EOFError,
    LookupError,
    AttributeError,
    TypeError,
    ImportError,
)


def find_weights(reference: str) -> Path:
    """As `scenario.weights.locate`; a bare name, as ultralytics' own are, is also looked for in our cache folder."""
    named = parse(reference)
    if not isinstance(named, Path) or len(named.parts) > 1 or named.is_file():
        return locate(reference)
    kept = weights_folder() / named
    if not kept.is_file():
        raise WeightsMissing(
            reference, f"get it with: semdrive models pull {named} (into {weights_folder()}), or name its path"
        )
    return kept


def weights_folder() -> Path:
    return cache_folder() / "weights"


def chosen_device(name: str | None) -> "torch.device":
    """`None` is the first GPU, else the processor. Raises `ConfigError` for a device that is not here."""
    import torch

    gpu = torch.cuda.is_available()
    try:
        device = torch.device(name or ("cuda:0" if gpu else "cpu"))
    except RuntimeError as error:
        raise ConfigError(f"grounder 'yoloe': no device named {name!r}; write cpu, cuda, cuda:1, … or mps") from error
    here = {"cpu": True, "cuda": gpu, "mps": torch.backends.mps.is_available()}
    if not here.get(device.type, False):
        raise ConfigError(f"grounder 'yoloe': device {name!r} is not on this machine; write cpu, or leave it out")
    return device


class Detector:
    """A YOLOE model whose classes are our labels.

    Raises `WeightsMissing` for a file that is not here, and `ConfigError` for one that cannot be used.
    """

    def __init__(
        self,
        checkpoint: str,
        *,
        embeddings: str | None = None,
        text_encoder: str | None = None,
        tokenizer: str,
        device: str | None = None,
    ) -> None:
        self._device = chosen_device(device)
        path = find_weights(checkpoint)
        prompts = find_weights(embeddings) if embeddings else None
        fixed = _fixed_path(path, prompts, text_encoder)
        if fixed.is_file():
            self._model: Any = open_checkpoint(fixed)
            return
        model = open_checkpoint(path)
        if prompts or not _knows_our_labels(model):
            if prompts:
                _set_stored_prompts(model, prompts)
            else:
                _set_text_prompts(model, text_encoder, tokenizer)
            _keep(model, fixed)
            model = open_checkpoint(fixed)  # what every later run sees: the file holds half the digits
        self._model = model

    def see(self, pictures: Sequence[Image], *, image_size: int, threshold: float) -> list[list[Seen]]:
        """For each picture what is seen in it, in its own pixels; duplicates of one label are already left out.

        Pictures of one size go through together: ultralytics pads a mixed batch, which would let a picture's
        neighbours change what is seen in it.
        """
        sizes = [picture.size for picture in pictures]
        seen: list[list[Seen]] = [[] for _ in pictures]
        for size in dict.fromkeys(sizes):
            places = [place for place, own in enumerate(sizes) if own == size]
            answers = self._predict([pictures[place] for place in places], image_size, threshold)
            for place, answer in zip(places, answers, strict=True):
                seen[place] = answer
        return seen

    def _predict(self, pictures: list[Image], image_size: int, threshold: float) -> list[list[Seen]]:
        options = {"imgsz": image_size, "conf": threshold, "iou": DUPLICATE_IOU, "max_det": MOST_BOXES}
        with _watching() as cut:
            results = self._model.predict(pictures, device=self._device, verbose=False, **options)
        if cut and len(pictures) > 1:  # ultralytics ran out of time and left the rest of the batch without boxes
            return [self._predict([picture], image_size, threshold)[0] for picture in pictures]
        return [_seen(result) for result in results]

    def close(self) -> None:
        """Gives the memory back."""
        import torch

        self._model = None
        gc.collect()  # the model and its predictor refer to each other
        if self._device.type == "cuda":
            torch.cuda.empty_cache()


def _seen(result: Any) -> list[Seen]:
    """The boxes of one picture, rounded to what means anything: a batch of another size changes only the rest."""
    boxes = result.boxes
    rows = zip(boxes.cls.tolist(), boxes.conf.tolist(), boxes.xyxy.tolist(), strict=True)
    seen = [
        Seen(result.names[int(label)], min(1.0, round(confidence, 4)), (x1, y1, x2, y2))
        for label, confidence, (x1, y1, x2, y2) in (
            (label, confidence, [round(edge, 1) for edge in box]) for label, confidence, box in rows
        )
    ]
    return [one for one in seen if one.box_xyxy_px[0] < one.box_xyxy_px[2] and one.box_xyxy_px[1] < one.box_xyxy_px[3]]


def ultralytics_offline() -> Any:
    """The package, told to fetch and install nothing, and to keep its settings in our cache.

    What a user has set stays. What it reads of this at its own import it keeps: where it is imported already, only
    our never naming a file that is not here keeps it from fetching.
    """
    os.environ.setdefault("YOLO_AUTOINSTALL", "false")
    os.environ.setdefault("YOLO_OFFLINE", "1")
    os.environ.setdefault("YOLO_VERBOSE", "false")
    os.environ.setdefault("YOLO_CONFIG_DIR", str(cache_folder()))
    ensure_torchvision()
    import ultralytics
    from PIL import Image
    from ultralytics.utils import patches

    # It puts an opener of its own over Pillow's, for the whole process, which wants to fetch a decoder for what it
    # cannot read: a damaged picture would then end the run with a missing package.
    Image.open = patches._image_open
    return ultralytics


def open_checkpoint(path: Path) -> Any:
    if path.suffix != ".pt":  # ultralytics takes a model's yaml too, and gives it random weights
        raise ConfigError(f"{path} is no .pt checkpoint; name one such as {EXAMPLE}")
    package = ultralytics_offline()
    from ultralytics.nn.tasks import YOLOEModel

    try:
        model = package.YOLOE(str(path))
    except BROKEN_CHECKPOINT as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ConfigError(f"{path} is no checkpoint that ultralytics can read: {reason}") from error
    if not isinstance(model.model, YOLOEModel):
        raise ConfigError(f"{path} is no YOLOE checkpoint but {type(model.model).__name__}; name one such as {EXAMPLE}")
    if hasattr(model.model.model[-1], "lrpc"):
        raise ConfigError(
            f"{path} is a prompt-free checkpoint, which cannot be given labels; name one such as {EXAMPLE}"
        )
    return model


def _knows_our_labels(model: Any) -> bool:
    return hasattr(model.model, "pe") and list(model.names.values()) == list(LABELS)


def _set_stored_prompts(model: Any, prompts: Path) -> None:
    """From a file of `YOLOE.save_prompt_embeddings`, which says for which model and labels it was made."""
    try:
        model.load_prompt_embeddings(prompts)
    except (ValueError, zipfile.BadZipFile) as error:
        raise ConfigError(f"{prompts} holds no prompt embeddings for this checkpoint: {error}") from error
    if not _knows_our_labels(model):
        raise ConfigError(f"{prompts} was made for other labels than the {len(LABELS)} of the taxonomy; make it anew")


def _set_text_prompts(model: Any, text_encoder: str | None, tokenizer: str) -> None:
    import torch

    encoder = find_weights(text_encoder or _encoder_of(model))
    features = text_features(LABELS, encoder, find_weights(tokenizer))
    head = model.model.model[-1]
    if features.shape != (1, len(LABELS), head.embed):
        raise ConfigError(
            f"{encoder} makes features of shape {tuple(features.shape)}, not {(1, len(LABELS), head.embed)}"
        )
    with torch.no_grad():
        model.set_classes(list(LABELS), head.get_tpe(features))


def _encoder_of(model: Any) -> str:
    named = str(getattr(model.model, "text_model", OLDEST_TEXT_MODEL))
    kind = named.partition(":")[0]
    if kind not in TEXT_ENCODERS:
        raise ConfigError(f"the checkpoint wants text model {named!r}, which is not known here; name a text_encoder")
    return TEXT_ENCODERS[kind]


def _fixed_path(checkpoint: Path, prompts: Path | None, text_encoder: str | None) -> Path:
    """Where the checkpoint with our labels is kept: one for each checkpoint, taxonomy and source of prompts."""
    source = _content(prompts) if prompts else text_encoder
    return cache_folder() / "yoloe" / f"{checkpoint.stem}-{digest(_content(checkpoint), LABELS, source)}.pt"


def _content(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "blake2b").hexdigest()


def _keep(model: Any, path: Path) -> None:
    """Whole or not at all: another process may look for it now."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            draft = Path(folder) / path.name
            model.ckpt = {}  # training state that a detector has no use for
            model.save(draft)
            draft.replace(path)
    except (OSError, RuntimeError) as error:  # how torch says that the disk is full
        raise ConfigError(
            f"cannot keep the checkpoint with our labels at {path}: {error}; XDG_CACHE_HOME moves it"
        ) from error


@contextmanager
def _watching() -> Iterator[list[str]]:
    """Collects, unprinted, ultralytics' word that its suppression of duplicates ran out of time."""
    from ultralytics.utils import LOGGER

    cut: list[str] = []

    def notice(record: logging.LogRecord) -> bool:
        late = "NMS time limit" in record.getMessage()
        if late:
            cut.append(record.getMessage())
        return not late

    level = LOGGER.level
    LOGGER.addFilter(notice)
    LOGGER.setLevel(min(level, logging.WARNING))
    try:
        yield cut
    finally:
        LOGGER.setLevel(level)
        LOGGER.removeFilter(notice)
