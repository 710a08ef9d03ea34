from app.users import fetch_user as user_of, prefetch_users


def report(name):
    return f"{user_of(name)['name']} of {len(prefetch_users([name]))}"
