"""Files of activity data in bulk: checked by the domain's rules, at the speed of the file; given back marked."""

from inventory.importing.checking import check
from inventory.importing.running import ProblemFound, RunningCheck
from inventory.importing.uploads import Uploads

__all__ = ["ProblemFound", "RunningCheck", "Uploads", "check"]
