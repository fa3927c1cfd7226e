"""The fields of an exported FiftyOne dataset, as the document that FiftyOne keeps of a dataset."""

from collections.abc import Sequence
from typing import Any

from scenario.vocabulary import SCALAR_FIELDS

DOCUMENT_VERSION = "1.0.0"  # of FiftyOne's documents; later ones are migrated to when they are imported
CAMERA_FIRST = "CAM_FRONT"
DETECTION_NUMBERS = ("range_m", "ahead_m", "lateral_m", "speed_mps", "heading_deg", "visibility")
_FIELDS = "fiftyone.core.fields."
_LABELS = "fiftyone.core.labels."


def dataset_document(cameras: Sequence[str]) -> dict[str, Any]:
    """The document of a dataset whose groups have these slices, the default one first."""
    return {
        "version": DOCUMENT_VERSION,
        "media_type": "group",
        "group_field": "group",
        "group_media_types": dict.fromkeys(cameras, "image"),
        "default_group_slice": cameras[0] if cameras else None,
        "tags": [],
        "info": {"source": "semdrive export"},
        "app_config": {"grid_media_field": "filepath", "media_fields": ["filepath"], "modal_media_field": "filepath"},
        **{name: {} for name in ("classes", "mask_targets", "default_mask_targets", "skeletons")},
        "default_classes": [],
        "sample_fields": _sample_fields(),
        "frame_fields": [],
        **{name: [] for name in ("saved_views", "workspaces")},
        **{name: {} for name in ("annotation_runs", "brain_methods", "evaluations", "runs")},
    }


def _sample_fields() -> list[dict[str, Any]]:
    classifications = _list_of("classifications", "Classification", _classification_fields())
    detections = _list_of("detections", "Detection", _detection_fields())
    text = ("camera", "frame_token", "scene", "log", "location", "description", "verdict")
    return [
        field("id", "ObjectIdField", db_field="_id"),
        field("filepath", "StringField"),
        field("tags", "ListField", subfield="StringField"),
        embedded("metadata", "fiftyone.core.metadata.ImageMetadata", _metadata_fields()),
        field("created_at", "DateTimeField", read_only=True),
        field("last_modified_at", "DateTimeField", read_only=True),
        field("_media_type", "StringField"),
        field("_rand", "FloatField"),
        field("_dataset_id", "ObjectIdField"),
        embedded(
            "group",
            "fiftyone.core.groups.Group",
            [field("id", "ObjectIdField", db_field="_id"), field("name", "StringField")],
        ),
        *(field(name, "StringField") for name in text),
        *(field(name, "IntField") for name in ("rank", "sequence", "timestamp_us", "risk")),
        *(field(name, "FloatField") for name in ("risk_mean", "risk_percentile", "agreement")),
        field("traffic_controls", "ListField", subfield="StringField"),
        embedded("tag_beliefs", f"{_LABELS}Classifications", [classifications]),
        *(embedded(one.name, f"{_LABELS}Classification", _classification_fields()) for one in SCALAR_FIELDS),
        embedded("detections", f"{_LABELS}Detections", [detections]),
    ]


def _label_fields() -> list[dict[str, Any]]:
    return [
        field("id", "ObjectIdField", db_field="_id"),
        field("tags", "ListField", subfield="StringField"),
        field("label", "StringField"),
        field("confidence", "FloatField"),
    ]


def _classification_fields() -> list[dict[str, Any]]:
    return [*_label_fields(), field("logits", "VectorField")]


def _detection_fields() -> list[dict[str, Any]]:
    return [
        *_label_fields(),
        {
            **field("attributes", "DictField", subfield="EmbeddedDocumentField"),
            "embedded_doc_type": f"{_LABELS}Attribute",
        },
        field("bounding_box", "ListField", subfield="FloatField"),
        field("mask", "ArrayField"),
        field("mask_path", "StringField"),
        field("index", "IntField"),
        *(field(name, "FloatField") for name in DETECTION_NUMBERS),
    ]


def _metadata_fields() -> list[dict[str, Any]]:
    return [
        field("mime_type", "StringField"),
        *(field(name, "IntField") for name in ("size_bytes", "width", "height", "num_channels")),
    ]


def _list_of(name: str, label: str, fields: list[dict[str, Any]]) -> dict[str, Any]:
    made = field(name, "ListField", subfield="EmbeddedDocumentField")
    return {**made, "embedded_doc_type": f"{_LABELS}{label}", "fields": fields}


def embedded(name: str, document: str, fields: list[dict[str, Any]]) -> dict[str, Any]:
    return {**field(name, "EmbeddedDocumentField"), "embedded_doc_type": document, "fields": fields}


def field(
    name: str, kind: str, *, subfield: str | None = None, db_field: str | None = None, read_only: bool = False
) -> dict[str, Any]:
    """One field as FiftyOne describes it."""
    return {
        "name": name,
        "ftype": f"{_FIELDS}{kind}",
        "embedded_doc_type": None,
        "subfield": subfield and f"{_FIELDS}{subfield}",
        "fields": [],
        "db_field": db_field or name,
        "description": None,
        "info": None,
        "read_only": read_only,
        "created_at": None,
    }
