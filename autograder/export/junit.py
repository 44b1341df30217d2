"""JUnit XML, as continuous integration servers read it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from xml.etree import ElementTree as ET

from autograder.results import ExerciseResult, SubmissionResult, number

# What XML 1.0 cannot hold at all, not even as a reference.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_files(results: Sequence[SubmissionResult]) -> Mapping[str, str]:
    """Makes ``junit.xml``: a suite for each submission, a case for each exercise."""
    suites = [_suite(result) for result in results]
    root = ET.Element("testsuites", _totals(suites, sum(r.seconds for r in results)))
    root.extend(suites)
    ET.indent(root)
    text = ET.tostring(root, encoding="unicode")
    return {"junit.xml": f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'}


def _suite(result: SubmissionResult) -> ET.Element:
    name = xml_text(f"{result.assignment}/{result.student}")
    cases = [_case(name, exercise) for exercise in result.exercises]
    counts = {
        "tests": str(len(cases)),
        "failures": str(sum(case.find("failure") is not None for case in cases)),
        "errors": str(sum(case.find("error") is not None for case in cases)),
        "skipped": str(sum(case.find("skipped") is not None for case in cases)),
    }
    suite = ET.Element("testsuite", {"name": name, **counts, "time": str(number(result.seconds))})
    properties = ET.SubElement(suite, "properties")
    values = {
        "score": str(number(result.score)),
        "max_score": str(number(result.max_score)),
        "isolation": result.isolation,
    }
    for key, value in values.items():
        ET.SubElement(properties, "property", {"name": key, "value": xml_text(value)})
    suite.extend(cases)
    if result.repairs:
        ET.SubElement(suite, "system-out").text = xml_text("\n".join(result.repairs))
    return suite


def _case(suite: str, exercise: ExerciseResult) -> ET.Element:
    name = xml_text(exercise.id)
    case = ET.Element("testcase", {"classname": suite, "name": name, "time": "0"})
    if exercise.status == "passed":
        return case
    if exercise.status == "manual":
        ET.SubElement(case, "skipped", {"message": "graded by hand"})
        return case
    tag = "error" if exercise.status in ("error", "timeout") else "failure"
    message = xml_text(exercise.message)
    kind = xml_text(exercise.diagnosis or exercise.status)
    points = f"{number(exercise.score)} of {number(exercise.max_score)} points"
    details = [points, *(f"{c.name}: {c.message}" for c in exercise.checks if not c.passed)]
    fault = ET.SubElement(case, tag, {"message": message, "type": kind})
    fault.text = xml_text("\n".join(details))
    return case


def _totals(suites: Sequence[ET.Element], seconds: float) -> dict[str, str]:
    def total(key: str) -> str:
        return str(sum(int(suite.get(key, "0")) for suite in suites))

    keys = ("tests", "failures", "errors", "skipped")
    return {**{key: total(key) for key in keys}, "time": str(number(seconds))}


def xml_text(text: str) -> str:
    """Gives ``text`` with the characters that XML forbids as escapes."""
    return _FORBIDDEN.sub(lambda m: m[0].encode("unicode_escape").decode("ascii"), text)
