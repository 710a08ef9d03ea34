import unittest

from app import admin, api, jobs, report
from app.users import fetch_user


class Users(unittest.TestCase):
    def test_all(self):
        self.assertEqual(fetch_user("ada"), api.get("ada"))
        self.assertEqual(jobs.run(["bob"]), ["user"])
        self.assertTrue(admin.is_admin("ada"))
        self.assertEqual(report.report("ada"), "ada of 1")
