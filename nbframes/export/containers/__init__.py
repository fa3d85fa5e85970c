"""What upstream files are wrapped in: bz2, TFRecord, protobuf, torch, pickles."""
