"""The tools that a model may call. `tool.py` says what one is; the table of them is in `table.py`."""
