"""Files of activity data in bulk: checked by the domain's rules, at the speed of the file; given back marked."""

from inventory.importing.checking import check
from inventory.importing.marking import mark
from inventory.importing.template import TemplateFor, template
from inventory.importing.uploads import Uploads

__all__ = ["TemplateFor", "Uploads", "check", "mark", "template"]
