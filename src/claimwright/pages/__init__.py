"""Articles: text by people whose facts are bound to the book, and the lint of any text against it.

`read_article` and `parse_article` read our format, `check_facts` compares the bound facts with the book,
`check_article` is the whole lint of an article of ours, and `lint_text` judges any text.
"""

from claimwright.pages.article import AUDIENCES, KINDS, Article, Section, parse_article, read_article, shipped_articles
from claimwright.pages.bind import FactState, check_facts
from claimwright.pages.check import Problem, check_article
from claimwright.pages.desk import VERDICTS, Statement
from claimwright.pages.facts import Fact, facts_in, parse_fact, with_facts
from claimwright.pages.lint import TextReport, lint_article, lint_text
from claimwright.pages.references import ArticleCitation, Reference, resolve
from claimwright.pages.source import Source

__all__ = [
    "AUDIENCES",
    "KINDS",
    "VERDICTS",
    "Article",
    "ArticleCitation",
    "Fact",
    "FactState",
    "Problem",
    "Reference",
    "Section",
    "Source",
    "Statement",
    "TextReport",
    "check_article",
    "check_facts",
    "facts_in",
    "lint_article",
    "lint_text",
    "parse_article",
    "parse_fact",
    "read_article",
    "resolve",
    "shipped_articles",
    "with_facts",
]
