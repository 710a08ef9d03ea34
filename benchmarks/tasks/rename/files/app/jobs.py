from app import users


def run(names):
    return [users.fetch_user(name)["role"] for name in names]
