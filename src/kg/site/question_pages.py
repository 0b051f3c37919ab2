"""The pages of questions: an answer for each choice, and its files to download."""

import re
import shlex
from collections.abc import Iterator

from kg.queries import ANY, Param
from kg.site.answer_files import AnswerFiles
from kg.site.answers import heading, read_answer
from kg.site.charts import chart
from kg.site.evidence import Evidence
from kg.site.pages import Site
from kg.site.questions import Answered, Question
from kg.site.words import in_claims
from kg.terms import expand

# Those who ask, the ones who know no query language first, and how they are spoken of.
_ROLES = {
    "policy team": "For policy teams",
    "analyst": "For analysts, besides",
    "data steward": "For data stewards, besides",
}
_SUGGESTED = 5  # other choices that a page without rows offers


def write_questions(site: Site, asked: list[Question]) -> None:
    """Write the list of questions, and a page with files for every answer.

    A server answers questions when they are asked, with any value: it has the list alone.
    """
    site.page("questions.html", "questions", "Questions", asked_by=_by_role(asked), roles=_ROLES)
    site.copy(["questions.css", "table.js"])
    if site.served:
        return
    made = AnswerFiles(site)
    for question in asked:
        more = {"question": question, "defaults": list(_defaults(question, site.evidence))}
        title = question.asked
        if question.address not in [answered.address for answered in question.answers]:
            about = in_claims(question.query.description)
            site.page(question.address, "question", title, answered=None, about=about, **more)
        others = sorted((a for a in question.answers if a.rows), key=lambda a: -len(a.rows))
        for answered in question.answers:
            answer = read_answer(answered, site.evidence, site.store)
            site.page(
                answered.address,
                "question",
                f"{answered.label}: {title}" if answered.label else title,
                answered=answered,
                answer=answer,
                about=told_about(answered),
                drawn=chart(question.query.view, answer),
                files=made.write(answered, answer),
                command=_command(question, answered),
                others=others[:_SUGGESTED],
                **more,
            )


def _by_role(asked: list[Question]) -> dict[str, list[Question]]:
    """Put each question once, with the first of the roles that ask it."""
    found: dict[str, list[Question]] = {role: [] for role in _ROLES}
    for question in asked:
        role = next((role for role in _ROLES if role in question.query.users), "analyst")
        found[role].append(question)
    return found


def told_about(answered: Answered) -> str:
    """Give what is said of a question, its columns called as its page calls them."""
    return re.sub(
        rf"\b({'|'.join(name for name in answered.table.columns if not name.islower()) or '$^'})\b",
        lambda found: f"“{heading(found[1])}”",
        in_claims(answered.query.description),
    )


def _defaults(question: Question, evidence: Evidence) -> Iterator[tuple[str, str]]:
    """Tell what the parameters that a page gives no choice of are asked with."""
    for param in question.query.params:
        if param is not question.param:
            values = [_called(param, value, evidence) for value in param.default.split()]
            yield in_claims(param.label.partition(":")[0]), ", ".join(values)


def _called(param: Param, value: str, evidence: Evidence) -> str:
    if param.choices_from and value != ANY:
        return evidence.label(expand(value))
    return {"true": "yes", "false": "no"}.get(value, value)


def _command(question: Question, answered: Answered) -> str:
    """The command that gives this answer, with every parameter that could be another."""
    words = ["kg", "query", "run", question.query.id]
    for param in question.query.params:
        chosen = [answered.choice or ANY] if param is question.param else param.default.split()
        for value in chosen:
            words += ["-p", f"{param.name}={value}"]
    return shlex.join(words)
