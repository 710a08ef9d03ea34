"""The build stamp: four strings that a release overwrites in its copy of the source before compiling it."""

VERSION = "0.0.0-source"
CHANNEL = "source"
COMMIT = ""
TARGET = "source"
