import unittest

from rows import parse


class Rows(unittest.TestCase):
    def test_plain(self):
        self.assertEqual(parse("a,b,c"), ["a", "b", "c"])

    def test_comma_in_quotes(self):
        self.assertEqual(parse('a,"b,c"'), ["a", "b,c"])

    def test_quotes_in_quotes(self):
        self.assertEqual(parse('"say ""hi""",b'), ['say "hi"', "b"])
