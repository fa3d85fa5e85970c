"""``python -m nbframes``."""

from __future__ import annotations

import sys

from nbframes.cli import main

sys.exit(main())
