"""What others measured on the architectures of a benchmark: published tables, read and attached to it."""

from nbframes.export.attachments.attach import attach
from nbframes.export.attachments.description import TEMPLATE, read_description
from nbframes.export.attachments.imported import import_table

__all__ = ["TEMPLATE", "attach", "import_table", "read_description"]
