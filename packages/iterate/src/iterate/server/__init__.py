"""The per-user server: one socket, one gate, one instance. Starting it is `daemon`'s business."""
