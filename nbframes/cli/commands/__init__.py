"""One command of the command line a file: SUMMARY, EXAMPLES, add_arguments(parser), run(options) -> exit code."""
