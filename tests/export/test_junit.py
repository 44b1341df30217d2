"""The JUnit file keeps to its schema and is read by another program's parser."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.export import export
from autograder.export.junit import junit_files
from autograder.results import SubmissionResult
from tests.export.sample import EXERCISES, submission

xmlschema: Any = pytest.importorskip("xmlschema")
JUNIT_SCHEMA = xmlschema.XMLSchema(str(Path(__file__).with_name("junit.xsd")))


def test_junit_is_read_by_junitparser(tmp_path: Path, results: Sequence[SubmissionResult]) -> None:
    junitparser = pytest.importorskip("junitparser")
    (path,) = export(results, "junit", tmp_path)
    suites = list(junitparser.JUnitXml.fromfile(str(path)))
    assert len(suites) == len(results)
    bob = next(suite for suite in suites if suite.name == "part_a/bob")
    assert (bob.tests, bob.failures, bob.errors, bob.skipped, bob.time) == (6, 2, 2, 1, 1.25)
    kinds = [[type(entry).__name__ for entry in case.result] for case in bob]
    assert kinds == [["Failure"], ["Skipped"], [], ["Error"], ["Error"], ["Failure"]]
    first = next(iter(bob)).result[0]
    assert (first.type, first.message) == ("alpha-bar-without-root", "Too strong.")
    assert first.text == "2 of 5 points\nnoise: Too strong."


def test_junit_is_valid_by_its_schema(tmp_path: Path, results: Sequence[SubmissionResult]) -> None:
    """The file of a class, one of nobody, and what is not valid: the schema tells them apart."""
    (path,) = export(results, "junit", tmp_path)
    JUNIT_SCHEMA.validate(str(path))
    JUNIT_SCHEMA.validate(junit_files([])["junit.xml"])
    text = path.read_text("utf-8")
    spoiled = {
        'skipped="1"': 'skipped="some"',
        "<failure ": "<fault ",
        ' tests="6"': "",
        'time="1.25"': 'time="-1"',
        'name="a1_1_forward"': 'name=""',
    }
    for old, new in spoiled.items():
        assert old in text
        bad = text.replace(old, new).replace(
            "</failure>", "</fault>" if "fault" in new else "</failure>"
        )
        assert not JUNIT_SCHEMA.is_valid(bad)


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=20), st.text(max_size=20))
def test_junit_is_well_formed_whatever_it_says(name: str, message: str) -> None:
    exercise = replace(EXERCISES[0], message=message)
    result = replace(submission(name), exercises=(exercise,), repairs=(message,))
    text = junit_files([result])["junit.xml"]
    JUNIT_SCHEMA.validate(text)
    root = ET.fromstring(text.encode("utf-8"))
    assert root.get("tests") == "1"
    failure = root.find("testsuite/testcase/failure")
    assert failure is not None
    if message.isprintable():
        assert failure.get("message") == message
