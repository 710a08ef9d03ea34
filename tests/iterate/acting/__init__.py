"""The whole program on a stage: its loop, keys, screen and modes are real, the clock and the server are not."""
