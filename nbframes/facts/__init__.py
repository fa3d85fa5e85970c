"""Numbers that were published about the official files, and whether a store has them.

The numbers come from the outputs of the official notebooks, from READMEs and from papers, each with its source; none was
computed from a file. An export of the official file that reproduces them all was read rightly, whatever the file says of itself.
"""

from nbframes.facts.check import FACTS, check_facts, verdict

__all__ = ["FACTS", "check_facts", "verdict"]
