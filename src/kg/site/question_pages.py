"""The pages of questions: an answer for each choice, and its files to download."""

from kg.queries import USERS
from kg.results import render
from kg.site.pages import Site
from kg.site.questions import Question


def write_questions(site: Site, asked: list[Question]) -> None:
    """Write the list of questions, and a page with files for every answer."""
    asked_by = {user: [q for q in asked if user in q.query.users] for user in USERS}
    site.page("questions.html", "questions", "Questions", asked_by=asked_by)
    for question in asked:
        title = question.query.question
        first = f"question/{question.query.id}.html"
        if first not in [answer.address for answer in question.answers]:
            site.page(first, "question", title, question=question, answer=None)
        for answer in question.answers:
            site.page(answer.address, "question", title, question=question, answer=answer)
            for form in ("csv", "json"):
                content = render(answer.table, form)
                site.write(f"{answer.address.removesuffix('html')}{form}", content)
