"""What is shown of objects: text and HTML of frames, tables for papers, bars of progress."""
