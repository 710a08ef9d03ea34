"""Users, by name."""

USERS = {"ada": {"name": "ada", "role": "admin"}, "bob": {"name": "bob", "role": "user"}}


def fetch_user(name):
    """The user of that name."""
    return USERS[name]


def prefetch_users(names):
    """Many users at once."""
    return [fetch_user(name) for name in names]
