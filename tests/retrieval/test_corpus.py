"""The questions of the benchmark, and what of their pages is left to be searched."""

import unittest

from corpus import Faq
from threshold import threshold_table

PAGE = """<html><head><title>A title</title></head><body><div class="toc"><a href="#a">1.1. What is it?</a></div>
<h1>Chapter 1. Basics</h1><h2><a id="a"></a>1.1. What is
it?<a class="headerlink">¶</a></h2><p>An operating system &amp; a community of people who made it together, for everybody.</p>
<h3>Notes</h3><p>See <a class="xref">Section 1.1, “What is it?”</a>, and <code class="xref literal">dpkg</code><br> for more.</p>
<h2>Why?</h2><p>Yes.</p></body></html>"""


class FaqTest(unittest.TestCase):
    def setUp(self):
        self.page = Faq()
        self.page.feed(PAGE)
        self.page.close()

    def test_a_heading_that_asks_is_a_question_if_its_section_says_something(self):
        self.assertEqual(self.page.answered(), [(1, "What is it?")])

    def test_no_question_is_left_in_the_page_and_everything_else_is(self):
        text = "".join(self.page.page)
        self.assertNotIn("What is", text)
        self.assertNotIn("A title", text)
        for left in ("Chapter 1. Basics", "§ 1", "§ 2", "operating system &amp; a community", "dpkg", "for more"):
            self.assertIn(left, text)


class ThresholdTest(unittest.TestCase):
    def test_a_threshold_takes_what_reaches_it_for_answered(self):
        asked = [
            {"known": [[0.2, 0.1, 0.3], [0.5, 0.0, 0.5]], "unknown": [[0.1, 0.0, 0.1]]},
            {"known": [[0.1, 0.1, 0.15]], "unknown": []},
        ]
        rows = threshold_table(asked).splitlines()
        self.assertIn("| 0.10 | 1.000 | 0.500 |", rows)
        self.assertIn("| 0.50 | 0.500 | 0.000 |", rows)


if __name__ == "__main__":
    unittest.main()
