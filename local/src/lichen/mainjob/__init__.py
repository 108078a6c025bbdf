"""The main job on the sample Secretariat: from meter reading to published neutrality statement, through the gateway."""

from lichen.mainjob.context import Context, StepFailed
from lichen.mainjob.steps import run

__all__ = ["Context", "StepFailed", "run"]
