"""What others measured on the architectures of a benchmark: published tables, read and attached to it."""

from nbframes.attachments.attach import attach
from nbframes.attachments.description import TEMPLATE, read_description
from nbframes.attachments.imported import import_table

__all__ = ["TEMPLATE", "attach", "import_table", "read_description"]
