"""Where a person's keys and passwords lie: a command without the network has no use for them, and does not see them."""

from pathlib import Path

# Folders and files below the home. Of a folder everything is hidden.
PLACES = (
    ".ssh", ".aws", ".azure", ".gnupg", ".kube", ".docker", ".password-store", ".netrc", "_netrc", ".npmrc", ".pypirc",
    ".pgpass", ".my.cnf", ".git-credentials", ".config/git/credentials", ".config/gcloud", ".config/gh", ".config/hub",
    ".config/glab-cli", ".config/doctl", ".config/rclone", ".config/op", ".config/sops", ".config/pypoetry/auth.toml",
    ".cargo/credentials", ".cargo/credentials.toml", ".gem/credentials", ".terraform.d/credentials.tfrc.json",
    ".vault-token", ".local/share/keyrings", ".mozilla", ".config/google-chrome", ".config/chromium",
    ".config/BraveSoftware", ".thunderbird", "Library/Keychains",
)  # fmt: skip


def places(home: str, root: Path) -> tuple[Path, ...]:
    """Those that are there and do not hold the project; links lead where they lead."""
    if not home.startswith("/"):
        return ()
    found = [(Path(home) / each).resolve() for each in PLACES if (Path(home) / each).exists()]
    return tuple(dict.fromkeys(each for each in found if not root.is_relative_to(each)))
