"""Reads rows of comma-separated values, RFC 4180."""


def parse(line):
    """The fields of one line. A field in quotes may hold commas, and quotes written twice."""
    fields = []
    field = ""
    quoted = False
    for sign in line:
        if sign == '"':
            quoted = not quoted
        elif sign == ",":
            fields.append(field)
            field = ""
        else:
            field += sign
    return fields
