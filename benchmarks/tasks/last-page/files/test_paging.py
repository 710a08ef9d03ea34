import unittest

import paging


class Pages(unittest.TestCase):
    def test_full_pages(self):
        self.assertEqual(paging.page([1, 2, 3, 4], 2, 2), [3, 4])

    def test_last_page(self):
        self.assertEqual(paging.page([1, 2, 3], 2, 2), [3])

    def test_behind_the_end(self):
        with self.assertRaises(IndexError):
            paging.page([1, 2], 2, 2)


if __name__ == "__main__":
    unittest.main()
