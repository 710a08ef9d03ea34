from app.users import fetch_user


def get(name):
    return fetch_user(name)
