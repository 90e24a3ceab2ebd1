#!/usr/bin/env python3
"""Makes the corpora and the questions of the retrieval benchmark from Debian's packages: `corpus.py FOLDER`.

The questions are those that people wrote: the headings of the Debian FAQ, in English and in its Chinese translation, and of Python's
FAQ. Each is answered by the section under it. So that nothing is found by its own heading, every heading of a FAQ is replaced
by a number, and tables of contents and the texts of references to other sections, which repeat headings, are left out. What
else is in a corpus is left as it is, and is there to be confused with: the Debian Reference, Python's and PostgreSQL's manuals.

Without an answer are the questions of the Debian FAQ where all of Debian's documents are left out, and those of Python's FAQ
where all of Python's are.
"""

import html
import json
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

PACKAGES = (
    "debian-faq",
    "debian-faq-zh-cn",
    "debian-reference-en",
    "debian-reference-zh-cn",
    "debian-edu-doc-zh-cn",
    "maint-guide-zh-cn",
    "postgresql-doc-15",
    "python3.11-doc",
)
# The pages of each corpus: where they are in the packages, and what they are about.
PAGES = {
    "en": (
        ("doc/debian/FAQ/*.en.html", "debian"),
        ("debian-reference/*.en.html", "debian"),
        ("doc/python3.11/html/faq/*.html", "python"),
        ("doc/python3.11/html/tutorial/*.html", "python"),
        ("doc/python3.11/html/howto/*.html", "python"),
        ("doc/postgresql-doc-15/html/tutorial-*.html", "postgresql"),
        ("doc/postgresql-doc-15/html/ddl-*.html", "postgresql"),
        ("doc/postgresql-doc-15/html/queries-*.html", "postgresql"),
        ("doc/postgresql-doc-15/html/datatype-*.html", "postgresql"),
        ("doc/postgresql-doc-15/html/functions-*.html", "postgresql"),
        ("doc/postgresql-doc-15/html/indexes-*.html", "postgresql"),
        ("doc/postgresql-doc-15/html/runtime-config-*.html", "postgresql"),
    ),
    "zh": (
        ("doc/debian/FAQ/zh-cn/*.zh-cn.html", "debian"),
        ("debian-reference/*.zh-cn.html", "debian"),
        ("doc/debian-edu-doc-zh-cn/debian-edu-bookworm-manual.html", "edu"),
        ("doc/maint-guide-zh-cn/html/*.html", "maint"),
    ),
}
FAQ = ("doc/debian/FAQ/", "doc/python3.11/html/faq/")
# Pages that are lists of others.
NO_PAGES = re.compile(r"(^|/)(index|genindex.*|contents|toc)\.")
# Parts of pages that repeat headings, or are there to find one's way.
LEFT_OUT_CLASSES = {"toc", "contents", "navheader", "navfooter", "related", "sphinxsidebar", "headerlink", "xref", "footer"}
LEFT_OUT = {"nav", "script", "style", "head"}
VOID = {"br", "img", "hr", "input", "meta", "link", "col", "area", "base", "wbr"}
# Letters of a section under its own heading that make it an answer.
ANSWER_LETTERS_MIN = 60


class Faq(HTMLParser):
    """Reads a page of questions: numbers stand where its headings stood, which are its questions."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.page = []
        self.open = []
        self.left_out = 0
        self.heading = None
        self.questions = {}
        self.letters = {}

    def handle_starttag(self, tag, attributes):
        classes = set((dict(attributes).get("class") or "").split())
        leaves_out = tag in LEFT_OUT or bool(classes & LEFT_OUT_CLASSES and "literal" not in classes)
        if tag in VOID:
            return
        self.open.append((tag, leaves_out))
        self.left_out += leaves_out
        if re.fullmatch("h[1-6]", tag):
            self.heading = ""
        if not self.left_out:
            self.page.append(f"<{tag}>")

    def handle_endtag(self, tag):
        if tag not in [name for name, _ in self.open]:
            return
        while True:
            name, leaves_out = self.open.pop()
            if re.fullmatch("h[1-6]", name) and self.heading is not None and not self.left_out:
                self.end_heading(name)
            if not self.left_out:
                self.page.append(f"</{name}>")
            self.left_out -= leaves_out
            if name == tag:
                return

    def end_heading(self, name):
        heading = re.sub(r"\s+", " ", self.heading).strip()
        self.heading = None
        heading = re.sub(r"^[\d.]+\s*", "", heading)
        if name == "h1":
            self.page.append(html.escape(heading))
            return
        number = len(self.questions) + 1
        self.questions[number] = heading
        self.letters[number] = 0
        self.page.append(f"§ {number}")

    def handle_data(self, data):
        if self.left_out:
            return
        if self.heading is not None:
            self.heading += data
            return
        if self.questions:
            self.letters[len(self.questions)] += sum(letter.isalnum() for letter in data)
        self.page.append(html.escape(data))

    def answered(self):
        """The questions of the page, with the number of the section that answers each."""
        return [
            (number, question)
            for number, question in self.questions.items()
            if question.endswith(("?", "？", "?!", "？！")) and self.letters[number] >= ANSWER_LETTERS_MIN
        ]


def main():
    if len(sys.argv) != 2:
        raise SystemExit("corpus.py FOLDER")
    folder = Path(sys.argv[1])
    packages = unpack(folder / "packages")
    for language, pages in PAGES.items():
        make(packages, folder / language, pages)


def unpack(folder):
    """The packages' files, fetched once."""
    share = folder / "files" / "usr" / "share"
    if (folder / "complete").exists():
        return share
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    subprocess.run(["apt-get", "-q", "download", *PACKAGES], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    fetched = sorted(path.name for path in folder.glob("*.deb"))
    for name in fetched:
        subprocess.run(["dpkg", "-x", name, "files"], cwd=folder, check=True)
    (folder / "complete").write_text("\n".join(fetched) + "\n")
    return share


def make(packages, folder, patterns):
    """One corpus: its pages, what each is about, and the questions."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    subjects, questions = {}, []
    for pattern, subject in patterns:
        for path in sorted(packages.glob(pattern)):
            place = path.relative_to(packages).as_posix()
            if NO_PAGES.search(place) or path.is_symlink():
                continue
            name = place.replace("/", "-")
            text = path.read_text(encoding="utf-8")
            if place.startswith(FAQ):
                page = Faq()
                page.feed(text)
                page.close()
                text = f"<!doctype html><html><body>{''.join(page.page)}</body></html>"
                for number, question in page.answered():
                    asked = {"question": question, "document": name, "section": f"§ {number}", "about": subject}
                    questions.append(asked)
            subjects[name] = subject
            (folder / name).write_text(text, encoding="utf-8")
    write(folder / "subjects.json", subjects)
    write(folder / "questions.json", questions)
    print(f"{folder.name}: {len(subjects)} pages, {len(questions)} questions")


def write(path, data):
    path.write_text(json.dumps(data, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
