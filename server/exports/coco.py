"""COCO detections: images with their size, boxes as x, y, width, height in pixels, labels as categories."""

import json
from collections.abc import Generator, Iterator
from pathlib import PurePath
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from scenario.labels import LABELS
from scenario.records import Detection
from server.exporting import Batches, Exported
from server.exports.formats import Format
from server.exports.pictures import picture_name, picture_size_px

CATEGORY_IDS = {label: number for number, label in enumerate(LABELS, start=1)}  # the same in every export
IN_MEMORY_BYTES = 1 << 20


class Coco(Format):
    about, reads, text = "COCO detections: images, categories, boxes", "scenarios", True
    suffix, media_type = ".json", "application/json"

    def __init__(self) -> None:
        super().__init__()
        self._images = self._annotations = 0

    def chunks(self, batches: Batches) -> Generator[bytes, None, None]:
        """Images as they come; their annotations wait in a temporary file, for they are a list of their own."""
        with SpooledTemporaryFile(IN_MEMORY_BYTES) as boxes:
            categories = [{"id": number, "name": label} for label, number in CATEGORY_IDS.items()]
            yield f'{{"info": {{"description": "semdrive export"}},\n"categories": {json.dumps(categories)}'.encode()
            yield b',\n"images": ['
            between = "\n"
            for batch in batches:
                lines = [json.dumps(image) for exported in batch for image in self._of(exported, boxes)]
                if lines:
                    yield (between + ",\n".join(lines)).encode()
                    between = ",\n"
            yield b'\n],\n"annotations": [\n'
            boxes.seek(0)
            yield from iter(lambda: boxes.read(IN_MEMORY_BYTES), b"")
            yield b"\n]}\n"

    def _of(self, exported: Exported, boxes: IO[bytes]) -> Iterator[dict[str, Any]]:
        """The frame's images; what was detected in them goes into `boxes`."""
        scenario, numbers = exported.known, {}
        for name, camera in scenario.frame.cameras.items():
            size = picture_size_px(camera)
            if size is None:
                self.left_out["pictures of unknown size"] += 1
                continue
            self._images += 1
            numbers[name] = self._images
            file_name = picture_name(exported.hit.token, name, camera.image)  # as the frames ZIP names it
            image = {"id": self._images, "file_name": file_name, "width": size[0], "height": size[1]}
            source = PurePath(camera.image).name
            yield {**image, "token": exported.hit.token, "camera": name, "scene": exported.hit.scene, "source": source}
        for detection in scenario.grounding.detections:
            self._add(detection, numbers.get(detection.camera), boxes)

    def _add(self, detection: Detection, image: int | None, boxes: IO[bytes]) -> None:
        if detection.box_xyxy_px is None:
            self.left_out["detections without a box"] += 1
            return
        if image is None:
            self.left_out["detections without a picture"] += 1
            return
        left, top, right, bottom = detection.box_xyxy_px
        width, height = right - left, bottom - top
        self._annotations += 1
        annotation = {
            "id": self._annotations,
            "image_id": image,
            "category_id": CATEGORY_IDS[detection.label],
            "bbox": [left, top, width, height],
            "area": width * height,
            "iscrowd": 0,
            "score": detection.confidence,
            "range_m": detection.range_m,
        }
        boxes.write(((",\n" if self._annotations > 1 else "") + json.dumps(annotation)).encode())
