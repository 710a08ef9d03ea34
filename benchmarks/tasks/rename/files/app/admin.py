import app.users

HANDLERS = {"show": app.users.fetch_user}


def is_admin(name):
    return HANDLERS["show"](name)["role"] == "admin"
