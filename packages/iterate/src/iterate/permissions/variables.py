"""Which variables of bash mean something of their own, and which commands give variables a value."""

import re

# Variables that change how the shell itself reads or finds what comes after.
SHELL_VARIABLES = re.compile(
    r"IFS|PS4|PATH|ENV|CDPATH|HOME|OLDPWD|PWD|GLOBIGNORE|EXECIGNORE|POSIXLY_CORRECT|BASH\w*|LD_\w+"
)
# Variables that the shell sets itself, whatever it was given.
DYNAMIC = re.compile(
    r"PWD|OLDPWD|SHLVL|_|RANDOM|SRANDOM|SECONDS|LINENO|E?UID|PPID|BASH\w*|FUNCNAME|GROUPS|HOST\w+|MACHTYPE|OSTYPE|OPT\w+"
    r"|PIPESTATUS|REPLY|SHELLOPTS|COLUMNS|LINES|DIRSTACK|EPOCH\w+|HISTCMD|IFS|COPROC\w*|MAPFILE"
)
# Commands that give variables a value.
SETTERS = re.compile(r"\b(?:read|mapfile|readarray|getopts|printf|local|wait|declare|typeset|coproc)\b")
# Names of variables that hold keys and passwords.
SECRET_NAME = re.compile(r"KEY|TOKEN|SECRET|PASSW|PASSPHRASE|CREDENTIAL|_AUTH|_PAT$|DSN|COOKIE", re.IGNORECASE)
