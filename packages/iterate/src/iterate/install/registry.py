"""The user's PATH on Windows, where it lies in the registry: our folder is taken out of it. Never run so far."""

import sys
from pathlib import Path

if sys.platform == "win32":
    import winreg

    def forget(link: Path) -> None:
        """Take the folders below the junction out of the user's PATH; the rest stays as it is spelt."""
        with winreg.OpenKey(winreg.HKEY_CURRENT_USER, "Environment", 0, winreg.KEY_READ | winreg.KEY_WRITE) as key:
            try:
                value, kind = winreg.QueryValueEx(key, "Path")
            except FileNotFoundError:
                return
            kept = [each for each in value.split(";") if not _is_below(winreg.ExpandEnvironmentStrings(each), link)]
            # Variables in it stay variables, because its kind stays.
            winreg.SetValueEx(key, "Path", 0, kind, ";".join(kept))

    def _is_below(entry: str, link: Path) -> bool:
        return bool(entry) and Path(entry.strip('"')).is_relative_to(link)
