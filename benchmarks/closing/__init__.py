"""Months made up with known causes of drift, and how well the close names them.

A case is what a finance partner holds at month-end: the usage that Outlay recorded (native JSONL) and the provider's
invoice, in one of the provider's formats or in FOCUS. Between a true month of calls and these two files, causes from the
drift table are planted, each with the nanos by which it moves the gap. Nothing here knows how the close looks for them.
"""
