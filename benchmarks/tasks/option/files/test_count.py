import unittest

import count


class Count(unittest.TestCase):
    def test_order(self):
        self.assertEqual(count.counted("b a b"), [("b", 2), ("a", 1)])
